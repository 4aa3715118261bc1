"""A file that a daemon left becomes what a cluster knows: all of it, once, and whatever is killed."""

import asyncio
import hashlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import clickhouse_engine

clickhouse_engine.need()  # before what imports the driver

from monitor.history.answers import Selection
from monitor.history.rollups import HOUR_MS
from monitor.store.clickhouse.client import Client
from monitor.store.cluster import ClusterStore
from monitor.store.cluster_moving import Moving, Verified, opened
from monitor.store.lock import locked
from monitor.store.moving_source import TABLES, Source
from monitor.store.ports import AuditSearch, Erased, Lacking, OutboxSearch, Search, StoreFailed, Wanted
from tests import clusters
from tests.builders import BOB, NOW_MS, ROOM
from tests.daemon_process import environment, write_config
from tests.history_elsewhere import UNSYNCED
from tests.judging import fired
from tests.moved import (
    BEGAN_MS,
    LATEST_SEQ,
    change,
    is_same,
    left_behind,
    of_history,
    of_now,
    posted,
    told_of_history,
    told_of_now,
    untold,
)
from tests.moving_process import killed
from tests.stored import as_told

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.clickhouse, pytest.mark.cluster]

ELSEWHERE = {"chunks", "series", "rollups", "checkpoint"}  # tables that are no rows in PostgreSQL


@pytest.fixture
async def moving(address: str, engine: clickhouse_engine.Engine) -> AsyncIterator[Moving]:
    async with opened(address, clusters.address(engine.port), UNSYNCED) as both:
        yield both


@pytest.fixture
async def store(moving: Moving, address: str, engine: clickhouse_engine.Engine) -> AsyncIterator[ClusterStore]:
    found = await clusters.connect(address, engine.port)
    yield found
    await found.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roomwatch.db"


@pytest.fixture
async def rooms(file: Path) -> list[str]:
    return await left_behind(file)


def digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


# --- copy -------------------------------------------------------------------------------------------------


async def test_what_is_copied_is_told_by_the_cluster_as_by_the_file(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    expected = await of_now(file)
    await moving.copy(file, untold)
    found = await told_of_now(store)
    for what, told in expected.items():
        assert found[what] == told, what
    assert len(expected["calls"]) == 3
    assert all(expected.values())


async def test_every_table_of_a_file_is_copied_or_is_history(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    with Source.opened(file) as source:
        tables = {name for (name,) in source._reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert {name for name in tables if not name.startswith("sqlite_")} == {*TABLES, *ELSEWHERE}
    copied = await moving.copy(file, untold)
    assert [table for table in TABLES if not copied.rows[table]] == []


async def test_the_file_is_left_as_it_was(moving: Moving, file: Path, rooms: list[str]) -> None:
    before = digest(file)
    await moving.copy(file, untold)
    await moving.backfill(file, untold)
    assert digest(file) == before


async def test_a_post_that_the_daemon_had_is_a_repeat_also_where_it_came_after_the_picture_was_saved(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    log_id = await store.log.last_id()
    assert await store.log.append([posted(1, 20.0), posted(LATEST_SEQ, 40.0)], NOW_MS) == [None, None]
    assert await store.log.append([posted(2, 50.0)], NOW_MS) == [log_id + 1]


async def test_an_attempt_that_was_under_way_is_taken_over_and_may_have_been_heard(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    assert await store.alerts.take_over(NOW_MS / 1000 + 5) == 1
    (owed,) = await store.alerts.due(NOW_MS / 1000 + 60, 10)
    assert owed.maybe_heard


async def test_numbers_go_on_where_the_file_ended(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    ((last, entry), *_) = await store.audit.find(AuditSearch())
    assert await store.audit.add(entry) == last + 1
    another, _ = fired(f"{ROOM}/{BOB}", at=NOW_MS / 1000)
    await store.alerts.record(another)
    assert [each.seq for each in await store.alerts.notifications(OutboxSearch())] == [2, 1]


async def test_a_copy_that_was_killed_has_left_nothing_and_is_done_anew(
    moving: Moving,
    store: ClusterStore,
    address: str,
    engine: clickhouse_engine.Engine,
    file: Path,
    rooms: list[str],
) -> None:
    await asyncio.to_thread(killed, address, engine.port, file, "copy", "rows")
    assert (await store.picture.load()).rooms == []
    copied = await moving.copy(file, untold)
    assert not copied.is_old
    assert (await told_of_now(store)) == await of_now(file)


async def test_a_copy_that_is_done_is_not_done_again(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    await store.log.append([posted(2, 50.0)], NOW_MS)
    assert (await moving.copy(file, untold)).is_old


async def test_a_cluster_that_has_something_of_its_own_is_refused(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await store.secrets.secret("links", b"another secret")
    with pytest.raises(StoreFailed, match="nothing of its own, got rows in secrets; nothing was copied"):
        await moving.copy(file, untold)
    assert (await store.picture.load()).rooms == []


async def test_a_clickhouse_in_which_something_is_is_refused(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    (log_id,) = await store.log.append([posted(2, 50.0)], NOW_MS)
    await store.picture.save([], log_id or 0)
    await store.samples.settle(NOW_MS, 0, as_told)
    with pytest.raises(StoreFailed, match="expected nothing in it, got 1 rows in series"):
        await moving.copy(file, untold)


async def test_a_file_that_a_daemon_has_is_refused(moving: Moving, file: Path, rooms: list[str]) -> None:
    with locked(file), pytest.raises(StoreFailed, match="stop that daemon first"):
        await moving.copy(file, untold)


# --- backfill ---------------------------------------------------------------------------------------------


async def test_history_is_told_by_the_cluster_as_by_the_file(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    expected = await of_history(file, rooms)
    await moving.copy(file, untold)
    assert is_same(await moved(moving, file))
    found = await told_of_history(store, rooms)
    for what, told in expected.items():
        assert found[what] == told, what
    assert all(expected.values())


async def moved(moving: Moving, file: Path) -> Verified:
    await moving.backfill(file, untold)
    return await moving.verify(file, 0)


async def test_history_counts_once_beside_what_the_cluster_settles_meanwhile(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    expected = await of_history(file, rooms)
    await moving.copy(file, untold)
    through = await store.log.last_id()
    await store.picture.save([], through)
    assert await store.samples.settle(NOW_MS, 0, as_told) > 0
    found = await moved(moving, file)
    assert found.differences == []
    assert await told_of_history(store, rooms) == expected


@pytest.mark.parametrize("where", ["rollups", "half", "samples", "unsaid"])
async def test_a_backfill_that_was_killed_goes_on_and_counts_nothing_twice(
    where: str,
    moving: Moving,
    store: ClusterStore,
    address: str,
    engine: clickhouse_engine.Engine,
    file: Path,
    rooms: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.store.moving_source.SAMPLES_A_PART", 700)
    monkeypatch.setattr("monitor.store.moving_source.ROLLUPS_A_PART", 5)
    expected = await of_history(file, rooms)
    await moving.copy(file, untold)
    await asyncio.to_thread(killed, address, engine.port, file, "backfill", where)
    found = await moving.verify(file, 0)
    assert (found.samples, found.rollups) == (None, None)
    assert is_same(await moved(moving, file))
    assert await told_of_history(store, rooms) == expected


async def test_until_all_history_is_there_answers_about_before_say_that_some_is_not_and_later_ones_do_not(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    by_hour = Selection("room", BEGAN_MS // HOUR_MS * HOUR_MS, NOW_MS // HOUR_MS * HOUR_MS + HOUR_MS)
    hour = by_hour.from_ms, by_hour.to_ms
    questions: list[Callable[[], Awaitable[object]]] = [
        lambda: store.samples.timeline(rooms[0], 0, NOW_MS, as_told),
        lambda: store.samples.timelines(rooms, 0, NOW_MS, as_told),
        lambda: every_line(store),
        lambda: store.rollups.attendance(by_hour, as_told),
        lambda: store.rollups.percentiles(by_hour, "rtt_ms", (0.5,), as_told),
        lambda: store.rollups.worst_rooms("rtt_ms", *hour, as_told),
        lambda: store.rollups.minutes("room", rooms[0], *hour, as_told),
        lambda: store.archive.search(Search("guest-0")),
    ]
    for question in questions:
        with pytest.raises(Lacking, match=r"is being carried from a file, .*: 0 of \d+ parts are there"):
            await question()
    later_ms = (int(time.time() * 1000) // HOUR_MS + 1) * HOUR_MS  # after the copy, which was just now
    assert await store.samples.timeline(rooms[0], later_ms, later_ms + 1, as_told) == []
    assert await store.rollups.attendance(Selection("room", later_ms, later_ms + HOUR_MS), as_told) == []
    assert await store.archive.search(Search(rooms[0], from_ms=later_ms)) == []
    await moving.backfill(file, untold)
    for question in questions:
        await question()


async def test_what_is_lacking_says_how_far_the_backfill_came(
    moving: Moving,
    store: ClusterStore,
    address: str,
    engine: clickhouse_engine.Engine,
    file: Path,
    rooms: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.store.moving_source.SAMPLES_A_PART", 700)
    await moving.copy(file, untold)
    await asyncio.to_thread(killed, address, engine.port, file, "backfill", "samples")
    with pytest.raises(Lacking, match=r": [1-9]\d* of \d+ parts are there") as lacking:
        await store.samples.timeline(rooms[0], 0, NOW_MS, as_told)
    assert isinstance(lacking.value.found, list)
    await moving.abandon(file)
    await store.samples.timeline(rooms[0], 0, NOW_MS, as_told)


async def every_line(store: ClusterStore) -> None:
    async with aclosing(store.samples.lines(Wanted(0, NOW_MS), as_told)) as lines:
        async for _ in lines:
            pass


async def test_a_file_that_was_written_to_since_is_refused(moving: Moving, file: Path, rooms: list[str]) -> None:
    await moving.copy(file, untold)
    change(file, "UPDATE checkpoint SET through = through + 1")
    for step in (moving.copy, moving.backfill):
        with pytest.raises(StoreFailed, match="got another file, or one that was written to since"):
            await step(file, untold)


async def test_nobody_is_erased_whom_history_would_bring_back(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    with pytest.raises(StoreFailed, match="`roomwatch backfill` first, or with --abandon; nothing was erased"):
        await store.erase(["guest-0"])
    await moving.abandon(file)
    assert isinstance(await store.erase(["guest-0"]), Erased)


# --- verify -----------------------------------------------------------------------------------------------


async def test_a_row_that_is_missing_or_another_one_is_found(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    await store._database.alone("DELETE FROM events WHERE id = 1")
    await store._database.alone("UPDATE silences SET ends_at_s = 1")
    found = await moving.verify(file, 0)
    said = [str(each) for each in found.differences]
    assert [each.partition(":")[0] for each in said] == ["events", "silences"]
    assert said[1] == "silences: 1 rows in the file, 1 rows of another content in the cluster"


async def test_rows_are_not_compared_once_a_replica_has_been_at_work(
    moving: Moving, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    await store.log.append([posted(2, 50.0)], NOW_MS)
    assert (await moving.verify(file, 0)).tables is None


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("ALTER TABLE media DELETE WHERE n = 7 SETTINGS mutations_sync = 1", "media of 20"),
        ("ALTER TABLE media UPDATE steps_rtt_ms = steps_rtt_ms + 1 WHERE n = 7 SETTINGS mutations_sync = 1", "not the"),
        ("ALTER TABLE levels DELETE WHERE n = 3 SETTINGS mutations_sync = 1", "levels of 20"),
        ("ALTER TABLE minutes DELETE WHERE scope = 'room' SETTINGS mutations_sync = 1", "minutes of 20"),
        ("ALTER TABLE sketches DELETE WHERE scope = 'room' SETTINGS mutations_sync = 1", "sketches of 20"),
    ],
)
async def test_history_that_is_missing_or_another_one_is_found(
    broken: str, said: str, moving: Moving, engine: clickhouse_engine.Engine, file: Path, rooms: list[str]
) -> None:
    await moving.copy(file, untold)
    await moving.backfill(file, untold)
    client = Client(clusters.address(engine.port))
    await client.command(broken)
    await client.close()
    found = await moving.verify(file, 0)
    assert found.differences
    assert all(said in str(each) for each in found.differences)


# --- by hand ----------------------------------------------------------------------------------------------


async def test_a_file_is_moved_by_hand(
    address: str, engine: clickhouse_engine.Engine, file: Path, rooms: list[str]
) -> None:
    told = {
        "postgres": address,
        "clickhouse": f"http://127.0.0.1:{engine.port}",
        "clickhouse_database": clusters.DATABASE,
    }
    config = write_config(file.with_name("cluster.toml"), {"cluster": told})

    async def run(*arguments: str) -> tuple[int, str]:
        command = (sys.executable, "-m", "monitor", *arguments, "--from", str(file), "--config", str(config))
        process = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    assert (await run("backfill"))[0] == 1
    code, said = await run("copy")
    assert (code, said.splitlines()[0].startswith(f"{file}: copied, ")) == (0, True), said
    assert await run("copy") == (0, f"{file}: it was copied before; nothing was changed\n")
    code, said = await run("verify")
    assert (code, "samples: not compared, since not all are carried yet" in said) == (0, True), said
    code, said = await run("backfill")
    assert (code, "samples and" in said) == (0, True), said
    code, said = await run("verify")
    assert (code, said.count("the same in the cluster")) == (0, 3), said
    change(file, "UPDATE checkpoint SET through = through + 1")
    assert (await run("verify"))[0] == 1

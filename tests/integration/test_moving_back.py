"""What a cluster has becomes the file of one daemon, which goes on from it: all of it, once, or there is no file."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import clickhouse_engine

clickhouse_engine.need()  # before what imports the driver

from monitor.on_record import recollected
from monitor.places import resolve
from monitor.store.cluster import ClusterStore
from monitor.store.cluster_moving import opened as opened_to_move
from monitor.store.cluster_returning import Returned, Returning, opened
from monitor.store.lines import Lines
from monitor.store.moving_source import TABLES
from monitor.store.ports import AuditEntry, AuditSearch, StoreFailed
from monitor.store.postgres.leases import PostgresLeases
from monitor.store.scopes import SCOPES
from monitor.store.sqlite import SqliteStore
from tests import clusters
from tests.builders import BOB, NOW_MS
from tests.daemon_process import environment, write_config
from tests.history_elsewhere import UNSYNCED
from tests.moved import (
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

LATER_MS = NOW_MS + 600_000


@pytest.fixture
async def returning(address: str, engine: clickhouse_engine.Engine) -> AsyncIterator[Returning]:
    async with opened(address, clusters.address(engine.port), UNSYNCED, SCOPES) as both:
        yield both


@pytest.fixture
async def rooms(address: str, engine: clickhouse_engine.Engine, tmp_path: Path) -> list[str]:
    """Move a file into the cluster; return the rooms of calls in it that are over."""
    old = tmp_path / "old.db"
    found = await left_behind(old)
    async with opened_to_move(address, clusters.address(engine.port), UNSYNCED) as moving:
        await moving.copy(old, untold)
        await moving.backfill(old, untold)
    return found


@pytest.fixture
async def store(rooms: list[str], address: str, engine: clickhouse_engine.Engine) -> AsyncIterator[ClusterStore]:
    found = await clusters.connect(address, engine.port)
    yield found
    await found.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new.db"


async def copied(returning: Returning, file: Path) -> Returned:
    live = await recollected(returning.store)
    return await returning.copy(file, partial(resolve, live), untold)


async def lived_on(store: ClusterStore) -> None:
    """Take telemetry that is settled, telemetry that is sealed and in ClickHouse in part, and some in the log."""
    (through,) = await store.log.append([posted(4, 50.0, 60.0)], LATER_MS)
    await store.picture.save([], through or 0)
    assert await store.samples.settle(LATER_MS, 0, as_told) > 0
    (through,) = await store.log.append([posted(5, 70.0, by=BOB)], LATER_MS)
    await store.picture.save([], through or 0)
    await killed_while_settling(store)
    await store.log.append([posted(6, 80.0)], LATER_MS)
    await store.audit.add(AuditEntry(LATER_MS, "ana", "operator", "api", "", "POST /api/v1/silences"))


async def killed_while_settling(store: ClusterStore) -> None:
    """Put a segment down, and do not come to say so."""
    segment = await store._segments.next_segment(LATER_MS)
    assert segment is not None
    lines = Lines()
    for batch in segment.batches:
        lines.add(batch)
    await store._history.samples._put_down(list(lines.take(as_told)), segment.number)


# --- copy -------------------------------------------------------------------------------------------------


async def test_what_a_cluster_has_is_told_by_the_file_as_by_the_cluster(
    returning: Returning, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await lived_on(store)
    now, history = await told_of_now(store), await told_of_history(store, rooms)
    await copied(returning, file)
    found, of_file = await of_now(file), await of_history(file, rooms)
    for what, told in now.items():
        assert found[what] == told, what
    for what, told in history.items():
        assert of_file[what] == told, what
    assert all(now.values())
    assert all(history.values())


async def test_the_file_is_found_equal_until_a_replica_has_taken_something(
    returning: Returning, store: ClusterStore, file: Path
) -> None:
    await lived_on(store)
    await copied(returning, file)
    assert is_same(await returning.verify(file, 0))
    await store.log.append([posted(7, 90.0)], LATER_MS)
    with pytest.raises(StoreFailed, match="got another file, or one of them has been written to since"):
        await returning.verify(file, 0)


async def test_every_table_of_the_file_has_what_the_cluster_has(
    returning: Returning, store: ClusterStore, file: Path
) -> None:
    found = await copied(returning, file)
    assert [table for table in TABLES if not found.rows[table]] == []
    assert found.samples
    assert found.rollups


async def test_a_daemon_goes_on_where_the_cluster_ended(returning: Returning, store: ClusterStore, file: Path) -> None:
    await lived_on(store)
    last_id, ((last, entry), *_) = await store.log.last_id(), await store.audit.find(AuditSearch())
    await store._database.alone("DELETE FROM audit")  # by its age: its numbers do not come again
    await copied(returning, file)
    daemon = await SqliteStore.open(file)
    try:
        assert (
            await daemon.log.append([posted(1, 20.0), posted(LATEST_SEQ, 40.0), posted(6, 80.0)], LATER_MS)
            == [None] * 3
        )
        assert await daemon.log.append([posted(7, 90.0)], LATER_MS) == [last_id + 1]
        assert await daemon.audit.add(entry) == last + 1
        assert await daemon.alerts.recover(LATER_MS / 1000) == 1
    finally:
        await daemon.close()


async def test_what_the_log_has_counts_once_when_the_daemon_has_settled_it(
    returning: Returning, store: ClusterStore, file: Path, rooms: list[str]
) -> None:
    await lived_on(store)
    history = await told_of_history(store, rooms)
    await copied(returning, file)
    daemon = await SqliteStore.open(file)
    try:
        await daemon.picture.save([], await store.log.last_id())
        assert await daemon.samples.settle(LATER_MS, 0, as_told) > 0
        await daemon.samples.merge(2 * LATER_MS)
        assert await told_of_history(daemon, rooms) == history
    finally:
        await daemon.close()


async def test_who_was_erased_from_the_cluster_is_not_in_the_file(
    returning: Returning, store: ClusterStore, file: Path
) -> None:
    await store.erase(["guest-0"])
    await copied(returning, file)
    found = content(file)
    assert b"guest-1" in found
    assert b"guest-0" not in found


# --- what is refused ----------------------------------------------------------------------------------------


async def test_a_replica_at_work_is_named_and_there_is_no_file(
    returning: Returning, store: ClusterStore, file: Path
) -> None:
    replica = PostgresLeases(store._database, "replica-1")
    await replica.attend(600)
    with pytest.raises(StoreFailed, match="all replicas to be stopped, got replica-1, at work or stopped just now"):
        await copied(returning, file)
    assert left_beside(file) == []


async def test_a_replica_that_begins_meanwhile_leaves_no_file(
    returning: Returning, store: ClusterStore, file: Path
) -> None:
    begun = asyncio.Event()

    def tell(of: str, more: int, expected: int) -> None:
        if of == "rollups":
            begun.set()

    async def begin() -> None:
        await begun.wait()
        await store.leases.take("upkeep", 0.001)

    beginning = asyncio.create_task(begin())
    with pytest.raises(
        StoreFailed, match="expected no replica at work meanwhile, got one that was; nothing was copied"
    ):
        await returning.copy(file, as_told, tell)
    await beginning
    assert left_beside(file) == []


async def test_a_file_that_is_there_is_left_as_it_is(returning: Returning, store: ClusterStore, file: Path) -> None:
    await asyncio.to_thread(file.write_bytes, b"somebody's")
    with pytest.raises(StoreFailed, match="expected the name of a file that is not there yet, got one that is"):
        await copied(returning, file)
    assert content(file) == b"somebody's"


async def test_what_people_said_and_nobody_has_done_is_not_lost(
    returning: Returning, store: ClusterStore, file: Path
) -> None:
    await store._database.alone("INSERT INTO inbox (body) VALUES ('{}')")
    with pytest.raises(StoreFailed, match="to be done, got 1 words that wait; start a replica for a moment"):
        await copied(returning, file)


async def test_history_that_is_to_be_carried_still_would_be_missing(
    returning: Returning, address: str, engine: clickhouse_engine.Engine, tmp_path: Path, file: Path
) -> None:
    old = tmp_path / "old.db"
    await left_behind(old)
    async with opened_to_move(address, clusters.address(engine.port), UNSYNCED) as moving:
        await moving.copy(old, untold)
    with pytest.raises(StoreFailed, match="`roomwatch backfill` first, or with --abandon; nothing was copied"):
        await copied(returning, file)


@pytest.mark.parametrize("where", ["rows", "samples", "rollups"])
async def test_a_copy_that_was_killed_has_left_no_file_and_is_done_anew(
    where: str, returning: Returning, store: ClusterStore, address: str, engine: clickhouse_engine.Engine, file: Path
) -> None:
    await asyncio.to_thread(killed, address, engine.port, file, "back", where)
    with pytest.raises(FileNotFoundError):
        content(file)
    await copied(returning, file)
    assert is_same(await returning.verify(file, 0))


def content(file: Path) -> bytes:
    return file.read_bytes()


def left_beside(file: Path) -> list[Path]:
    return [each for each in file.parent.iterdir() if file.name in each.name]


# --- verify -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("UPDATE silences SET ends_at_s = 1", "silences"),
        ("DELETE FROM events WHERE id = 1", "events"),
        ("DELETE FROM chunks WHERE id = 1", "media of 20"),
        ("DELETE FROM rollups WHERE id = 1", "minutes of 20"),
    ],
)
async def test_what_the_file_lacks_is_found(
    broken: str, said: str, returning: Returning, store: ClusterStore, file: Path
) -> None:
    await copied(returning, file)
    change(file, broken)
    found = await returning.verify(file, 0)
    assert any(said in str(each) for each in found.differences)


# --- by hand ----------------------------------------------------------------------------------------------


async def test_a_cluster_is_copied_into_a_file_by_hand(
    address: str, engine: clickhouse_engine.Engine, file: Path, store: ClusterStore
) -> None:
    told = {
        "postgres": address,
        "clickhouse": f"http://127.0.0.1:{engine.port}",
        "clickhouse_database": clusters.DATABASE,
    }
    config = write_config(file.with_name("cluster.toml"), {"cluster": told})

    async def run(*arguments: str) -> tuple[int, str]:
        command = (sys.executable, "-m", "monitor", *arguments, "--to", str(file), "--config", str(config))
        process = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    code, said = await run("copy")
    assert (code, said.splitlines()[0].startswith(f"{file}: copied, ")) == (0, True), said
    assert "  history: " in said
    code, said = await run("verify")
    assert (code, said.count("the same in the cluster")) == (0, 3), said
    code, said = await run("copy")
    assert (code, "expected the name of a file that is not there yet" in said) == (1, True), said

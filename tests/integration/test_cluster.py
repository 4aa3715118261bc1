"""The store of a cluster, of which one half or the other is away or killed."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests import clickhouse_engine

clickhouse_engine.need()  # before what imports the driver

from collectors.events import Event
from collectors.observations import MediaStats
from monitor.history.answers import Selection
from monitor.history.rollups import HOUR_MS
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.store import ClickHouseHistory
from monitor.store.cluster import ClusterStore
from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.leases import LeaseLost
from monitor.store.ports import Entry, Lacking, Store, StoreFailed
from monitor.store.postgres.segments import PostgresSegments
from tests import clusters
from tests.asking import TOKEN
from tests.builders import ALICE, BOB, INGEST_KEY, NOW_MS, ROOM, batch, level, participant, post, quality, room
from tests.conftest import Running, Start
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.stored import as_told, lines, values

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.clickhouse, pytest.mark.cluster]

TEN = NOW_MS // HOUR_MS * HOUR_MS


@pytest.fixture
async def store(address: str, engine: clickhouse_engine.Engine) -> AsyncIterator[ClusterStore]:
    opened = await clusters.connect(address, engine.port)
    yield opened
    await opened.close()


async def measured(store: Store, *rtts: float, by: str = ALICE, at_ms: int = TEN) -> None:
    """Log a post of round-trip times, ten seconds apart."""
    seen = [MediaStats(at_ms + 10_000 * place, rtt_ms=rtt) for place, rtt in enumerate(rtts)]
    (log_id,) = await store.log.append([Entry(batch(*seen, level(1, at_ms=at_ms), reporter=by))], NOW_MS)
    await store.picture.save([], log_id or 0)


async def settle(store: Store) -> int:
    return await store.samples.settle(NOW_MS, 0, as_told)


async def counted(store: Store) -> tuple[int, float]:
    """Return how many round-trip times and minutes heard there are, by rollups."""
    selection = Selection("room", TEN, TEN + HOUR_MS)
    (found,) = await store.rollups.percentiles(selection, "rtt_ms", (0.5,), as_told)
    (there,) = await store.rollups.attendance(selection, as_told)
    return found.samples, there.heard


async def told(store: Store, who: str = ALICE) -> list[object]:
    return [value for line in await lines(store, ROOM, who) for _, value in values(line)]


# --- segments ---------------------------------------------------------------------------------------------


async def test_of_several_replicas_each_is_given_a_segment_of_its_own_until_it_is_settled(store: ClusterStore) -> None:
    one, other = (PostgresSegments(store._database, name, segment_bytes=1) for name in ("one", "other"))
    await measured(store, 10)
    await measured(store, 20)
    of_one, of_other = await one.next_segment(NOW_MS), await other.next_segment(NOW_MS)
    assert of_one is not None
    assert of_other is not None
    assert [batch.observations[0].rtt_ms for segment in (of_one, of_other) for batch in segment.batches] == [10, 20]
    assert await one.next_segment(NOW_MS) == of_one
    await one.settled(of_one.number)
    assert await one.next_segment(NOW_MS) is None
    async with one.moment() as moment:
        assert list(moment.unsettled) == [of_other.number]


async def test_a_segment_of_a_replica_that_is_gone_is_given_to_another_one(store: ClusterStore) -> None:
    await measured(store, 10)
    gone = await PostgresSegments(store._database, "gone", claim_s=0.0).next_segment(NOW_MS)
    assert await PostgresSegments(store._database, "other").next_segment(NOW_MS) == gone


async def test_nothing_is_sealed_that_the_saved_picture_does_not_reach_or_that_is_too_new(store: ClusterStore) -> None:
    segments = PostgresSegments(store._database, "one")
    await measured(store, 10)
    assert await segments.next_segment(NOW_MS - 1) is None
    await store.log.append([Entry(batch(MediaStats(TEN, rtt_ms=20.0)))], NOW_MS)
    segment = await segments.next_segment(NOW_MS)
    assert segment is not None
    assert len(segment.batches) == 1


async def test_numbers_go_on_when_all_segments_are_dropped(store: ClusterStore) -> None:
    segments = PostgresSegments(store._database, "one", kept_s=0.0)
    numbers = []
    for rtt_ms in (10.0, 20.0):
        await measured(store, rtt_ms)
        segment = await segments.next_segment(NOW_MS)
        assert segment is not None
        numbers.append(segment.number)
        await segments.settled(segment.number)
        assert await store.log.since(0, 10) == []
    assert numbers[1] == numbers[0] + 1


async def test_what_was_settled_stays_in_the_log_for_those_who_read_on_there(store: ClusterStore) -> None:
    await measured(store, 10)
    assert await settle(store) == 2
    assert len(await store.log.since(0, 10)) == 1
    assert await told(store) == [10, 1]


async def test_a_moment_of_which_a_part_was_dropped_since_says_so(store: ClusterStore) -> None:
    segments = PostgresSegments(store._database, "one", kept_s=0.0)
    await measured(store, 10)
    async with segments.moment() as moment:
        segment = await segments.next_segment(NOW_MS)
        assert segment is not None
        await segments.settled(segment.number)
        with pytest.raises(StoreFailed, match="parts that have been dropped since"):
            [each async for each in moment.batches()]


async def test_what_is_settled_while_a_moment_is_open_is_told_as_it_was(store: ClusterStore) -> None:
    segments = PostgresSegments(store._database, "one")
    await measured(store, 10)
    async with segments.moment() as moment:
        assert await settle(store) == 2
        await measured(store, 20)
        found = [(number, len(some)) async for number, some in moment.batches()]
    assert found == [(None, 1)]
    assert await told(store) == [10, 20, 1, 1]


async def test_who_has_lost_the_duty_cannot_say_that_a_segment_is_settled(store: ClusterStore) -> None:
    lease = await store.leases.take("settling", 30)
    assert lease is not None
    fenced = store.under(lease)
    await measured(store, 10)
    await store.leases.release(lease)
    with pytest.raises(LeaseLost):
        await settle(fenced)
    assert await settle(store) == 2
    assert await counted(store) == (1, 1)


async def test_a_segment_that_is_not_settled_goes_by_age_whole_or_not_at_all(store: ClusterStore) -> None:
    segments = PostgresSegments(store._database, "one")
    await measured(store, 10)
    newer = Entry(batch(MediaStats(TEN, rtt_ms=20.0)))
    (log_id,) = await store.log.append([newer], NOW_MS + DAY_MS)
    await store.picture.save([], log_id or 0)
    segment = await segments.next_segment(NOW_MS)
    assert segment is not None
    keeping = Keeping(raw_days=10)
    await store.retain(NOW_MS + 10 * DAY_MS + 1, keeping)
    assert await segments.next_segment(NOW_MS) == segment
    assert (await store.retain(NOW_MS + 11 * DAY_MS + 1, keeping))["raw"] == 3
    assert await segments.next_segment(NOW_MS) is None
    assert await store.log.since(0, 10) == []


# --- erased -----------------------------------------------------------------------------------------------


async def test_nobody_is_erased_while_a_replica_lives(store: ClusterStore) -> None:
    lease = await store.leases.take("settling", 30)
    assert lease is not None
    with pytest.raises(StoreFailed, match="expected all replicas to be stopped, got one"):
        await store.erase(["alice"])
    assert (await store.erase(["alice"], is_dry_run=True)).rows == {}
    await store.leases.release(lease)
    await store.leases.attend(30)
    with pytest.raises(StoreFailed, match="expected all replicas to be stopped, got one"):
        await store.erase(["alice"])
    await store.leases.leave()
    assert (await store.erase(["alice"])).rows == {}


async def test_an_erasure_that_was_broken_off_leaves_nothing_when_it_is_done_again(
    address: str, store: ClusterStore, engine: clickhouse_engine.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = batch(MediaStats(TEN, rtt_ms=10.0), reporter=ALICE, identity="alice")
    (log_id,) = await store.log.append([Entry(post)], NOW_MS)
    await store.picture.save([], log_id or 0)
    await settle(store)

    async def end(*_: object, **__: object) -> None:
        raise StoreFailed("killed")

    for step in ("erase_samples", "erase_names"):
        with monkeypatch.context() as killed:
            killed.setattr(ClickHouseHistory, step, end)
            with pytest.raises(StoreFailed, match="killed"):
                await store.erase(["alice"])
    assert (await store.erase(["alice"])).stays == 1
    assert (await store.erase(["alice"])).rows == {}
    clickhouse = Client(Address("127.0.0.1", engine.port, clusters.DATABASE))
    rooms = [
        await clickhouse.query(f"SELECT room FROM {table} WHERE room != ''") for table in ("series", "media", "levels")
    ]
    await clickhouse.close()
    assert rooms == [(), (), ()]


# --- away -------------------------------------------------------------------------------------------------


async def test_while_clickhouse_is_away_a_replica_starts_takes_in_and_tells_what_it_has(
    address: str, engine: clickhouse_engine.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.kill()
    try:
        store = await clusters.connect(address, engine.port)
        assert "stays in the log until ClickHouse answers" in caplog.text
        await measured(store, 10, by=BOB)
        with pytest.raises(Lacking) as lacking:
            await lines(store, ROOM)
        assert [line.series.participant for line in lacking.value.found] == [BOB]
        with pytest.raises(StoreFailed, match="ClickHouse at"):
            await settle(store)
    finally:
        engine.start()
    assert await settle(store) == 2
    assert await told(store, BOB) == [10, 1]
    await store.close()


async def test_a_daemon_whose_clickhouse_is_away_takes_in_and_says_what_it_cannot_tell(
    address: str, engine: clickhouse_engine.Engine, start: Start
) -> None:
    running = await start(**clustered(address, engine))
    assert running.daemon.config.database is None
    engine.kill()
    try:
        async with running.http.post(
            f"{running.public}/v1/telemetry",
            json=post(quality(3)),
            headers={"Authorization": f"Bearer {INGEST_KEY}"},
        ) as answer:
            assert answer.status == 202, await answer.text()
        await running.daemon.housekeeping.save_picture()
        told = {path: await asked_for(running, path) for path in (f"rooms/{ROOM}", *ABOUT_WHAT_WAS_MEASURED)}
        for path, (status, answer) in told.items():
            assert status == 200, (path, answer)
            assert "what is settled is missing" in answer["lacking"], path
        assert [each["participant_sid"] for each in told[f"rooms/{ROOM}"][1]["people"]] == [ALICE]
        _, samples = told[f"rooms/{ROOM}/samples?participant={ALICE}"]
        assert samples["level"]["level"] == [3]
        _, found = await asked_for(running, f"rooms?text={ALICE}")
        assert "who only ever measured something is missing" in found["lacking"]
        _, exact = await asked_for(running, "percentiles?exact=true")
        assert "not all that is settled was told" in exact["lacking"]
        status, verdict = await asked_for(running, f"rooms/{ROOM}/verdict")
        assert (status, verdict["title"]) == (503, "Part of the history is away")
        assert not await running.daemon.housekeeping.settle()
    finally:
        engine.start()
    for path in (f"rooms/{ROOM}", *ABOUT_WHAT_WAS_MEASURED, f"rooms?text={ALICE}", "percentiles?exact=true"):
        status, answer = await asked_for(running, path)
        assert (status, answer["lacking"]) == (200, ""), path
    assert (await asked_for(running, f"rooms/{ROOM}/verdict"))[0] == 200


async def test_of_nobody_it_is_said_that_they_sent_nothing_while_what_they_sent_is_out_of_reach(
    address: str, engine: clickhouse_engine.Engine, start: Start
) -> None:
    running = await start(**clustered(address, engine))
    await taken_in(running, room(), participant(ALICE, joined_at_ms=NOW_MS - 3_600_000))
    engine.kill()
    try:
        _, story = await asked_for(running, f"rooms/{ROOM}/story")
        assert story["lacking"]
        assert "telemetry" not in {each["input"] for each in story["missing"]}
    finally:
        engine.start()
    _, story = await asked_for(running, f"rooms/{ROOM}/story")
    assert "telemetry" in {each["input"] for each in story["missing"]}


async def test_a_link_shows_nothing_while_somebody_who_is_not_to_be_named_may_be_out_of_reach(
    address: str, engine: clickhouse_engine.Engine, start: Start
) -> None:
    running = await start(**clustered(address, engine))
    await taken_in(running, room())
    async with running.http.post(
        f"{running.private}/api/v1/rooms/{ROOM}/shares", json={"expires_in_s": 3600}, headers=BEARER
    ) as answer:
        token = (await answer.json())["token"]
    engine.kill()
    try:
        for part in ("", "/lanes", "/story", "/verdict"):
            async with running.http.get(f"{running.private}/api/v1/shared/{token}{part}") as answer:
                told = await answer.json()
                assert (answer.status, answer.headers.get("Retry-After")) == (503, "30"), told
                assert "ClickHouse" not in told["detail"]
    finally:
        engine.start()
    async with running.http.get(f"{running.private}/api/v1/shared/{token}") as answer:
        assert answer.status == 200, await answer.text()


BEARER = {"Authorization": f"Bearer {TOKEN}"}
ABOUT_WHAT_WAS_MEASURED = (
    f"rooms/{ROOM}/samples?participant={ALICE}",
    f"rooms/{ROOM}/lanes",
    f"rooms/{ROOM}/story",
    "percentiles",
    "worst-rooms",
    "coverage",
    f"minutes?key={ROOM}",
)


def clustered(address: str, engine: clickhouse_engine.Engine) -> dict[str, Any]:
    clickhouse = {"clickhouse": f"http://127.0.0.1:{engine.port}", "clickhouse_database": clusters.DATABASE}
    return {
        "storage": {"settle_after_s": 0.001},
        "private": {"port": 0, "access_token": TOKEN},
        "cluster": {"postgres": address, "replica": "one", **clickhouse},
    }


async def taken_in(running: Running, *events: Event) -> None:
    for event in events:
        await running.daemon.pipeline.offer(event)
    async with asyncio.timeout(30):
        while (await asked_for(running, f"rooms/{ROOM}"))[0] == 404:
            await asyncio.sleep(0.05)


async def asked_for(running: Running, path: str) -> tuple[int, dict[str, Any]]:
    async with running.http.get(f"{running.private}/api/v1/{path}", headers=BEARER) as answer:
        return answer.status, await answer.json()


async def test_the_store_says_since_when_the_oldest_waits_that_is_not_settled(store: ClusterStore) -> None:
    assert (await store.size()).unsettled_since_ms is None
    await measured(store, 10)
    await store.log.append([Entry(batch(MediaStats(TEN, rtt_ms=20.0)))], NOW_MS + 1000)
    assert (await store.size()).unsettled_since_ms == NOW_MS
    segment = await store._segments.next_segment(NOW_MS)
    assert segment is not None
    assert (await store.size()).unsettled_since_ms == NOW_MS
    assert await settle(store) == 2
    assert (await store.size()).unsettled_since_ms == NOW_MS + 1000


async def test_a_scrape_does_not_wait_for_a_clickhouse_that_hangs(
    store: ClusterStore, engine: clickhouse_engine.Engine
) -> None:
    engine.freeze()
    try:
        async with asyncio.timeout(30):
            assert (await store.size()).database_bytes > 0
    finally:
        engine.thaw()


# --- no primary -------------------------------------------------------------------------------------------


async def test_a_replica_that_is_started_without_a_primary_waits_for_one_and_says_so(
    postgres_server: "PostgresServer", tmp_path: Path
) -> None:
    async with postgres_server.emptied_database() as address, aiohttp.ClientSession() as http:
        port, sockets = free_port(), tmp_path / "sockets"
        started = await DaemonProcess.spawn(waiting_config(tmp_path, address, sockets, port, wait_s=600))
        try:
            told = await ready(http, port, 503)
            assert "expected a PostgreSQL primary" in told
            assert "; waiting for " in told
            async with http.get(f"http://127.0.0.1:{port}/-/healthy") as answer:
                assert answer.status == 503, "a probe of the start has to go on"
            sockets.symlink_to(address.partition("?host=")[2])
            assert await ready(http, port, 200) == "ready\n"
            assert "not started yet: " in started.said
            started.signal(signal.SIGTERM)
            assert await started.ended() == 0
        finally:
            await started.kill()


async def test_a_replica_that_waits_ends_when_it_is_told_to_or_has_waited_for_long_enough(
    postgres_server: "PostgresServer", tmp_path: Path
) -> None:
    async with postgres_server.emptied_database() as address, aiohttp.ClientSession() as http:
        port, nowhere = free_port(), tmp_path / "nowhere"
        waits = await DaemonProcess.spawn(waiting_config(tmp_path, address, nowhere, port, wait_s=600))
        try:
            await ready(http, port, 503)
            waits.signal(signal.SIGTERM)
            assert await waits.ended() == 0
        finally:
            await waits.kill()
        for wait_s in (0, 1):
            gives_up = await DaemonProcess.spawn(waiting_config(tmp_path, address, nowhere, port, wait_s=wait_s))
            assert await gives_up.ended() == 1
            assert "expected a PostgreSQL primary" in gives_up.said


def waiting_config(folder: Path, address: str, sockets: Path, port: int, *, wait_s: int) -> Path:
    told = {
        "postgres": f"{address.partition('?host=')[0]}?host={sockets}",
        "clickhouse": "http://127.0.0.1:1",
        "replica": "one",
        "wait_for_primary_s": wait_s,
    }
    return write_config(
        folder / "roomwatch.toml", {"cluster": told, "private": {"port": port}, "public": {"port": free_port()}}
    )


async def ready(http: aiohttp.ClientSession, port: int, wanted: int) -> str:
    """Wait until it is answered like that whether a daemon is ready; return what is said."""
    async with asyncio.timeout(120):
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"http://127.0.0.1:{port}/-/ready") as answer:
                    if answer.status == wanted:
                        return await answer.text()
            await asyncio.sleep(0.05)


# --- killed in between ------------------------------------------------------------------------------------


class Settlers:
    """Replicas that settle, each a process of its own."""

    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._port = port
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.settling_process", self._address, str(self._port), name]
        process = self._processes[name] = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def end(self) -> None:
        for name in list(self._processes):
            self.kill(name)


async def test_no_sample_is_lost_or_twice_when_replicas_and_clickhouse_are_killed_while_they_settle(
    address: str, store: ClusterStore, engine: clickhouse_engine.Engine
) -> None:
    posts, settlers = 120, Settlers(address, engine.port)
    try:
        for name in ("one", "other"):
            await asyncio.to_thread(settlers.start, name)
        for number in range(posts):
            await measured(store, float(number), at_ms=TEN + 1_000 * number)
            if number % 20 == 10:
                await asyncio.to_thread(settlers.kill, "one")
                await asyncio.to_thread(settlers.start, "one")
            if number in (35, 75):
                await asyncio.to_thread(engine.kill)
                await asyncio.to_thread(engine.start)
        async with asyncio.timeout(120):
            while await unsettled(store):
                await asyncio.sleep(0.1)
    finally:
        settlers.end()
    (line,) = await lines(store, ROOM)
    assert sorted(line.samples.column("rtt_ms").tolist()) == [float(number) for number in range(posts)]
    assert (await counted(store))[0] == posts


async def unsettled(store: ClusterStore) -> int:
    """Return how many posts are in the log only, by one look at it."""
    async with store._segments.moment() as moment:
        return sum([len(some) async for _, some in moment.batches()])

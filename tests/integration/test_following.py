"""Pictures that follow one log: they are the same, and say how far they are behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from collectors.events import Event
from monitor.entities import Change
from monitor.folding import Fold
from monitor.following import Following, Missed
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.store.ports import StoreFailed
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.log import PostgresEventLog
from monitor.store.postgres.store import PostgresStore
from tests.builders import ACCOUNT, ALICE, BOB, NOW_MS, ROOM, batch, level, participant, room
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.cluster


class Replica:
    """What a replica has to take events and to show a picture of them."""

    def __init__(self, store: PostgresStore) -> None:
        self.store, self.live, self.metrics = store, Live([ACCOUNT], NOW_MS), Metrics()
        self.now_s = 0.0
        self.heard: list[Event] = []
        self.changed: list[Change] = []
        self.fold = Fold(self.live, self.changed.extend, self.heard.append)
        self.following = Following(store.log, self.fold, self.metrics, lambda: self.now_s)
        self.pipeline = Pipeline(
            store.log,
            self.fold,
            self.metrics,
            capacity_events=1_000,
            now_ms=lambda: NOW_MS,
            on_stored=self.following.wake,
        )

    async def takes(self, *events: Event) -> None:
        """Take events at its doors."""
        storing = asyncio.create_task(self.pipeline.run())
        await asyncio.gather(*[self.pipeline.offer(event) for event in events])
        storing.cancel()

    @property
    def picture(self) -> bytes:
        return msgspec.json.encode(sorted(self.live.rooms.items()))


@pytest.fixture
async def replicas(postgres_server: PostgresServer) -> AsyncIterator[Sequence[Replica]]:
    async with postgres_server.database() as address:
        opened = [await PostgresStore.open(address) for _ in range(3)]
        yield [Replica(store) for store in opened]
        for each in opened:
            await each.close()


async def test_all_pictures_are_made_of_what_any_replica_took(replicas: Sequence[Replica]) -> None:
    one, other, third = replicas
    await asyncio.gather(
        one.takes(room(room_name="acme:class:1"), *(batch(level(n % 5 + 1), session="s", seq=n) for n in range(50))),
        other.takes(participant(ALICE, identity="alice"), *(batch(level(3), session="t", seq=n) for n in range(50))),
    )
    for each in replicas:
        await each.following.catch_up()
    assert one.live.rooms[ROOM].participants
    assert one.picture == other.picture == third.picture
    assert len(third.heard) == 102


async def test_a_picture_has_nothing_before_the_log_has_it_and_nothing_twice(replicas: Sequence[Replica]) -> None:
    one, *_ = replicas
    await one.takes(batch(level(3), session="s", seq=1), batch(level(3), session="s", seq=1))
    assert not one.live.rooms
    await one.following.catch_up()
    await one.following.catch_up()
    assert len(one.heard) == 1


async def test_who_catches_up_while_it_follows_hears_nothing_twice(replicas: Sequence[Replica]) -> None:
    one, *_ = replicas
    for session in "abcde":
        await one.takes(*(batch(level(3), session=session, seq=n) for n in range(600)))
        await asyncio.gather(*[one.following.catch_up() for _ in range(4)])
    assert len(one.heard) == 3_000


async def test_what_only_says_that_something_still_stands_reaches_the_pictures_of_others_and_no_timeline(
    replicas: Sequence[Replica],
) -> None:
    one, other, _ = replicas
    await one.takes(room())
    storing = asyncio.create_task(one.pipeline.run())
    one.pipeline.refresh(room(at_ms=NOW_MS + 60_000))
    one.pipeline.close()
    await storing
    await other.following.catch_up()
    assert other.live.rooms[ROOM].heard_at_ms == NOW_MS + 60_000
    assert len(await one.store.log.happenings(ROOM, 0, 2 * NOW_MS, 10)) == 1


async def test_whoever_took_an_event_counts_it_and_nobody_else_does(replicas: Sequence[Replica]) -> None:
    one, other, _ = replicas
    await one.takes(batch(level(3), session="s", seq=1))
    for each in (one, other):
        await each.following.catch_up()
    assert [each.metrics.total("roomwatch_telemetry_events_total") for each in (one, other)] == [1, 0]
    assert [each.metrics.total("roomwatch_log_followed_events_total") for each in (one, other)] == [1, 1]


async def test_a_picture_is_as_old_as_the_last_time_that_the_log_was_read_to_its_end(
    replicas: Sequence[Replica],
) -> None:
    one, *_ = replicas
    one.now_s = 7.0
    assert one.following.behind_s == 7.0
    await one.following.catch_up()
    assert one.following.behind_s == 0.0
    one.now_s = 9.0
    await one.store.close()
    with pytest.raises(StoreFailed):
        await one.following.catch_up()
    assert one.following.behind_s == 2.0


async def test_a_replica_that_missed_what_was_settled_says_so_and_ends(replicas: Sequence[Replica]) -> None:
    one, other, _ = replicas
    await one.takes(batch(level(3), session="s", seq=1))
    await settle_all(one.store)
    with pytest.raises(Missed, match="expected the log to go on at 1, got nothing up to 1"):
        await other.following.run()
    await one.takes(participant(BOB))
    with pytest.raises(Missed, match="expected the log to go on at 1, got 2"):
        await other.following.catch_up()


async def test_whoever_stored_something_need_not_wait_for_the_next_look(
    replicas: Sequence[Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.following.LOOK_EVERY_S", 600.0)
    one, *_ = replicas
    following = asyncio.create_task(one.following.run())
    await asyncio.sleep(0.05)
    await one.takes(room())
    async with asyncio.timeout(30):
        while ROOM not in one.live.rooms:
            await asyncio.sleep(0.01)
    following.cancel()


async def settle_all(store: PostgresStore) -> None:
    """Take everything out of the log, as if it had been moved to where samples are kept."""

    async def delete(connection: Connection) -> None:
        await connection.execute("DELETE FROM ingest_log")

    log = store.log
    assert isinstance(log, PostgresEventLog)
    await log._database.write(delete)

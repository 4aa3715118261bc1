"""One suite, every store: what was measured in a time is read in slices, all of it and each sample once."""

from collections import defaultdict
from contextlib import aclosing
from itertools import islice
from pathlib import Path

import pytest

from collectors.events import Event
from collectors.observations import MediaStats, MediaStatsSeries, Observation, TelemetryBatch
from monitor.store.ports import Entry, Line, Place, Resolved, Store, StoreFailed, Wanted
from monitor.store.ranges import SAMPLES_A_SLICE
from monitor.store.snapshot import Snapshot
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, level
from tests.stored import EVER_MS, as_told, values

MINUTE_MS = 60_000
DAY_MS = 86_400_000
OTHER_ROOM = "RM" + "b" * 32
EVER = Wanted(0, EVER_MS)


def posted(*observations: Observation, seq: int, **about: object) -> TelemetryBatch:
    return batch(*observations, session="s", seq=seq, **about)


async def append(store: Store, *events: Event) -> None:
    ids = await store.log.append([Entry(event) for event in events], NOW_MS)
    await store.picture.save([], max(log_id for log_id in ids if log_id is not None))


async def settle(store: Store) -> None:
    await store.samples.settle(NOW_MS, 0, as_told)


async def found(store: Store, wanted: Wanted = EVER) -> list[Line]:
    return [line async for line in store.samples.lines(wanted, as_told)]


def told(lines: list[Line]) -> list[object]:
    return sorted(value for line in lines for _, value in values(line))


@pytest.fixture(params=["in the log", "settled", "both"])
async def measured(store: Store, request: pytest.FixtureRequest) -> Store:
    """Two rooms and three people, of whom one is known by name only, ten minutes each."""
    for minute in range(10):
        at_ms = NOW_MS + minute * MINUTE_MS
        seen = MediaStats(at_ms, rtt_ms=float(minute))
        named = {"room_sid": None, "room_name": "acme", "reporter": None, "identity": "carol"}
        await append(
            store,
            posted(seen, seq=3 * minute, identity="alice", room_name="acme"),
            posted(seen, seq=3 * minute + 1, reporter=BOB, room_sid=OTHER_ROOM, identity="bob"),
            posted(seen, seq=3 * minute + 2, **named),
        )
        if request.param == "both" and minute == 5:
            await settle(store)
    if request.param == "settled":
        await settle(store)
    return store


async def test_everything_in_a_time_is_there_once(measured: Store) -> None:
    assert told(await found(measured)) == sorted(3 * [float(minute) for minute in range(10)])
    some = await found(measured, Wanted(NOW_MS + 4 * MINUTE_MS, NOW_MS + 8 * MINUTE_MS))
    assert told(some) == sorted(3 * [4.0, 5.0, 6.0, 7.0])
    assert await found(measured, Wanted(NOW_MS - DAY_MS, NOW_MS)) == []


@pytest.mark.parametrize(
    ("about", "people"),
    [
        ({"room": ROOM}, {ALICE}),
        ({"room": OTHER_ROOM}, {BOB}),
        ({"room": "acme"}, {ALICE, "identity:carol"}),
        ({"identity": "carol"}, {"identity:carol"}),
        ({"identity": "bob"}, {BOB}),
        ({"identity": "bob", "room": ROOM}, set()),
        ({}, {ALICE, BOB, "identity:carol"}),
    ],
)
async def test_a_room_or_a_person_may_be_asked_for(measured: Store, about: dict[str, str], people: set[str]) -> None:
    lines = await found(measured, Wanted(0, EVER_MS, **about))
    assert {line.series.participant for line in lines} == people
    assert len(told(lines)) == 10 * len(people)


async def test_who_was_known_by_name_is_told_by_sid_as_far_as_anybody_knows_it(store: Store) -> None:
    def resolve(place: Place, at_ms: int) -> Resolved:  # whenever it was
        return Resolved(Place(ROOM, ALICE) if place == Place("name:acme", "identity:alice") else place)

    by_name = {"room_sid": None, "room_name": "acme", "reporter": None, "identity": "alice"}
    await append(store, posted(MediaStats(NOW_MS, rtt_ms=1.0), seq=1, **by_name))
    (line,) = [line async for line in store.samples.lines(Wanted(0, EVER_MS, room=ROOM), resolve)]
    assert (line.series.room, line.series.participant) == (ROOM, ALICE)


async def test_the_estimate_is_about_as_many_as_there_are(store: Store) -> None:
    for minute in range(10):
        await append(store, posted(MediaStats(NOW_MS + minute, rtt_ms=1.0), level(3, at_ms=NOW_MS), seq=minute))
    await settle(store)
    assert await store.samples.estimate(EVER) == 20
    assert await store.samples.estimate(Wanted(0, EVER_MS, identity="nobody")) == 0


async def values_of_rooms(store: Store, metric: str, from_ms: int = 0, to_ms: int = EVER_MS) -> dict[str, list[float]]:
    known: defaultdict[str, list[float]] = defaultdict(list)
    async for some in store.samples.values(metric, from_ms, to_ms, as_told):
        assert sum(some.lengths) == len(some.values)
        rest = iter(some.values.tolist())
        for room, length in zip(some.rooms, some.lengths, strict=True):
            known[room] += islice(rest, length)
    return {room: sorted(values) for room, values in known.items()}


async def test_the_values_of_one_metric_are_told_by_room(measured: Store) -> None:
    every = [float(minute) for minute in range(10)]
    assert await values_of_rooms(measured, "rtt_ms") == {ROOM: every, OTHER_ROOM: every, "name:acme": every}
    some = await values_of_rooms(measured, "rtt_ms", NOW_MS + 4 * MINUTE_MS, NOW_MS + 7 * MINUTE_MS)
    assert some == {ROOM: [4, 5, 6], OTHER_ROOM: [4, 5, 6], "name:acme": [4, 5, 6]}
    assert await values_of_rooms(measured, "rtt_ms", NOW_MS - DAY_MS, NOW_MS) == {}


async def test_a_room_of_which_nobody_knew_the_metric_is_told_without_values(measured: Store) -> None:
    assert await values_of_rooms(measured, "up.jitter_ms") == {ROOM: [], OTHER_ROOM: [], "name:acme": []}


@pytest.mark.parametrize("is_settled", [True, False])
async def test_who_measured_nothing_in_a_time_is_not_among_its_values(store: Store, is_settled: bool) -> None:
    before, after = MediaStats(NOW_MS, rtt_ms=1.0), MediaStats(NOW_MS + 2 * MINUTE_MS, rtt_ms=2.0)
    await append(store, posted(before, level(3, at_ms=NOW_MS + MINUTE_MS), after, seq=1))
    if is_settled:
        await settle(store)
    assert await values_of_rooms(store, "rtt_ms", NOW_MS + MINUTE_MS, NOW_MS + 2 * MINUTE_MS) == {}


async def test_what_is_settled_meanwhile_is_among_the_values_once(store: Store) -> None:
    for minute in range(6):
        seen = MediaStats(NOW_MS + minute * MINUTE_MS, rtt_ms=float(minute))
        await append(store, posted(seen, seq=minute))
        if minute == 2:
            await settle(store)
    known: list[float] = []
    async with aclosing(store.samples.values("rtt_ms", 0, EVER_MS, as_told)) as reading:
        async for some in reading:
            known += some.values.tolist()
            await settle(store)
            await store.samples.merge(NOW_MS + DAY_MS)
    assert sorted(known) == [0, 1, 2, 3, 4, 5]


async def test_the_values_of_much_come_in_slices(store: Store) -> None:
    half = SAMPLES_A_SLICE // 2 + 1
    for number in range(3):
        times = tuple(range(NOW_MS + number * DAY_MS, NOW_MS + number * DAY_MS + half))
        await append(store, posted(MediaStatsSeries(times, rtt_ms=(1.5,) * half), seq=number))
        await settle(store)
    slices = [len(some.values) async for some in store.samples.values("rtt_ms", 0, EVER_MS, as_told)]
    assert sum(slices) == 3 * half
    if isinstance(store, SqliteStore):
        assert max(slices) == 2 * half, "a chunk is not cut"


async def test_what_is_settled_and_merged_meanwhile_is_still_there_once(store: Store) -> None:
    for minute in range(6):
        seen = MediaStats(NOW_MS + minute * MINUTE_MS, rtt_ms=float(minute))
        await append(store, posted(seen, seq=2 * minute), posted(seen, seq=2 * minute + 1, reporter=BOB))
        if minute == 2:
            await settle(store)
    lines = []
    async with aclosing(store.samples.lines(EVER, as_told)) as reading:
        async for line in reading:
            lines.append(line)
            await settle(store)
            await store.samples.merge(NOW_MS + DAY_MS)
    assert told(lines) == sorted(2 * [float(minute) for minute in range(6)])


async def test_much_of_one_person_comes_in_slices(store: Store) -> None:
    half = SAMPLES_A_SLICE // 2 + 1
    for number in range(3):
        at_ms = NOW_MS + number * DAY_MS
        await append(store, posted(MediaStatsSeries(tuple(range(at_ms, at_ms + half))), seq=number))
        await settle(store)
    lines = await found(store)
    assert sum(line.samples.count for line in lines) == 3 * half
    if isinstance(store, SqliteStore):
        assert [line.samples.count for line in lines] == 3 * [half]


async def test_who_stops_reading_half_way_leaves_nothing_open(measured: Store) -> None:
    async with aclosing(measured.samples.lines(EVER, as_told)) as reading:
        async for _ in reading:
            break
    assert len(told(await found(measured))) == 30


async def test_a_snapshot_is_one_moment_and_takes_nothing(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    try:
        await append(store, posted(MediaStats(NOW_MS, rtt_ms=1.0), seq=1))
        with SqliteStore.opened_to_read(tmp_path / "roomwatch.db") as snapshot:
            await append(store, posted(MediaStats(NOW_MS, rtt_ms=2.0), seq=2))
            await settle(store)
            assert told(await found(snapshot)) == [1.0]
            assert [event.seq for _, event in await snapshot.log.since(0, 10)] == [1]
            with pytest.raises(StoreFailed, match="expected to read only"):
                await append(snapshot, posted(seq=3))
        assert told(await found(store)) == [1.0, 2.0]
    finally:
        await store.close()


def test_a_snapshot_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="expected a database, got nothing"), Snapshot.taken(tmp_path / "x.db"):
        pass

"""One suite, every store: what was measured is found, wherever it has got to."""

from itertools import count

import pytest
from msgspec.structs import replace

from collectors.events import Event
from collectors.observations import (
    ClientInfo,
    Direction,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    Observation,
    SdkInfo,
    TelemetryBatch,
)
from monitor.history.answers import Selection
from monitor.history.chunks import MAX_ROWS
from monitor.store.ports import Client, Entry, Place, Resolved, Series, Store
from tests.builders import ACCOUNT, ALICE, BOB, NOW_MS, ROOM, batch, level, room
from tests.stored import as_told, lines, values

MINUTE_MS = 60_000
DAY_MS = 86_400_000
OTHER_ROOM = "RM" + "b" * 32
_numbers = count(1)


def rtt(at_ms: int, rtt_ms: float) -> MediaStats:
    return MediaStats(at_ms, rtt_ms=rtt_ms)


def posted(*observations: Observation, **about: object) -> TelemetryBatch:
    return batch(*observations, session="s", seq=next(_numbers), **about)


async def append(store: Store, *events: Event, at_ms: int = NOW_MS) -> None:
    ids = await store.log.append([Entry(event) for event in events], at_ms)
    await store.picture.save([], max(log_id for log_id in ids if log_id is not None))


async def settle(store: Store, at_ms: int = NOW_MS) -> int:
    return await store.samples.settle(at_ms, 0, as_told)


@pytest.fixture(params=["in the log", "settled", "merged"])
def has_settled(request: pytest.FixtureRequest) -> str:
    """How far samples have got when they are asked for."""
    return str(request.param)


async def moved(store: Store, how_far: str) -> None:
    """Move what is stored as far as it goes."""
    if how_far != "in the log":
        await settle(store)
    if how_far == "merged":
        await store.samples.merge(NOW_MS + DAY_MS)


async def test_samples_come_back_as_they_were_measured(store: Store, has_settled: str) -> None:
    stats = MediaStats(
        NOW_MS,
        10_000,
        61.5,
        up=Direction(0.012, 4.5, 812_000, 24, 640, 360, limited_by="cpu"),
        down=Direction(0.0, 8.0, 640_000, 24, freezes=1),
    )
    await append(store, posted(stats, NetworkQuality(NOW_MS + 1, 3, BOB), NetworkQuality(NOW_MS + 2, 4)))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert list(line.samples.observations()) == [
        stats,
        NetworkQuality(NOW_MS + 1, 3, BOB),
        NetworkQuality(NOW_MS + 2, 4),
    ]


async def test_a_series_has_the_samples_of_its_rows(store: Store, has_settled: str) -> None:
    await append(store, posted(MediaStatsSeries((NOW_MS, NOW_MS + 1), rtt_ms=(61.5, None))))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert values(line) == [(NOW_MS, 61.5), (NOW_MS + 1, None)]


async def test_they_are_found_by_room_and_time_and_participant(store: Store, has_settled: str) -> None:
    for minute in range(4):
        at_ms = NOW_MS + minute * MINUTE_MS
        await append(store, posted(rtt(at_ms, minute)), posted(rtt(at_ms, 50), reporter=BOB))
        await append(store, posted(rtt(at_ms, 99), room_sid=OTHER_ROOM))
    await moved(store, has_settled)
    found = await store.samples.timeline(ROOM, NOW_MS + MINUTE_MS, NOW_MS + 3 * MINUTE_MS, as_told)
    assert [line.series.participant for line in found] == [ALICE, BOB]
    assert values(found[0]) == [(NOW_MS + MINUTE_MS, 1), (NOW_MS + 2 * MINUTE_MS, 2)]
    (alone,) = await lines(store, ROOM, BOB)
    assert [value for _, value in values(alone)] == [50] * 4
    assert await store.samples.timeline(ROOM, NOW_MS - DAY_MS, NOW_MS, as_told) == []


async def test_they_are_found_for_several_rooms_at_once(store: Store, has_settled: str) -> None:
    for number, about in enumerate((ROOM, OTHER_ROOM, "RM" + "c" * 32)):
        await append(store, posted(rtt(NOW_MS, number), room_sid=about), posted(rtt(NOW_MS, 9), room_sid=about))
        await append(store, posted(rtt(NOW_MS + DAY_MS, number), room_sid=about))
    await moved(store, has_settled)
    found = await store.samples.timelines([OTHER_ROOM, ROOM], NOW_MS, NOW_MS + 1, as_told)
    assert [(line.series.room, [value for _, value in values(line)]) for line in found] == [
        (ROOM, [0, 9]),
        (OTHER_ROOM, [1, 9]),
    ]
    assert await store.samples.timelines([], NOW_MS, NOW_MS + 1, as_told) == []


async def test_what_is_settled_and_what_is_still_in_the_log_are_one(store: Store) -> None:
    for minute in range(6):
        await append(store, posted(rtt(NOW_MS + minute * MINUTE_MS, minute)))
        if minute in (1, 3):
            await settle(store)
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [0, 1, 2, 3, 4, 5]


async def test_what_came_late_lands_at_its_own_time(store: Store, has_settled: str) -> None:
    await append(store, posted(rtt(NOW_MS, 2)))
    await settle(store)
    await append(store, posted(rtt(NOW_MS - MINUTE_MS, 1)))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [1, 2]


async def test_a_clock_that_is_ahead_is_corrected(store: Store, has_settled: str) -> None:
    await append(store, posted(rtt(NOW_MS + 600_000, 1), clock_offset_ms=600_000))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert values(line) == [(NOW_MS, 1)]


async def test_it_is_known_who_measured_and_with_what(store: Store, has_settled: str) -> None:
    first = posted(rtt(NOW_MS, 1), identity="alice", room_name="acme", account_sid=ACCOUNT)
    sdk, client = SdkInfo("twilio-video.js", "2.36.0"), ClientInfo(browser="Chrome 156", network="wifi")
    await append(store, replace(first, sdk=sdk, client=client, address="203.0.113.0/24"))
    await moved(store, has_settled)
    await append(store, replace(posted(rtt(NOW_MS + 1, 2)), client=ClientInfo(network="4g")))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    told = Client("twilio-video.js", "2.36.0", browser="Chrome 156", network="4g", address="203.0.113.0/24")
    assert line.series == Series(ROOM, ALICE, "acme", "alice", ACCOUNT, told)


async def test_who_was_known_by_name_first_is_one_with_who_is_known_by_sid(store: Store) -> None:
    def resolve(place: Place, at_ms: int) -> Resolved:
        is_alice = (place, at_ms) == (Place("name:acme", "identity:alice"), NOW_MS)
        return Resolved(Place(ROOM, ALICE) if is_alice else place)

    by_name = {"room_sid": None, "room_name": "acme", "reporter": None, "identity": "alice"}
    await append(store, posted(rtt(NOW_MS, 1), **by_name), posted(rtt(NOW_MS + 1, 2)))
    for settled in (False, True):
        if settled:
            await store.samples.settle(NOW_MS, 0, resolve)
        (line,) = await store.samples.timeline(ROOM, 0, NOW_MS + DAY_MS, resolve)
        assert [value for _, value in values(line)] == [1, 2]
        assert line.series.participant == ALICE


async def test_who_was_never_known_by_sid_is_found_by_name(store: Store, has_settled: str) -> None:
    await append(store, posted(rtt(NOW_MS, 1), room_sid=None, room_name="acme", reporter=None, identity="alice"))
    await moved(store, has_settled)
    (line,) = await lines(store, "name:acme")
    assert line.series.participant == "identity:alice"


async def test_what_the_saved_picture_does_not_reach_is_not_settled(store: Store) -> None:
    await append(store, posted(rtt(NOW_MS, 1)))
    await store.log.append([Entry(posted(rtt(NOW_MS + 1, 2)))], NOW_MS)
    assert await settle(store) in (0, 1)
    assert [event.observations[0].rtt_ms for _, event in await store.log.since(1, 10)] == [2]
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [1, 2]


async def test_nothing_is_settled_before_it_is_old_enough(store: Store) -> None:
    await append(store, posted(rtt(NOW_MS, 1)))
    assert await store.samples.settle(NOW_MS + 599_999, 600_000, as_told) == 0
    assert len(await store.log.since(0, 10)) == 1


async def test_only_the_silent_are_merged(store: Store) -> None:
    await append(store, posted(rtt(NOW_MS, 1)), posted(rtt(NOW_MS, 3), reporter=BOB))
    await settle(store)
    await append(store, posted(rtt(NOW_MS + MINUTE_MS, 2)))
    await settle(store)
    assert await store.samples.merge(NOW_MS + 1) in (0, 1)
    assert [[value for _, value in values(line)] for line in await lines(store, ROOM)] == [[1, 2], [3]]


async def test_what_only_happened_leaves_no_line(store: Store, has_settled: str) -> None:
    await append(store, room(), posted())
    await moved(store, has_settled)
    assert await lines(store, ROOM) == []


async def test_a_level_that_is_unknown_is_not_zero(store: Store, has_settled: str) -> None:
    await append(store, posted(level(-1), level(None, at_ms=NOW_MS + 1), level(0, at_ms=NOW_MS + 2)))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert [value for _, value in values(line)] == [None, None, 0]


async def test_numbers_out_of_this_world_are_cut_and_do_no_harm(store: Store, has_settled: str) -> None:
    huge = Direction(1.0, 1e300, 1e30, 1e39, 10**30, 10**400, 10**19)
    await append(store, posted(MediaStats(NOW_MS, 10**20, 1e300, huge, huge), rtt(NOW_MS + 1, 61.5)))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert values(line) == [(NOW_MS, 1e10), (NOW_MS + 1, 61.5)]
    assert (await store.rollups.percentiles(Selection("room", NOW_MS, NOW_MS + 1), "rtt_ms", [1.0], as_told))[0].samples


async def test_who_measures_more_than_a_chunk_holds_gets_several(store: Store, has_settled: str) -> None:
    times = tuple(range(NOW_MS, NOW_MS + MAX_ROWS + 5))
    await append(store, posted(MediaStatsSeries(times, rtt_ms=tuple(float(each % 100) for each in times))))
    await moved(store, has_settled)
    (line,) = await lines(store, ROOM)
    assert line.samples.at_ms.tolist() == list(times)

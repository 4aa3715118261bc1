"""One suite, every store: what samples add up to is the same, wherever they have got to."""

from itertools import count

import numpy as np
import pytest

from collectors.observations import ClientInfo, Direction, MediaStats, Observation, SdkInfo, TelemetryBatch
from monitor.history.answers import DEGRADED_MINUTES, LONGEST_MS, Selection, Unanswerable
from monitor.history.buckets import Buckets
from monitor.history.people import DEGRADED, HEARD, RATED
from monitor.history.rollups import HOUR_MS, OTHER, VALUES_A_DIMENSION
from monitor.history.spans import MINUTE_MS
from monitor.store.keeping import Keeping
from monitor.store.memory import MemoryStore
from monitor.store.ports import Entry, Place, Resolve, Resolved, Store
from monitor.store.sqlite import SqliteStore
from tests.builders import ACCOUNT, ALICE, BOB, NOW_MS, ROOM, batch, level
from tests.stored import as_told

TEN = NOW_MS // HOUR_MS * HOUR_MS  # the hour begins
OTHER_ROOM = "RM" + "b" * 32
DAY_MS = 24 * HOUR_MS
_numbers = count(1)


@pytest.fixture(params=["in the log", "settled", "settled in parts", "merged", "rebuilt"])
def how_far(request: pytest.FixtureRequest) -> str:
    """How far samples have got when the question is asked."""
    return str(request.param)


async def posted(store: Store, how_far: str, *batches: TelemetryBatch, at_a_time: int = 1) -> None:
    """Store posts, some at a time, and move them as far as they are to go."""
    for start in range(0, len(batches), at_a_time):
        entries = [Entry(each) for each in batches[start : start + at_a_time]]
        *_, log_id = await store.log.append(entries, NOW_MS)
        await store.picture.save([], log_id or 0)
        if how_far not in ("in the log", "settled"):
            await store.samples.settle(NOW_MS, 0, as_told)
    if how_far == "settled":
        await store.samples.settle(NOW_MS, 0, as_told)
    if how_far == "merged":
        await store.samples.merge(NOW_MS + DAY_MS)
    if how_far == "rebuilt":
        await store.rollups.rebuild(TEN - DAY_MS, TEN + DAY_MS)


def post(*observations: Observation, **about: object) -> TelemetryBatch:
    about = {"account_sid": ACCOUNT, "client": ClientInfo(browser="Chrome 156", network="4g", edge="ie1"), **about}
    return batch(*observations, session="s", seq=next(_numbers), sdk=SdkInfo("twilio-video.js", "2.36.0"), **about)


def rtts(*values: float, at_ms: int = TEN) -> list[MediaStats]:
    return [MediaStats(at_ms + place * 10_000, rtt_ms=value) for place, value in enumerate(values)]


def of_rooms(from_ms: int = TEN, to_ms: int = TEN + HOUR_MS, **given: object) -> Selection:
    return Selection("room", from_ms, to_ms, **given)


# --- percentiles ------------------------------------------------------------------------------------------


async def test_percentiles_are_within_two_per_cent(store: Store, how_far: str) -> None:
    values = np.random.default_rng(1).lognormal(4, 0.5, 300).round(1).tolist()
    await posted(store, how_far, post(*rtts(*values[:100])), post(*rtts(*values[100:]), reporter=BOB))
    (found,) = await store.rollups.percentiles(of_rooms(), "rtt_ms", (0.5, 0.95, 0.99), as_told)
    assert (found.key, found.from_ms, found.samples) == (ROOM, TEN, 300)
    exact = [np.quantile(values, each, method="lower") for each in (0.5, 0.95, 0.99)]
    assert found.values == pytest.approx(exact, rel=0.02)


async def test_every_direction_is_a_metric_of_its_own(store: Store, how_far: str) -> None:
    media = MediaStats(TEN, up=Direction(0.5, 10, 1_000), down=Direction(0.0, 20, 2_000_000))
    await posted(store, how_far, post(media))
    expected = {
        "rtt_ms": None,
        "up.loss_ratio": 0.5,
        "down.loss_ratio": 0,
        "up.jitter_ms": 10,
        "down.jitter_ms": 20,
        "up.bitrate_bps": 1_000,
        "down.bitrate_bps": 2_000_000,
    }
    for metric, value in expected.items():
        (found,) = await store.rollups.percentiles(of_rooms(), metric, (0.95,), as_told)
        assert found.values == ((None,) if value is None else (pytest.approx(value, rel=0.02),))


async def test_hours_are_buckets_and_so_are_several(store: Store, how_far: str) -> None:
    await posted(store, how_far, *(post(*rtts(hour * 10, at_ms=TEN + hour * HOUR_MS)) for hour in (1, 2, 4)))
    span = of_rooms(TEN, TEN + 5 * HOUR_MS)
    for hours, expected in ((1, [(1, 10), (2, 20), (4, 40)]), (2, [(0, 10), (2, 20), (4, 40)]), (24, [(0, 40)])):
        found = await store.rollups.percentiles(span, "rtt_ms", (1,), as_told, bucket_ms=hours * HOUR_MS)
        assert [((each.from_ms - TEN) // HOUR_MS, round(each.values[0] or 0)) for each in found] == [
            (hour, pytest.approx(value, rel=0.05)) for hour, value in expected
        ]


async def test_an_hour_that_is_asked_for_in_part_counts_whole(store: Store, how_far: str) -> None:
    await posted(store, how_far, post(*rtts(10)), post(*rtts(20, at_ms=TEN + HOUR_MS)))
    (found,) = await store.rollups.percentiles(of_rooms(TEN + 1, TEN + 2), "rtt_ms", (1,), as_told)
    assert found.samples == 1


async def test_keys_come_in_their_order_and_a_page_at_a_time(store: Store, how_far: str) -> None:
    await posted(store, how_far, *(post(*rtts(10), room_sid=sid) for sid in (OTHER_ROOM, ROOM)))
    first = await store.rollups.percentiles(of_rooms(limit=1), "rtt_ms", (0.5,), as_told)
    rest = await store.rollups.percentiles(of_rooms(limit=1, after=ROOM), "rtt_ms", (0.5,), as_told)
    chosen = await store.rollups.percentiles(of_rooms(keys=[OTHER_ROOM, "RM"]), "rtt_ms", (0.5,), as_told)
    assert [[each.key for each in found] for found in (first, rest, chosen)] == [[ROOM], [OTHER_ROOM], [OTHER_ROOM]]


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("account", ACCOUNT),
        ("edge", "ie1"),
        ("sdk", "twilio-video.js 2.36.0"),
        ("browser", "Chrome 156"),
        ("network", "4g"),
    ],
)
async def test_samples_count_in_every_dimension(store: Store, how_far: str, scope: str, key: str) -> None:
    await posted(store, how_far, post(*rtts(10, 20)), post(*rtts(30), room_sid=OTHER_ROOM))
    found = await store.rollups.percentiles(Selection(scope, TEN, TEN + HOUR_MS), "rtt_ms", (1,), as_told)
    assert [(each.key, each.samples) for each in found] == [(key, 3)]


async def test_what_a_client_said_before_still_holds(store: Store, how_far: str) -> None:
    await posted(store, how_far, post(*rtts(10)), post(*rtts(20, at_ms=TEN + MINUTE_MS), client=None))
    found = await store.rollups.percentiles(Selection("browser", TEN, TEN + HOUR_MS), "rtt_ms", (1,), as_told)
    assert [(each.key, each.samples) for each in found] == [("Chrome 156", 2)]


async def test_what_nobody_told_is_unknown(store: Store, how_far: str) -> None:
    await posted(store, how_far, post(*rtts(10), client=None))
    found = await store.rollups.percentiles(Selection("browser", TEN, TEN + HOUR_MS), "rtt_ms", (1,), as_told)
    assert [each.key for each in found] == ["unknown"]


async def test_browsers_that_are_too_many_are_other(store: Store, how_far: str) -> None:
    everybody = [
        post(*rtts(10), reporter=f"PA{number:032}", client=ClientInfo(browser=f"B{number:03}"))
        for number in range(VALUES_A_DIMENSION + 3)
    ]
    await posted(store, how_far, *everybody, at_a_time=40)  # two hundred parts would take long
    browsers = Selection("browser", TEN, TEN + HOUR_MS, limit=1_000)
    found = await store.rollups.percentiles(browsers, "rtt_ms", (1,), as_told)
    assert len(found) == VALUES_A_DIMENSION + 1
    assert {each.key: each.samples for each in found}[OTHER] == 3


# --- people -----------------------------------------------------------------------------------------------


async def minutes(store: Store, scope: str = "room", key: str = ROOM) -> Buckets:
    return await store.rollups.minutes(scope, key, TEN, TEN + HOUR_MS, as_told)


async def test_a_minute_knows_what_was_counted_in_it(store: Store, how_far: str) -> None:
    first = [*rtts(10, 20, 60), level(4, at_ms=TEN + 1), level(None, at_ms=TEN + 2), level(0, at_ms=TEN + 3, of=BOB)]
    await posted(store, how_far, post(*first), post(*rtts(40, at_ms=TEN + 3 * MINUTE_MS)))
    found = await minutes(store)
    assert found.count("samples")[:5].tolist() == [6, 0, 0, 1, 0]
    assert [found.count(f"level_{each}")[0] for each in (0, 4, "unknown")] == [0, 1, 1]
    assert found.mean("rtt_ms")[[0, 3]].tolist() == [30, 40]
    assert np.isnan(found.mean("rtt_ms")[1])


async def test_somebody_heard_in_two_posts_of_a_minute_is_one_person(store: Store, how_far: str) -> None:
    await posted(store, how_far, post(*rtts(1)), post(*rtts(2, at_ms=TEN + 30_000)), post(*rtts(3), reporter=BOB))
    assert (await minutes(store)).people[0, HEARD] == 2
    (found,) = await store.rollups.attendance(Selection("sdk", TEN, TEN + HOUR_MS), as_told)
    assert (found.participants, found.heard, found.expected) == (2, 2, 2)


async def test_a_level_holds_until_the_next_while_somebody_is_heard(store: Store, how_far: str) -> None:
    told = [level(1, at_ms=TEN + 2 * MINUTE_MS + 5), level(4, at_ms=TEN + 5 * MINUTE_MS + 5)]
    heard = [MediaStats(TEN + minute * MINUTE_MS) for minute in (0, 1, 2, 3, 5, 6)]
    await posted(store, how_far, post(*heard[:3], told[0]), post(*heard[3:], told[1]))
    found = (await minutes(store)).people[:7]
    assert found[:, RATED].tolist() == [0, 0, 1, 1, 0, 1, 1]
    assert found[:, DEGRADED].tolist() == [0, 0, 1, 1, 0, 0, 0]


async def test_gaps_show_in_what_was_expected_and_not_heard(store: Store, how_far: str) -> None:
    heard = [MediaStats(TEN + minute * MINUTE_MS) for minute in (0, 1, 9)]
    await posted(store, how_far, post(*heard[:2]), post(*heard[2:]))
    (found,) = await store.rollups.attendance(Selection("browser", TEN, TEN + HOUR_MS), as_told)
    assert (found.key, found.participants, found.heard, found.expected) == ("Chrome 156", 1, 3, 10)


async def test_who_was_there_for_two_hours_is_one_person(store: Store, how_far: str) -> None:
    await posted(store, how_far, post(*rtts(1)), post(*rtts(1, at_ms=TEN + HOUR_MS)))
    (found,) = await store.rollups.attendance(Selection("account", TEN, TEN + 2 * HOUR_MS), as_told)
    assert (found.key, found.participants, found.heard) == (ACCOUNT, 1, 2)


# --- the worst --------------------------------------------------------------------------------------------


async def test_the_worst_rooms_come_first(store: Store, how_far: str) -> None:
    well = post(*rtts(10, 20), level(5, at_ms=TEN))
    ill = post(*rtts(300), level(1, at_ms=TEN), room_sid=OTHER_ROOM)
    await posted(store, how_far, well, ill)
    for by in ("rtt_ms", DEGRADED_MINUTES):
        found = await store.rollups.worst_rooms(by, TEN, TEN + HOUR_MS, as_told)
        assert [each.room for each in found] == [OTHER_ROOM, ROOM]
        assert len(await store.rollups.worst_rooms(by, TEN, TEN + HOUR_MS, as_told, limit=1)) == 1


async def test_a_room_that_nothing_is_known_of_is_not_among_the_worst(store: Store, how_far: str) -> None:
    await posted(store, how_far, post(MediaStats(TEN)))
    assert await store.rollups.worst_rooms("rtt_ms", TEN, TEN + HOUR_MS, as_told) == []
    assert await store.rollups.worst_rooms(DEGRADED_MINUTES, TEN, TEN + HOUR_MS, as_told) == []


# --- what is not answered ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selection",
    [
        Selection("weather", TEN, TEN + HOUR_MS),
        of_rooms(TEN, TEN),
        of_rooms(TEN, TEN + LONGEST_MS + 1),
        of_rooms(limit=0),
        of_rooms(limit=1_001),
        of_rooms(keys=[str(number) for number in range(1_001)]),
    ],
)
async def test_what_is_too_much_is_refused(store: Store, selection: Selection) -> None:
    with pytest.raises(Unanswerable, match=r"expected .* got"):
        await store.rollups.percentiles(selection, "rtt_ms", (0.5,), as_told)
    with pytest.raises(Unanswerable, match=r"expected .* got"):
        await store.rollups.attendance(selection, as_told)


async def test_what_makes_no_sense_is_refused(store: Store) -> None:
    rollups = store.rollups
    for asked in (
        rollups.percentiles(of_rooms(), "weather", (0.5,), as_told),
        rollups.percentiles(of_rooms(), "rtt_ms", (), as_told),
        rollups.percentiles(of_rooms(), "rtt_ms", (95,), as_told),
        rollups.percentiles(of_rooms(), "rtt_ms", (0.5,), as_told, bucket_ms=MINUTE_MS),
        rollups.percentiles(of_rooms(TEN, TEN + LONGEST_MS), "rtt_ms", (0.5,), as_told, bucket_ms=HOUR_MS),
        rollups.worst_rooms("weather", TEN, TEN + HOUR_MS, as_told),
        rollups.minutes("room", ROOM, TEN, TEN + 32 * DAY_MS, as_told),
    ):
        with pytest.raises(Unanswerable, match=r"expected .* got"):
            await asked


# --- where the media of a room is handled -----------------------------------------------------------------


def in_regions(**regions: str) -> Resolve:
    """Return who knows the media region of some rooms."""
    return lambda place, _: Resolved(place, regions.get(place.room))


async def by_region(store: Store, resolve: Resolve) -> list[tuple[str, int]]:
    found = await store.rollups.percentiles(Selection("region", TEN, TEN + HOUR_MS), "rtt_ms", (1,), resolve)
    return [(each.key, each.samples) for each in found]


@pytest.mark.parametrize("is_settled", [False, True])
async def test_samples_count_in_the_media_region_of_their_room(store: Store, is_settled: bool) -> None:
    known = in_regions(**{ROOM: "us1", OTHER_ROOM: "de1"})
    for each in (post(*rtts(10, 20)), post(*rtts(30), room_sid=OTHER_ROOM)):
        await posted(store, "in the log", each)
    if is_settled:
        await store.samples.settle(NOW_MS, 0, known)
    assert await by_region(store, known) == [("de1", 1), ("us1", 2)]


async def test_a_region_that_was_known_once_holds_for_what_comes_later(store: Store) -> None:
    await posted(store, "in the log", post(*rtts(10)))
    await store.samples.settle(NOW_MS, 0, in_regions(**{ROOM: "us1"}))
    await posted(store, "in the log", post(*rtts(20, at_ms=TEN + MINUTE_MS)))
    await store.samples.settle(NOW_MS, 0, as_told)
    if not isinstance(store, MemoryStore):  # which settles nothing, and so learns nothing by it
        assert await by_region(store, as_told) == [("us1", 2)]


@pytest.mark.parametrize("is_settled", [False, True])
async def test_rooms_whose_region_nobody_knows_are_unknown(store: Store, is_settled: bool) -> None:
    await posted(store, "in the log", post(*rtts(10)))
    if is_settled:
        await store.samples.settle(NOW_MS, 0, as_told)
    assert await by_region(store, as_told) == [("unknown", 1)]


async def test_regions_are_as_they_were_when_hours_are_added_up_anew(store: Store) -> None:
    known = in_regions(**{ROOM: "us1", OTHER_ROOM: "de1"})
    for each in (post(*rtts(10, 20)), post(*rtts(30), room_sid=OTHER_ROOM)):
        await posted(store, "in the log", each)
    await store.samples.settle(NOW_MS, 0, known)
    await store.rollups.rebuild(TEN, TEN + HOUR_MS)
    resolve = known if isinstance(store, MemoryStore) else as_told
    assert await by_region(store, resolve) == [("de1", 1), ("us1", 2)]


# --- in the course of time --------------------------------------------------------------------------------


async def test_who_was_known_by_name_first_counts_once(store: Store) -> None:
    def resolve(place: Place, at_ms: int) -> Resolved:
        return Resolved(Place(ROOM, ALICE) if place.room == "name:acme" else place)

    by_name = {"room_sid": None, "room_name": "acme", "reporter": None, "identity": "alice"}
    for each in (post(*rtts(1), **by_name), post(*rtts(2))):
        await posted(store, "in the log", each)
    for settled in (False, True):
        if settled:
            await store.samples.settle(NOW_MS, 0, resolve)
        (found,) = await store.rollups.attendance(of_rooms(), resolve)
        assert (found.key, found.participants) == (ROOM, 1)


async def test_questions_between_posts_see_what_has_come_since(store: Store) -> None:
    for number in range(1, 4):
        await posted(store, "in the log", post(*rtts(number)))
        (found,) = await store.rollups.percentiles(of_rooms(), "rtt_ms", (1,), as_told)
        assert found.samples == number


async def test_what_comes_late_is_added_to_an_hour_that_was_put_together(store: Store) -> None:
    await posted(store, "merged", post(*rtts(10)))
    await posted(store, "merged", post(*rtts(20)))
    (found,) = await store.rollups.percentiles(of_rooms(), "rtt_ms", (1,), as_told)
    assert found.samples == 2


async def test_rollups_stay_when_samples_go(store: Store) -> None:
    await posted(store, "merged", post(*rtts(10)))
    if isinstance(store, SqliteStore):
        await store.retain(TEN + 2 * DAY_MS, Keeping(raw_days=1, history_days=1, rollups_days=30))
        (found,) = await store.rollups.percentiles(of_rooms(), "rtt_ms", (1,), as_told)
        assert found.samples == 1
        with pytest.raises(Unanswerable, match="kept whole"):
            await store.rollups.rebuild(TEN, TEN + HOUR_MS)
    await store.retain(TEN + 40 * DAY_MS, Keeping(raw_days=1, history_days=1, rollups_days=30))
    assert await store.rollups.percentiles(of_rooms(), "rtt_ms", (1,), as_told) == []

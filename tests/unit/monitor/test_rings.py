"""What is kept of somebody's last minutes."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.entities import Room
from monitor.live import Live
from monitor.rings import BEGIN_TOGETHER_MS, SAMPLES, Ring, Rings, Sample, values_of, values_of_rows
from tests.builders import NOW_MS, batch, connection, level

ROOM = Room("RM1")
SAMPLE = Sample(NOW_MS, 61.5, 4.0, 0.0, 812_000.0, 640_000.0, 24.0)
UP = Direction(loss_ratio=0.5, jitter_ms=1.0, bitrate_bps=1000, fps=24, limited_by="cpu")
DOWN = Direction(loss_ratio=0.25, jitter_ms=2.0, bitrate_bps=2000, fps=30)


def kept(*samples: Sample) -> list[Sample]:
    ring = Ring(NOW_MS, ROOM)
    ring.push(map(astuple, samples))
    return list(ring.samples())


def test_what_went_in_comes_out_and_unknown_stays_unknown() -> None:
    assert kept(SAMPLE, Sample(NOW_MS + 1)) == [SAMPLE, Sample(NOW_MS + 1)]


def test_the_oldest_makes_way() -> None:
    many = [replace(SAMPLE, at_ms=NOW_MS + n) for n in range(SAMPLES + 5)]
    assert [each.at_ms for each in kept(*many)] == [each.at_ms for each in many[5:]]


def test_who_sends_no_samples_takes_no_room_for_them() -> None:
    live = Live()
    live.apply(batch(level(3)))
    (alice,) = live.participants()
    ring = live.rings.find(alice)
    assert ring is not None
    assert len(ring.data) < 64
    assert live.rings.samples(alice) == []


def test_numbers_are_kept_to_three_digits() -> None:
    (found,) = kept(replace(SAMPLE, rtt_ms=123.456, up_bps=1_234_567.0))
    assert abs(found.rtt_ms / 123.456 - 1) < 0.001
    assert abs(found.up_bps / 1_234_567 - 1) < 0.001


def test_numbers_out_of_this_world_are_cut_and_do_no_harm() -> None:
    absurd = Sample(NOW_MS - 5, 1e30, 1e30, 1.0, 1e30, None, 1e30)
    assert [astuple(each) for each in kept(absurd)] == [(NOW_MS, 65504.0, 65504.0, 1.0, 65504000.0, None, 65504.0)]


def test_of_both_directions_the_worse_counts_and_unknown_is_not_better() -> None:
    assert values_of(MediaStats(NOW_MS, up=UP, down=DOWN)) == (NOW_MS, None, 2.0, 0.5, 1000, 2000, 24)
    assert values_of(MediaStats(NOW_MS, down=DOWN)) == (NOW_MS, None, 2.0, 0.25, None, 2000, None)


NUMBERS = st.none() | st.sampled_from([0.0, 1e-9, 0.25, 61.5, 812_000.0, 65_504.0, 65_520.0, 1e30])
DIRECTIONS = st.none() | st.builds(Direction, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
MOMENTS = st.integers(NOW_MS - 10, NOW_MS + 10) | st.just(NOW_MS + 2**33)


@given(st.lists(st.builds(MediaStats, MOMENTS, rtt_ms=NUMBERS, up=DIRECTIONS, down=DIRECTIONS), max_size=150))
def test_what_is_heard_at_one_go_is_kept_as_one_by_one(media: list[MediaStats]) -> None:
    at_one_go, one_by_one = Ring(NOW_MS, ROOM), Ring(NOW_MS, ROOM)
    at_one_go.hear(media)
    for seen in media:
        one_by_one.push([values_of(seen)])
    assert list(at_one_go.samples()) == list(one_by_one.samples())
    assert len(list(at_one_go.samples())) == min(len(media), SAMPLES)


def test_however_many_came_the_last_are_kept_in_order() -> None:
    ring = Ring(NOW_MS, ROOM)
    for start in range(0, 10 * SAMPLES, 7):
        ring.hear([MediaStats(NOW_MS + start + n) for n in range(7)])
        last = start + 6
        assert [each.at_ms - NOW_MS for each in ring.samples()] == list(range(max(0, last - SAMPLES + 1), last + 1))


def test_rings_that_begin_within_a_day_share_the_moment_and_others_do_not() -> None:
    rings = Rings()
    moments = [NOW_MS, NOW_MS + 1000, NOW_MS + BEGIN_TOGETHER_MS + 1, NOW_MS - 1]
    for moment in moments:
        rings.of(f"PA{moment}", ROOM, moment).hear([MediaStats(moment + 1)])
    found = [rings.of(f"PA{moment}", ROOM, 0) for moment in moments]
    assert [[sample.at_ms for sample in ring.samples()] for ring in found] == [[moment + 1] for moment in moments]
    assert found[0].since_ms is found[1].since_ms
    assert all(ring.since_ms <= moment for ring, moment in zip(found, moments, strict=True))


def test_a_series_has_the_samples_of_its_rows() -> None:
    series = MediaStatsSeries(
        (NOW_MS, NOW_MS + 2, NOW_MS + 1),
        rtt_ms=(1.0, None, 3.0),
        up=DirectionSeries(loss_ratio=(0.5, None, 0.1), fps=(24, 25, None), limited_by=("cpu", None, None)),
        down=DirectionSeries(loss_ratio=(0.25, None, 0.2), bitrate_bps=(1.0, 2.0, None), jitter_ms=(None, 1.0, 2.0)),
    )
    rows = list(series.rows())
    assert list(values_of_rows(series)) == [values_of(row) for row in rows]
    assert series.latest() == rows[1]


def test_the_picture_keeps_samples_of_those_who_are_there() -> None:
    live = Live()
    live.apply(batch(MediaStats(NOW_MS, rtt_ms=50.0), MediaStats(NOW_MS + 10_000, rtt_ms=100.0)))
    (alice,) = live.participants()
    assert [sample.rtt_ms for sample in live.rings.samples(alice)] == [50.0, 100.0]
    live.apply(batch(connection("disconnected")))
    assert live.rings.samples(alice) == []


def test_two_people_of_one_name_in_two_rooms_have_a_ring_each() -> None:
    live, names = Live(), {"reporter": None, "identity": "alice", "room_sid": None}
    for room, rtt_ms in (("one", 1.0), ("two", 2.0)):
        live.apply(batch(MediaStats(NOW_MS, rtt_ms=rtt_ms), room_name=room, **names))
    assert [sample.rtt_ms for who in live.participants() for sample in live.rings.samples(who)] == [1.0, 2.0]
    live.apply(batch(connection("disconnected"), room_name="one", **names))
    (left,) = live.participants()
    assert [sample.rtt_ms for sample in live.rings.samples(left)] == [2.0]

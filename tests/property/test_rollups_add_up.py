"""A sketch keeps its promise, and the parts of an hour add up to it however it was cut."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from collectors.observations import Direction, MediaStats, NetworkQuality
from monitor.history import counters, people
from monitor.history.counters import Malformed
from monitor.history.gathering import Gathering
from monitor.history.people import People, hashed, united
from monitor.history.rollup_rows import Row, packed, unpacked
from monitor.history.rollups import HOUR_MS, METRICS, Rollups, merged, rolled
from monitor.history.samples import Samples
from monitor.history.sketches import BINS, HIGHEST, LOWEST, RELATIVE_ERROR, quantiles, sketched
from monitor.history.spans import Who
from tests.builders import ALICE, BOB, CAROL, NOW_MS

HOUR_START_MS = NOW_MS // HOUR_MS * HOUR_MS
_VALUES = st.lists(st.just(0.0) | st.floats(2 * LOWEST, HIGHEST), min_size=1, max_size=200)
_QUANTILES = st.floats(0, 1)
_MOMENTS = st.integers(HOUR_START_MS, HOUR_START_MS + 2 * HOUR_MS - 1)
_DIRECTIONS = st.builds(Direction, st.none() | st.floats(0, 1), jitter_ms=st.floats(0, 500), freezes=st.integers(0, 3))
_MEDIA = st.builds(
    MediaStats, _MOMENTS, rtt_ms=st.none() | st.floats(0, 5_000), up=_DIRECTIONS, down=st.none() | _DIRECTIONS
)
_LEVELS = st.builds(NetworkQuality, _MOMENTS, st.none() | st.integers(0, 5), st.sampled_from([None, ALICE, BOB]))
_SEEN = st.tuples(st.sampled_from([ALICE, BOB, CAROL]), _MEDIA | _LEVELS)


def who(participant: str) -> Who:
    return Who(
        hashed("RM", participant), participant, {"room": "RM", "browser": "Chrome" if participant < BOB else "Edge"}
    )


def gathered(observations: Sequence[MediaStats | NetworkQuality]) -> Samples:
    gathering = Gathering()
    gathering.add(observations)
    return gathering.samples()


def rolled_up(seen: Sequence[tuple[str, MediaStats | NetworkQuality]]) -> Rollups:
    return rolled(
        (who(each), gathered([what for somebody, what in seen if somebody == each]))
        for each in sorted({somebody for somebody, _ in seen})
    )


def parts_of(seen: Sequence[tuple[str, MediaStats | NetworkQuality]], cuts: Sequence[int]) -> list[Rollups]:
    bounds = sorted({0, len(seen), *(cut % (len(seen) + 1) for cut in cuts)})
    return [rolled_up(seen[start:end]) for start, end in pairwise(bounds)]


def contents(rollups: Rollups) -> dict[object, Row]:
    return {row[:3]: row for row in packed(rollups)}


# --- sketches ---------------------------------------------------------------------------------------------


@given(_VALUES, _QUANTILES)
def test_a_quantile_is_within_two_per_cent_of_the_exact_one(values: list[float], wanted: float) -> None:
    ((found,),) = quantiles(sketched(np.array(values))[np.newaxis], [wanted])
    exact = float(np.quantile(values, wanted, method="lower"))
    assert found == pytest.approx(exact, rel=RELATIVE_ERROR + 1e-9)


@given(_VALUES, _QUANTILES)
def test_a_sketch_says_what_the_librarys_own_says(values: list[float], wanted: float) -> None:
    theirs = DDSketch(RELATIVE_ERROR)
    for value in values:
        theirs.add(value)
    ((ours,),) = quantiles(sketched(np.array(values))[np.newaxis], [wanted])
    assert ours == pytest.approx(theirs.get_quantile_value(wanted), rel=2 * RELATIVE_ERROR + 1e-9)


@given(_VALUES, _VALUES)
def test_sketches_added_are_the_sketch_of_everything(some: list[float], others: list[float]) -> None:
    together = sketched(np.array(some)) + sketched(np.array(others))
    assert together.tolist() == sketched(np.array(others + some)).tolist()


def test_a_sketch_of_nothing_has_no_quantile() -> None:
    assert quantiles(sketched(np.array([np.nan]))[np.newaxis], [0.5, 0.95]) == [(None, None)]


def test_zeros_are_zero_and_what_is_beyond_all_measure_is_the_highest() -> None:
    ((low, high),) = quantiles(sketched(np.array([0.0, 0.0, 1e30]))[np.newaxis], [0.5, 1])
    assert low == 0
    assert high == pytest.approx(HIGHEST, rel=RELATIVE_ERROR)


def test_a_tenth_of_a_thousandth_is_not_zero() -> None:
    ((found,),) = quantiles(sketched(np.array([1 / 10_000]))[np.newaxis], [0.5])
    assert found == pytest.approx(1e-4, rel=RELATIVE_ERROR)


# --- rollups ----------------------------------------------------------------------------------------------


@given(st.lists(_SEEN, min_size=1, max_size=30), st.permutations(range(3)))
def test_parts_put_together_in_any_order_are_the_same(
    seen: list[tuple[str, MediaStats | NetworkQuality]], order: list[int]
) -> None:
    parts = [rolled_up(seen[start::3]) for start in range(3)]
    one_by_one = merged([merged([parts[order[0]], parts[order[1]]]), parts[order[2]]])
    assert contents(one_by_one) == contents(merged([parts[0], merged(parts[1:])]))


@given(st.lists(_SEEN, min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=3))
def test_parts_of_an_hour_add_up_to_it(seen: list[tuple[str, MediaStats | NetworkQuality]], cuts: list[int]) -> None:
    in_order = sorted(seen, key=lambda each: each[1].at_ms)
    together, at_once = merged(parts_of(in_order, cuts)), rolled_up(in_order)
    assert {row[:4] for row in packed(together)} == {row[:4] for row in packed(at_once)}
    found = {row[:3]: row.sketches for row in packed(together)}
    assert found == {row[:3]: row.sketches for row in packed(at_once)}
    assert sorted(together.people.person.tolist()) == sorted(at_once.people.person.tolist())


@given(st.lists(_SEEN, min_size=1, max_size=30))
def test_every_sample_is_in_one_rollup_of_a_room_and_in_one_of_a_browser(
    seen: list[tuple[str, MediaStats | NetworkQuality]],
) -> None:
    rows = packed(rolled_up(seen))
    assert [sum(row.samples for row in rows if row.scope == scope) for scope in ("room", "browser")] == [len(seen)] * 2


@given(st.lists(_SEEN, min_size=1, max_size=30))
def test_what_was_packed_is_unpacked(seen: list[tuple[str, MediaStats | NetworkQuality]]) -> None:
    rows = packed(rolled_up(seen))
    assert packed(unpacked(rows)) == rows


# --- counters and people ----------------------------------------------------------------------------------

_ENTRIES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1_000), st.integers(1, 2**40)), max_size=40)


@given(_ENTRIES)
def test_counters_are_sums_in_order(entries: list[tuple[int, int, int]]) -> None:
    found = counters.summed(*np.array(entries, np.int64).reshape(-1, 3).T) if entries else counters.NONE
    expected: dict[tuple[int, int], int] = {}
    for owner, place, number in entries:
        expected[owner, place] = expected.get((owner, place), 0) + number
    pairs = zip(found.owner.tolist(), found.place.tolist(), strict=True)
    assert dict(zip(pairs, found.number.tolist(), strict=True)) == expected


@given(_ENTRIES)
def test_counters_come_out_of_their_bytes(entries: list[tuple[int, int, int]]) -> None:
    before = counters.summed(*np.array(entries, np.int64).reshape(-1, 3).T) if entries else counters.NONE
    after = counters.unpack(counters.pack(before, 6), 1_001)
    assert [each.tolist() for each in after] == [each.tolist() for each in before]


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_bytes_that_are_no_counters_break_nothing_else(bodies: list[bytes]) -> None:
    try:
        counters.unpack(bodies, BINS)
    except Malformed:
        return
    assert all(not body or body[-1] < 0x80 for body in bodies)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_bytes_that_are_no_rollup_are_called_so(body: bytes, sketches: bytes) -> None:
    with pytest.raises(Malformed):
        unpacked([Row("room", "RM", 0, 1, body, sketches)])


def there(*persons: int) -> People:
    masks = np.ones((len(persons), people.MASKS), np.int64)
    return united(np.zeros(len(persons), np.int64), np.array(persons, np.int64), masks)


def test_few_people_are_counted_and_many_are_estimated() -> None:
    assert people.numbers(there(*range(100)), 1).tolist() == [100]
    many = there(*(hashed("RM", str(each)) for each in range(20_000)))
    assert len(many.person) == people.KEPT
    assert people.numbers(many, 1)[0] == pytest.approx(20_000, rel=0.06)


def test_a_sample_of_people_is_the_same_whichever_way_they_came() -> None:
    persons = [hashed("RM", str(each)) for each in range(10_000)]
    halves = [there(*persons[:5_000]), there(*persons[5_000:])]
    joined = united(*(np.concatenate(column) for column in zip(*halves, strict=True)))
    assert joined.person.tolist() == there(*persons).person.tolist()


def test_every_metric_has_a_sketch_of_its_own() -> None:
    media = MediaStats(HOUR_START_MS, rtt_ms=100, up=Direction(0.5, 10, 1_000), down=Direction(0.25, 20, 2_000))
    row = packed(rolled_up([(ALICE, media)]))[0]
    found = unpacked([row]).counters
    assert len(found.place[found.place >= found.place.max() - BINS * len(METRICS)]) >= len(METRICS)

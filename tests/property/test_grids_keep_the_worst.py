"""Whatever is laid on a grid, the worst is kept, every sample lands in exactly one step, and unknown stays unknown."""

from math import isnan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.observations import Direction, MediaStats
from monitor.history.gathering import Gathering
from monitor.history.grids import Grid, grid_of, grid_over, idle_samples, laid, worst_levels
from monitor.history.samples import PLACE_OF, Samples
from monitor.history.scores import scores_of
from tests.builders import NOW_MS, level

HOUR_MS = 3_600_000
moments = st.integers(NOW_MS - 60_000, NOW_MS + HOUR_MS)
numbers = st.none() | st.integers(0, 2_000).map(float)
directions = st.none() | st.builds(
    Direction,
    st.none() | st.integers(0, 100).map(lambda percent: percent / 100),
    numbers,
    numbers,
    numbers,
    freezes=st.none() | st.integers(0, 5),
    limited_by=st.sampled_from([None, "none", "cpu"]),
)
media = st.lists(st.builds(MediaStats, moments, st.just(10_000), numbers, directions, directions), max_size=25)
grids = st.builds(
    grid_over,
    st.integers(NOW_MS, NOW_MS + 60_000),
    st.integers(NOW_MS + 120_000, NOW_MS + HOUR_MS),
    st.integers(10, 40),
)


def gathered(seen: list[MediaStats]) -> Samples:
    gathering = Gathering()
    gathering.add(tuple(seen), 0)
    return gathering.samples()


def of_step(samples: Samples, grid: Grid, step: int) -> Samples:
    from_ms = grid.from_ms + step * grid.step_ms
    return samples.within(from_ms, from_ms + grid.step_ms)


def same(one: float, other: float) -> bool:
    return one == other or (isnan(one) and isnan(other))


def known(values: np.ndarray) -> list[float]:
    return [float(value) for value in values if not isnan(value)]


@given(media, grids)
def test_every_sample_lands_in_exactly_one_step(seen: list[MediaStats], grid: Grid) -> None:
    samples = gathered(seen)
    landed = sum(len(of_step(samples, grid, step).at_ms) for step in range(grid.steps))
    assert landed == len(samples.within(grid.from_ms, grid.to_ms).at_ms)
    told = laid(samples, grid)
    freezes = sum(known(told.media[:, PLACE_OF["up.freezes"]]))
    assert freezes == sum(known(samples.within(grid.from_ms, grid.to_ms).column("up.freezes")))


@given(media, grids)
def test_a_step_shows_the_worst_of_what_landed_in_it_and_nothing_where_nothing_did(
    seen: list[MediaStats], grid: Grid
) -> None:
    samples = gathered(seen)
    told = laid(samples, grid)
    for step in range(grid.steps):
        here = of_step(samples, grid, step)
        rtts, bitrates = known(here.column("rtt_ms")), known(here.column("down.bitrate_bps"))
        assert same(told.media[step, PLACE_OF["rtt_ms"]], max(rtts, default=np.nan))
        assert same(told.media[step, PLACE_OF["down.bitrate_bps"]], min(bitrates, default=np.nan))
        assert same(told.score[step], min(known(scores_of(here)), default=np.nan))
        assert same(told.idle[step], min(known(idle_samples(here)), default=np.nan))


@given(media, grids)
def test_a_limit_is_shown_rather_than_none(seen: list[MediaStats], grid: Grid) -> None:
    samples = gathered(seen)
    told = laid(samples, grid)
    for step in range(grid.steps):
        words = {each.up.limited_by for each in of_step(samples, grid, step).media_stats() if each.up} - {None}
        number = told.media[step, PLACE_OF["up.limited_by"]]
        shown = None if isnan(number) else told.words[int(number)]
        assert shown == ("cpu" if "cpu" in words else "none" if words else None)


@given(st.lists(st.tuples(moments, st.none() | st.integers(0, 5))), grids)
def test_a_level_holds_until_the_next_and_the_lowest_is_shown(told: list[tuple[int, int | None]], grid: Grid) -> None:
    gathering = Gathering()
    gathering.add(tuple(level(value, at_ms=at_ms) for at_ms, value in told), 0)
    samples = gathering.samples()
    worst = worst_levels(samples.level_at_ms, samples.levels[:, 0], grid)
    words = [*zip(samples.level_at_ms.tolist(), samples.levels[:, 0].tolist(), strict=True)]
    for step in range(grid.steps):
        from_ms = grid.from_ms + step * grid.step_ms
        before = [value for at_ms, value in words if at_ms <= from_ms][-1:]
        here = [value for at_ms, value in words if from_ms < at_ms < from_ms + grid.step_ms]
        levels = [value for value in before + here if not isnan(value)]
        at_begin = [value for at_ms, value in words if at_ms == from_ms and not isnan(value)]
        assert same(worst[step], min(levels + at_begin, default=np.nan))


@given(st.integers(0, 2**41), st.integers(1, 2 * 86_400_000), st.integers(10, 2_000), st.integers(1_000, 60_000))
def test_a_grid_covers_its_time_in_few_steps_that_are_never_too_short(
    from_ms: int, span_ms: int, points: int, every_ms: int
) -> None:
    grid = grid_over(from_ms, from_ms + span_ms, points, every_ms)
    assert grid.from_ms <= from_ms
    assert from_ms + span_ms <= grid.to_ms
    assert grid.steps <= points
    assert grid.step_ms >= every_ms


@given(grids, moments, st.integers(1, HOUR_MS))
def test_grids_of_one_length_fit_each_other(grid: Grid, from_ms: int, span_ms: int) -> None:
    other = grid_of(from_ms, from_ms + span_ms, grid.step_ms)
    assert (other.from_ms - grid.from_ms) % grid.step_ms == 0


@given(st.lists(st.builds(MediaStats, moments, up=directions), max_size=9))
def test_nobody_is_idle_of_whom_it_is_not_known(seen: list[MediaStats]) -> None:
    assert not (idle_samples(gathered(seen)) == 1).any()

"""A glance never contradicts the score, and minutes judged live are those that are judged afterwards."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.observations import Direction, DirectionSeries, MediaStats, MediaStatsSeries
from monitor.glances import are_well, is_well, run_of_well
from monitor.good_minutes import GOOD_SCORE, good_minutes, heard_in
from monitor.live import Live
from monitor.outcomes import Outcome, Over
from monitor.quality import score_of
from tests.builders import NOW_MS, batch, connection

STEP_MS = 10_000

maybe = st.none


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def ways(draw: st.DrawFn) -> Direction:
    """Return a direction that is often good, and often just about."""
    return Direction(
        loss_ratio=draw(maybe() | numbers(0, 0.04) | numbers(0, 1)),
        jitter_ms=draw(maybe() | numbers(0, 35) | numbers(0, 1e3)),
        bitrate_bps=draw(maybe() | numbers(0, 2e6)),
        fps=draw(maybe() | numbers(0, 40)),
        width=draw(maybe() | st.integers(0, 1280)),
        height=draw(maybe() | st.integers(0, 720)),
        freezes=draw(maybe() | st.integers(0, 5)),
        limited_by=draw(maybe() | st.sampled_from(["none", "cpu", "bandwidth", "other"])),
    )


@st.composite
def samples(draw: st.DrawFn) -> MediaStats:
    rtt_ms = draw(maybe() | numbers(0, 350) | numbers(0, 5e3))
    return MediaStats(NOW_MS, STEP_MS, rtt_ms, up=draw(maybe() | ways()), down=draw(maybe() | ways()))


@given(samples())
def test_what_is_plainly_well_has_a_good_score_that_proves_it(seen: MediaStats) -> None:
    if run_of_well([seen], seen.at_ms) == (1, seen.at_ms):
        score = score_of(seen)
        assert score is not None
        assert score.value >= GOOD_SCORE
        assert score.is_loss_known


@given(samples())
def test_adding_points_up_never_contradicts_the_score(seen: MediaStats) -> None:
    verdict = is_well(seen)
    assert verdict is None or verdict == heard_in(seen, None).is_well


@pytest.mark.parametrize(
    "worst",
    [
        (150.0, Direction(0.023, 30.0, 0.5 * 640 * 360, 15.0, 640, 360, 0, "cpu")),
        (100.0, Direction(0.005, 15.0, 0.5 * 640 * 360, 15.0, 640, 360, 1, "none")),
    ],
)
def test_the_worst_that_is_plainly_well_is_good(worst: tuple[float, Direction]) -> None:
    rtt_ms, way = worst
    seen = MediaStats(NOW_MS, STEP_MS, rtt_ms, up=way, down=way)
    assert run_of_well([seen], NOW_MS) == (1, NOW_MS)
    assert heard_in(seen, None).is_well


def test_a_run_ends_at_a_gap() -> None:
    way = Direction(loss_ratio=0.0, jitter_ms=1.0, bitrate_bps=1e6)
    seen = [MediaStats(NOW_MS + after, STEP_MS, 50.0, way, way) for after in (STEP_MS, 2 * STEP_MS, 4 * STEP_MS)]
    assert run_of_well(seen, NOW_MS) == (2, NOW_MS + 2 * STEP_MS)


def as_series(seen: list[MediaStats]) -> MediaStatsSeries:
    """Return samples as columns; what none of them has is left out."""

    def column(values: list[object]) -> tuple[object, ...]:
        return tuple(values) if any(value is not None for value in values) else ()

    def way(name: str) -> DirectionSeries | None:
        each = [getattr(sample, name) or Direction() for sample in seen]
        if all(way == Direction() for way in each):
            return None
        return DirectionSeries(**{f: column([getattr(way, f) for way in each]) for f in Direction.__struct_fields__})

    at_ms = tuple(NOW_MS + STEP_MS * number for number in range(len(seen)))
    rtt_ms = column([sample.rtt_ms for sample in seen])
    return MediaStatsSeries(at_ms, (STEP_MS,) * len(seen), rtt_ms, way("up"), way("down"))  # type: ignore[arg-type]


@given(st.lists(samples(), min_size=1, max_size=5))
def test_a_series_is_plainly_well_only_if_each_of_its_samples_has_a_good_score(seen: list[MediaStats]) -> None:
    series = as_series(seen)
    if are_well(series, NOW_MS):
        for row in series.rows():
            score = score_of(row)
            assert score is None or (score.value >= GOOD_SCORE and score.is_loss_known)


@given(st.lists(samples(), min_size=1, max_size=30), st.integers(1, 6))
def test_minutes_judged_live_are_the_minutes_judged_afterwards(seen: list[MediaStats], posted_together: int) -> None:
    told: Counter[str] = Counter()

    def count(outcome: Outcome) -> None:
        if outcome.over is Over.GOOD_MINUTES:
            told.update(good=outcome.good, bad=outcome.bad, unknown=outcome.unknown)

    live = Live(on_outcome=count)
    lived = [
        MediaStats(NOW_MS + STEP_MS * number, STEP_MS, each.rtt_ms, each.up, each.down)
        for number, each in enumerate(seen)
    ]
    for first in range(0, len(lived), posted_together):
        post = lived[first : first + posted_together]
        live.apply(batch(*post, at_ms=post[-1].at_ms))
        if posted_together % 2:  # often, or as late as can be
            live.judge_minutes()
    live.apply(batch(connection("disconnected", at_ms=lived[-1].at_ms), at_ms=lived[-1].at_ms))
    afterwards = good_minutes(lived)
    assert (told["good"], told["bad"], told["unknown"]) == (afterwards.good, afterwards.bad, afterwards.unknown)

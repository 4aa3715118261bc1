"""The score of a sample is the same, whether it is reckoned alone or with a thousand others."""

from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.observations import Direction, MediaStats
from monitor.history.gathering import Gathering
from monitor.history.samples import MEDIA_FIELDS, Samples
from monitor.history.scores import scores_of
from monitor.quality import score_of
from tests.builders import NOW_MS

anything = (
    st.none()
    | st.floats()
    | st.floats(0, 1_000)
    | st.sampled_from([float("inf"), -1.0, -0.0, 1e308, 5e-324, 0.0, 1.0, 15.0])
)
sane = st.none() | st.floats(0, 1_000) | st.sampled_from([0.0, 640.0, 1e6])
ratios = st.none() | st.floats(0, 1)
limits = st.none() | st.sampled_from(["none", "cpu", "bandwidth", "other", "moon"])


def media(ratio: st.SearchStrategy[Any], amount: st.SearchStrategy[Any]) -> st.SearchStrategy[MediaStats]:
    ways = st.none() | st.builds(Direction, ratio, *[amount] * 6, limits)
    return st.builds(MediaStats, st.just(NOW_MS), amount, amount, ways, ways)


def laid_down(each: list[MediaStats]) -> Samples:
    """Return samples as columns, with values as they are: history rounds sizes to whole ones."""
    words = tuple({way.limited_by for one in each for way in (one.up, one.down) if way and way.limited_by})
    table = np.full((len(each), len(MEDIA_FIELDS)), np.nan)
    for row, one in enumerate(each):
        for place, field in enumerate(MEDIA_FIELDS):
            way, _, name = field.name.rpartition(".")
            value = getattr(getattr(one, way) if way else one, name, None)
            if value is not None:
                table[row, place] = words.index(value) if field.is_word else value
    at_ms = np.full(len(each), NOW_MS, np.int64)
    return Samples(at_ms, table, at_ms[:0], table[:0, :2], words)


@given(st.lists(media(anything, anything) | media(ratios, sane), min_size=1, max_size=20))
@example([MediaStats(NOW_MS, up=Direction(limited_by="moon"))])
def test_many_scores_are_those_of_each(each: list[MediaStats]) -> None:
    expected = [None if (score := score_of(one)) is None else score.value for one in each]
    got = [None if np.isnan(value) else value for value in scores_of(laid_down(each)).tolist()]
    assert got == expected


def test_scores_are_those_of_what_was_gathered() -> None:
    each = MediaStats(NOW_MS, 10_000, 120.0, Direction(0.03, 12.0, 800_000.0, 24.0, 640, 360, 0, "cpu"), Direction(0.1))
    gathering = Gathering()
    gathering.add((each,), 0)
    score = score_of(each)
    assert score is not None
    assert scores_of(gathering.samples()).tolist() == [score.value]

"""Does something that was measured again and again stay as it was?

The last third is compared with the first by their medians, so that one bad moment decides nothing.  A leak is slower
than that shows, so what may not grow at all is judged by its slope as well: the median of the slopes between all pairs
of points (Theil and Sen), which outliers do not bend.
"""

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

FEWEST = 6  # points: below that there are no thirds to speak of
SLOPE_AFTER_S = 1200.0  # a slope of less time than that says more of the moment than of an hour

Point = tuple[float, float]  # when, in seconds, and what


class Bound(NamedTuple):
    """How much the last third may be above the first, and how much may be added in an hour, if that is bounded."""

    times: float
    plus: float
    per_h: float | None = None


class Course(NamedTuple):
    """What became of a figure: its medians in the first third and the last, what an hour adds, and is that flat."""

    first: float
    last: float
    per_h: float
    is_flat: bool


def course(points: Sequence[Point], bound: Bound) -> Course:
    """Return what became of a figure."""
    if len(points) < FEWEST:
        raise ValueError(f"expected at least {FEWEST} points, got {len(points)}")
    third = len(points) // 3
    first, last = (median(value for _, value in each) for each in (points[:third], points[-third:]))
    per_h = slope(points) * 3600
    is_level = last <= first * bound.times + bound.plus
    return Course(first, last, per_h, is_level and not _climbs(points, per_h, bound))


def _climbs(points: Sequence[Point], per_h: float, bound: Bound) -> bool:
    is_long = points[-1][0] - points[0][0] >= SLOPE_AFTER_S
    return bound.per_h is not None and is_long and per_h > bound.per_h


def slope(points: Sequence[Point]) -> float:
    """Return by how much it grows in a second."""
    return median((later - earlier) / (to_s - from_s) for (from_s, earlier), (to_s, later) in combinations(points, 2))

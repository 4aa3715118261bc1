"""What do others cost?  Between what was measured with so many people live, and past it."""

from collections.abc import Sequence
from itertools import pairwise
from math import log10

from monitor.capacity.assumptions import Assumed

_Points = Sequence[tuple[float, float]]

_THOUSAND = 1_000


def crowd_us(people: float, assumed: Assumed) -> float:
    """Return by how many microseconds of CPU others make a post dearer, beside a thousand of them.

    What is looked up is in a cache less and less often, so it goes with the logarithm of how many there are; past what
    was measured it goes on as steeply.
    """
    measured = ((3.0, "post_1k_us"), (4.0, "post_10k_us"), (5.0, "post_100k_us"))
    points = [(decade, assumed[name]) for decade, name in measured]
    return max(0.0, _on(points, max(3.0, log10(max(people, 1)))) - assumed["post_1k_us"])


def memory_bytes(people: float, assumed: Assumed) -> float:
    """Return what a daemon with so many people takes."""
    measured = ((0, "memory_0_mb"), (1, "memory_1k_mb"), (10, "memory_10k_mb"), (100, "memory_100k_mb"))
    return _on([(thousands * _THOUSAND, assumed[name]) for thousands, name in measured], people) * 1e6


def _on(points: _Points, at: float) -> float:
    """Return the value on the line through the points, which goes on straight behind the last."""
    for (x, y), (next_x, next_y) in pairwise(points):
        if at <= next_x or (next_x, next_y) == points[-1]:
            return y + (next_y - y) * (at - x) / (next_x - x)
    raise ValueError(f"expected two points or more, got {len(points)}")

"""How are people compared whose samples fall at different moments?

On one grid of steps.  Every sample lands in exactly one step, by its moment, and a step shows the worst of what landed
in it.  Where nothing landed, or nobody told, there is NaN: unknown, which is neither well nor zero.  Levels hold until
the next.

Steps begin at multiples of their length, so grids that were made at different times fit each other, and a step is not
shorter than the time between two samples, or most steps would be holes.
"""

from collections.abc import Iterator
from itertools import chain, count

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from monitor.history.lanes import SUMMED, worst_of
from monitor.history.samples import MEDIA_FIELDS, PLACE_OF, Samples, Table, Times
from monitor.history.scores import scores_of

Values = NDArray[np.float64]

EVERY_MS = 10_000  # how often the browser SDK samples, if it is not told otherwise

_LENGTHS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600)
_LIMITS = ("up.limited_by", "down.limited_by")
_NO_LIMIT = "none"


class Grid(Struct, frozen=True):
    """Steps of equal length; step number i is [from_ms + i * step_ms, from_ms + (i + 1) * step_ms)."""

    from_ms: int
    step_ms: int
    steps: int

    @property
    def to_ms(self) -> int:
        """Return the moment after the last step."""
        return self.from_ms + self.steps * self.step_ms

    def step_of(self, at_ms: Times) -> Times:
        """Return the step of each moment; one before the first is less than zero, one after the last too large."""
        return (at_ms - self.from_ms) // self.step_ms

    def starts_ms(self) -> Times:
        """Return when each step begins."""
        return self.from_ms + np.arange(self.steps, dtype=np.int64) * self.step_ms


class Laid(Struct, frozen=True):
    """What one participant measured, as arrays as long as the grid has steps.

    `media` has the fields of `MEDIA_FIELDS` as columns; numbers of words go by `words`.  `idle` is 1 in steps in which
    nothing flowed either way, 0 where something did.
    """

    media: Table
    score: Values
    idle: Values
    words: tuple[str, ...]


def grid_over(from_ms: int, to_ms: int, points: int, every_ms: int = EVERY_MS) -> Grid:
    """Return a grid over a time, of at most so many steps, none shorter than what is measured every so often."""
    for step_ms in _lengths_ms():
        grid = grid_of(from_ms, to_ms, step_ms)
        if step_ms >= every_ms and grid.steps <= points:
            return grid
    raise AssertionError  # lengths have no end


def grid_of(from_ms: int, to_ms: int, step_ms: int) -> Grid:
    """Return a grid over a time, in steps of a length."""
    first, last = from_ms // step_ms, -(-to_ms // step_ms)
    return Grid(first * step_ms, step_ms, max(1, last - first))


def _lengths_ms() -> Iterator[int]:
    yield from (length_s * 1000 for length_s in _LENGTHS_S)
    yield from (_LENGTHS_S[-1] * 1000 * 2**power for power in chain(count(1)))


def usual_interval_ms(samples: Samples) -> int | None:
    """Return how far apart samples usually are, to a second; None: there are too few to tell."""
    if len(samples.at_ms) < 2:  # two make one interval
        return None
    return max(1000, round(float(np.median(np.diff(samples.at_ms))) / 1000) * 1000)


def laid(samples: Samples, grid: Grid) -> Laid:
    """Return what somebody measured, step by step."""
    steps = grid.step_of(samples.at_ms)
    is_within = (steps >= 0) & (steps < grid.steps)
    steps, media, words = steps[is_within], *_limits_last(samples.media[is_within], samples.words)
    starts = np.flatnonzero(np.diff(steps, prepend=-1))
    table = np.column_stack((scores_of(samples)[is_within], _idle(media)))
    laid_media, laid_table = np.full((grid.steps, len(MEDIA_FIELDS)), np.nan), np.full((grid.steps, 2), np.nan)
    if len(starts):
        laid_media[steps[starts]] = worst_of(media, starts)
        laid_table[steps[starts]] = np.fmin.reduceat(table, starts)
    return Laid(laid_media, laid_table[:, 0], laid_table[:, 1], words)


def _limits_last(media: Table, words: tuple[str, ...]) -> tuple[Table, tuple[str, ...]]:
    """Number the words of limits so that the worst has the highest number: any limit at all rather than none."""
    order = sorted(range(len(words)), key=lambda number: words[number] != _NO_LIMIT)
    ranks = np.empty(len(words) + 1)
    ranks[[*order, len(words)]] = [*range(len(words)), np.nan]
    media = media.copy()
    for place in (PLACE_OF[name] for name in _LIMITS):
        numbers = media[:, place]
        media[:, place] = ranks[np.where(np.isnan(numbers), len(words), numbers).astype(np.intp)]
    return media, tuple(words[number] for number in order)


def idle_samples(samples: Samples) -> Values:
    """Return of each sample whether nothing flowed either way (1), or something did (0); NaN: unknown."""
    return _idle(samples.media)


def _idle(media: Table) -> Values:
    up, down = media[:, PLACE_OF["up.bitrate_bps"]], media[:, PLACE_OF["down.bitrate_bps"]]
    flows = (up > 0) | (down > 0)
    is_known = flows | ~(np.isnan(up) | np.isnan(down))
    return np.where(is_known, np.where(flows, 0.0, 1.0), np.nan)


def worst_levels(at_ms: Times, levels: Values, grid: Grid) -> Values:
    """Return the lowest level of each step; one holds until the next, and one that is unknown ends the one before.

    Args:
        at_ms: when each was told, in the order of time.
        levels: what was told, NaN where it was that nothing is known.
        grid: the steps.
    """
    worst = _held(at_ms, levels, grid.starts_ms())
    steps = grid.step_of(at_ms)
    is_within = (steps >= 0) & (steps < grid.steps)
    np.fmin.at(worst, steps[is_within], levels[is_within])
    return worst


def _held(at_ms: Times, levels: Values, moments_ms: Times) -> Values:
    """Return the level that held at each moment."""
    places = np.searchsorted(at_ms, moments_ms, side="right")
    return np.concatenate(([np.nan], levels))[places]


def aggregate_of(column: str) -> str:
    """Return in a word what a step shows of the samples that landed in it."""
    return "sum" if column.endswith(SUMMED) else "worst"

"""How is a long time shown in few points, without hiding what was bad in it?

A lane is what one participant measured, as columns.  Where there are more samples than points, each point stands for an
interval, and shows the worst of it: the longest round trip, the lowest bitrate, all its freezes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from collectors.observations import MediaStats
from monitor.history.samples import MEDIA_FIELDS, PLACE_OF, Samples, Table, Times
from monitor.quality import score_of

Column = list[float | str | None]

_Reduce = Callable[[Table, NDArray[np.intp]], Table]
_highest: _Reduce = np.fmax.reduceat  # of what is known
_lowest: _Reduce = np.fmin.reduceat
_WORST: Mapping[str, _Reduce] = {
    "interval_ms": _highest,
    "rtt_ms": _highest,
    "loss_ratio": _highest,
    "jitter_ms": _highest,
    "bitrate_bps": _lowest,
    "fps": _lowest,
    "width": _lowest,
    "height": _lowest,
    "limited_by": _highest,  # any word at all rather than none
}


SUMMED = "freezes"
_SHOWN = tuple(name for name in PLACE_OF if name != "interval_ms")  # which the times tell


class Steps(Struct, frozen=True):
    """A step function: a level holds until the next."""

    after_ms: list[int]
    level: list[int | None]


class Lane(Struct, frozen=True):
    """What one participant measured; times are after the beginning of what is shown.

    `columns` are as long as `after_ms`, and named as in telemetry, `up.` and `down.` by direction; a column that holds
    nothing is left out.  `score` is that of each point (`monitor.quality`).  `seen` are the levels of others, by SID.
    """

    after_ms: list[int]
    columns: dict[str, Column]
    score: list[float | None]
    level: Steps
    seen: dict[str, Steps]
    samples: int  # that the points were made of


def lane_of(samples: Samples, from_ms: int, to_ms: int, points: int) -> Lane:
    """Return the lane of somebody's samples, of at most so many points."""
    at_ms, media = _thinned(samples, from_ms, to_ms, points)
    shown = Samples(at_ms, media, at_ms[:0], media[:0, :2], samples.words)
    return Lane(
        after_ms=(at_ms - from_ms).tolist(),
        columns=columns_of(shown, _SHOWN),
        score=[_score(each) for each in shown.observations() if isinstance(each, MediaStats)],
        level=own_level(samples, from_ms),
        seen={
            word: _steps(samples, from_ms, is_seen)
            for number, word in enumerate(samples.words)
            if (is_seen := samples.levels[:, 1] == number).any()
        },
        samples=len(samples.at_ms),
    )


def columns_of(samples: Samples, names: Iterable[str] = PLACE_OF) -> dict[str, Column]:
    """Return the columns that hold anything, by the names of their fields."""
    return {name: column for name in names if (column := _column(samples, name)) is not None}


def own_level(samples: Samples, from_ms: int) -> Steps:
    """Return the participant's own level."""
    return _steps(samples, from_ms, np.isnan(samples.levels[:, 1]))


def _thinned(samples: Samples, from_ms: int, to_ms: int, points: int) -> tuple[Times, Table]:
    if len(samples.at_ms) <= points:
        return samples.at_ms, samples.media
    intervals = (samples.at_ms - from_ms) * points // max(1, to_ms - from_ms)
    starts = np.flatnonzero(np.diff(intervals, prepend=intervals[0] - 1))
    return samples.at_ms[starts], worst_of(samples.media, starts)


def worst_of(media: Table, starts: NDArray[np.intp]) -> Table:
    """Return the worst, or the sum, of each stretch of rows from one start to the next."""
    worst = np.empty((len(starts), media.shape[1]))
    for place, field in enumerate(MEDIA_FIELDS):
        name, values = field.name.rpartition(".")[2], media[:, place]
        worst[:, place] = _summed(values, starts) if name == SUMMED else _WORST[name](values, starts)
    return worst


def _summed(values: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return sums of what is known; of an interval in which nothing is, there is none."""
    is_known = ~np.isnan(values)
    sums = np.add.reduceat(np.where(is_known, values, 0.0), starts)
    return np.where(np.logical_or.reduceat(is_known, starts), sums, np.nan)


def _column(samples: Samples, name: str) -> Column | None:
    values = samples.column(name)
    is_known = ~np.isnan(values)
    if not is_known.any():
        return None
    if name.endswith("limited_by"):
        words = [samples.words[number] for number in values[is_known].astype(int).tolist()]
        return _filled(is_known, words)
    known = values[is_known]
    whole = np.rint(known)
    numbers = whole.astype(int) if (whole == known).all() else known  # which is shorter, written down
    return _filled(is_known, numbers.tolist())


def _filled(is_known: NDArray[np.bool_], values: Sequence[float | str]) -> Column:
    """Return the values that are known, and None between them."""
    if is_known.all():
        return [*values]
    rest: Iterator[float | str] = iter(values)
    return [next(rest) if each else None for each in is_known.tolist()]


def _score(seen: MediaStats) -> float | None:
    score = score_of(seen)
    return None if score is None else round(score.value, 2)


def _steps(samples: Samples, from_ms: int, is_wanted: NDArray[np.bool_]) -> Steps:
    levels = samples.levels[is_wanted, 0].tolist()
    return Steps(
        (samples.level_at_ms[is_wanted] - from_ms).tolist(),
        [None if level != level else int(level) for level in levels],  # noqa: PLR0124  # NaN is not itself
    )

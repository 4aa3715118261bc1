"""How did it go, minute by minute or every ten seconds?

Minutes come out of rollups, for as long as those are kept.  Ten seconds are counted from the samples themselves: that
is for what is going on now, or for a close look at a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.history import people
from monitor.history.counters import Whole
from monitor.history.people import MINUTES, STANDINGS
from monitor.history.rollup_rows import Row, minutes_in, people_in
from monitor.history.rollups import HOUR_MS
from monitor.history.samples import Samples
from monitor.history.spans import (
    BAD_LEVELS,
    COLUMN_OF,
    COLUMNS,
    DEGRADED_LEVEL,
    MINUTE_MS,
    STEPS_OF,
    Spans,
    Who,
    level_spans,
    media_spans,
)

TEN_S_MS = 10_000


@dataclass(frozen=True, slots=True)
class Buckets:
    """Spans of time, each as long as the next.

    Attributes:
        from_ms: when the first begins.
        each_ms: how long they are.
        counts: what was counted in each, a column for each of `COLUMNS`.
        people: how many in each were heard, had a known level, had a bad one: HEARD, RATED, DEGRADED of `people`.
    """

    from_ms: int
    each_ms: int
    counts: Whole
    people: NDArray[np.float64]

    def count(self, column: str) -> Whole:
        """Return what was counted of one thing."""
        return self.counts[:, COLUMN_OF[column]]

    def mean(self, metric: str) -> NDArray[np.float64]:
        """Return the mean of a metric; NaN where nobody knew it."""
        known = self.count(f"{metric}.count")
        total = self.count(f"{metric}.sum") / STEPS_OF[metric]
        mean: NDArray[np.float64] = np.divide(total, known, where=known > 0, out=np.full(len(known), np.nan))
        return mean


def tens(lines: Sequence[tuple[Who, Samples]], from_ms: int, to_ms: int) -> Buckets:
    """Return what several people measured in [from_ms, to_ms), every ten seconds; a `Samples` for each of them.

    A level that was told before holds on, so the samples may begin earlier.
    """
    first, last = from_ms // TEN_S_MS, -(-to_ms // TEN_S_MS)
    counts = np.zeros((last - first, len(COLUMNS)), np.int64)
    of_people = np.zeros((last - first, STANDINGS), np.int64)
    for who, samples in lines:
        counted, standing = _tens_of(who, samples, first, last)
        counts += counted
        of_people += standing
    return Buckets(first * TEN_S_MS, TEN_S_MS, counts, of_people.astype(np.float64))


def _tens_of(who: Who, samples: Samples, first: int, last: int) -> tuple[Whole, NDArray[np.bool_]]:
    """Return the counts of one person, and whether they were HEARD, RATED, DEGRADED."""
    counts = np.zeros((last - first, len(COLUMNS)), np.int64)
    levels = level_spans([who], [samples], TEN_S_MS)
    for spans in (media_spans([samples], TEN_S_MS), levels):
        is_in = (spans.span >= first) & (spans.span < last)
        counts[spans.span[is_in] - first] += spans.counts[is_in]
    is_heard = counts[:, COLUMN_OF["samples"]] > 0
    level = _held(levels, first, last)
    is_bad = (level <= DEGRADED_LEVEL) | counts[:, BAD_LEVELS].any(axis=1)
    return counts, np.column_stack((is_heard, is_heard & ~np.isnan(level), is_heard & is_bad))


def _held(levels: Spans, first: int, last: int) -> NDArray[np.float64]:
    """Return the level at the end of each bucket: what was known last."""
    is_known = ~np.isnan(levels.last_level)
    known = np.concatenate(([np.nan], levels.last_level[is_known]))
    held: NDArray[np.float64] = known[np.searchsorted(levels.span[is_known], np.arange(first, last), side="right")]
    return held


def minutes(rows: Sequence[Row], from_ms: int, to_ms: int) -> Buckets:
    """Return the minutes of the hours in [from_ms, to_ms), given the rollups of one scope and key."""
    hours = (to_ms - from_ms) // HOUR_MS
    hour = np.array([(row.from_ms - from_ms) // HOUR_MS for row in rows], np.int64)
    counted, there = minutes_in(rows), people_in(rows)
    minute, column = np.divmod(counted.place, len(COLUMNS))
    counts = np.zeros((hours * MINUTES, len(COLUMNS)), np.int64)
    np.add.at(counts, (hour[counted.owner] * MINUTES + minute, column), counted.number)
    there = people.united(hour[there.owner], there.person, there.minutes)
    return Buckets(from_ms, MINUTE_MS, counts, _people_by_minute(there, hours))


def _people_by_minute(there: people.People, hours: int) -> NDArray[np.float64]:
    weights = people.weights(there, hours)[:, np.newaxis]
    standing = people.standing(there)
    by_minute = np.zeros((hours, MINUTES, STANDINGS))
    for minute in range(MINUTES):
        is_so = (standing >> minute) & 1
        np.add.at(by_minute[:, minute], there.owner, is_so * weights)
    return by_minute.reshape(-1, STANDINGS)

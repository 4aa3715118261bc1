"""What are the quantiles of a metric in each room, to the last digit that is kept?

Sketches are within two percent and cost next to nothing.  Whoever wants to know exactly has all samples read, so there
are bounds to that: a day, and so many samples as fit into memory.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from monitor.history.answers import DAY_MS, Percentiles, Unanswerable

MOST_SAMPLES = 5_000_000  # forty megabytes


class Exact:
    """Gathers the values of one metric in many rooms."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        if to_ms - from_ms > DAY_MS:
            raise Unanswerable(
                f"to_ms: expected at most a day where quantiles are to be exact, got {to_ms - from_ms} ms"
            )
        self._from_ms = from_ms
        self._known: defaultdict[str, list[NDArray[np.float64]]] = defaultdict(list)
        self._count = 0

    def add(self, rooms: Sequence[str], lengths: Sequence[int], values: NDArray[np.float64]) -> None:
        """Take known values: of each of the rooms, one after the other, so many.

        Raises:
            Unanswerable: there is more than fits into memory.
        """
        self._count += len(values)
        if self._count > MOST_SAMPLES:
            raise Unanswerable(f"to_ms: expected a time with at most {MOST_SAMPLES} samples, got more")
        end = 0
        for room, length in zip(rooms, lengths, strict=True):
            start, end = end, end + length
            self._known[room].append(values[start:end])

    def percentiles(self, quantiles: Sequence[float], after: str, limit: int) -> list[Percentiles]:
        """Return the quantiles of the first rooms after one, in the order of their names."""
        rooms = sorted(room for room in self._known if room > after)[:limit]
        return [self._of(room, quantiles) for room in rooms]

    def _of(self, room: str, quantiles: Sequence[float]) -> Percentiles:
        known = np.sort(np.concatenate(self._known[room]))
        count = len(known)
        # The smallest that so many are not above; `np.quantile` says the same, in ten times the time.
        values = tuple(float(known[max(ceil(each * count) - 1, 0)]) if count else None for each in quantiles)
        return Percentiles(room, self._from_ms, count, values)

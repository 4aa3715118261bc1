"""How are values counted by size, and which of them can be looked at?

Counts by bucket, as Prometheus wants them.  Beside each bucket there may be an exemplar: one value that fell into it
not long ago, and whose it was, so that from a picture of all calls there is a way to one of them.
"""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

MOST_EXEMPLAR_CHARACTERS = 128  # that OpenMetrics allows, of the names and values of its labels


class Exemplar(NamedTuple):
    """One value that fell into a bucket: when, and of whom it was told."""

    value: float
    at_ms: int
    room_sid: str
    participant_sid: str

    @property
    def labels(self) -> dict[str, str]:
        """Return what an exemplar is labelled with; a SID is 34 characters long."""
        return {"room_sid": self.room_sid, "participant_sid": self.participant_sid}


class Histogram:
    """Counts by bucket; the last one has no upper bound."""

    __slots__ = ("_counted_bounds", "_unit", "bounds", "counts", "exemplars", "total")

    def __init__(self, bounds: tuple[float, ...], unit: float = 1.0) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.exemplars: dict[int, Exemplar] = {}  # by bucket
        self._unit = unit  # what a 1 is worth of the values that are counted many at once
        self._counted_bounds = tuple(round(bound / unit, 6) for bound in bounds)

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def count_all(self, values: list[float]) -> None:
        """Count values that come by the hundred, each in a fraction of the time; the list is left in order."""
        values.sort()
        counts, below = self.counts, 0
        for bucket, bound in enumerate(self._counted_bounds):
            upto = bisect_right(values, bound, below)
            counts[bucket] += upto - below
            below = upto
        counts[-1] += len(values) - below
        self.total += sum(values) * self._unit

    def show(self, told: float, at_ms: int, room_sid: str, participant_sid: str) -> None:
        """Let one of the values be looked at, in the unit in which it was told; of each bucket, the latest is."""
        value = told * self._unit
        bucket = bisect_left(self._counted_bounds, told)
        before = self.exemplars.get(bucket)
        if before is None or before.at_ms <= at_ms:
            self.exemplars[bucket] = Exemplar(value, at_ms, room_sid, participant_sid)

    def forget_exemplars(self, before_ms: int) -> None:
        """Let go of values that are too old to be worth a look."""
        self.exemplars = {bucket: each for bucket, each in self.exemplars.items() if each.at_ms >= before_ms}

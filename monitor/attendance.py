"""Was this process there all the time?

Somebody stops it for a while, the machine sleeps, or has no time for it.  Clocks run on meanwhile, and nobody looks or
hears: what is due by the clock afterwards was never seen, and who was silent may have spoken.  So whoever judges by how
long something has been so asks here how much of that nobody was there.

Pure: the time is an argument.  Whoever asks is there, so it does not matter who comes first after an absence.
"""

from collections import deque

NOTED_EVERY_S = 1.0
LEAST_S = 5.0  # what is shorter is a busy moment, after which all that waited is heard before it matters
KEPT = 100


class Attendance:
    """Knows when nobody was there."""

    def __init__(self, now_s: float) -> None:
        self._noted_s = now_s
        self._absences: deque[tuple[float, float]] = deque(maxlen=KEPT)

    def note(self, now_s: float) -> None:
        """Take note of being there, which is to be done every `NOTED_EVERY_S`."""
        if now_s - self._noted_s >= LEAST_S:
            self._absences.append((self._noted_s, now_s))
        self._noted_s = now_s

    def missed_s(self, since_s: float, now_s: float) -> float:
        """Return how long nobody was there from a moment until now."""
        self.note(now_s)
        return sum(max(0.0, until_s - max(from_s, since_s)) for from_s, until_s in self._absences)

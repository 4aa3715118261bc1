"""May we ask now, and if not, when?"""

from enum import IntEnum


class Priority(IntEnum):
    """Whose requests go first when the budget does not suffice for all; lower is sooner."""

    COMPOSITIONS = 0
    LIVE = 1
    ENDED = 2
    SUMMARIES = 3
    USAGE = 4
    BACKFILL = 5


class TokenBucket:
    """A request budget: `burst` requests at once, `rate` a second on average, and pauses that the other side asks for.

    Pure: time is an argument, in seconds of any clock that does not go back.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at: float | None = None
        self._paused_until = 0.0

    def reserve(self, now: float) -> float:
        """Take one request out of the budget and return how many seconds to wait before making it."""
        self._refill(now)
        self._tokens -= 1
        return max(0.0, -self._tokens / self.rate, self._paused_until - now)

    def pause(self, now: float, seconds: float) -> None:
        """Let nobody ask for a while; a longer pause that is already running stays."""
        self._paused_until = max(self._paused_until, now + seconds)

    def remaining(self, now: float) -> int:
        """Return how many requests could be made at once."""
        self._refill(now)
        return 0 if now < self._paused_until else max(0, int(self._tokens))

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now

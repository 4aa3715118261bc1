"""Is there any point in asking somebody who has not answered for a while?

A circuit breaker.  *Closed*: ask.  *Open*: so many failures in a row that nobody should wait for another; do not ask.
*Half open*: the delay is over and one request, the probe, is on its way to find out.  If it works the breaker closes,
if it fails the breaker opens for twice as long.
"""

from enum import StrEnum

from msgspec import Struct

from collectors.rest.bounds import within

GROWTH = 2.0


class Circuit(StrEnum):
    """The three states of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerState(Struct, frozen=True):
    """A breaker as it is kept over a restart; a probe that was on its way is due again."""

    is_open: bool
    failures: int
    delay_s: float
    probe_in_s: float


class CircuitBreaker:
    """Opens after `threshold` failures in a row, and lets a probe through after a growing delay."""

    def __init__(self, threshold: int, delay_s: float, longest_delay_s: float) -> None:
        self.threshold = threshold
        self.first_delay_s = delay_s
        self.longest_delay_s = max(delay_s, longest_delay_s)
        self.circuit = Circuit.CLOSED
        self.failures = 0
        self._delay_s = delay_s
        self._probe_at_s = 0.0

    def probe_in_s(self, now_s: float) -> float:
        """Return how long until a probe may go; a clock that went back makes nobody wait longer than the delay."""
        return min(max(0.0, self._probe_at_s - now_s), self._delay_s)

    def lets_through(self, now_s: float) -> bool:
        """Whether a request may go, be it as the probe."""
        return self.circuit is Circuit.CLOSED or (self.circuit is Circuit.OPEN and self.probe_in_s(now_s) <= 0)

    def begin(self) -> bool:
        """Take note that a request goes, and return whether it is the probe."""
        if self.circuit is not Circuit.OPEN:
            return False
        self.circuit = Circuit.HALF_OPEN
        return True

    def settle(self, *, worked: bool | None, was_probe: bool, now_s: float) -> None:
        """Take note of what a request came to; None where it says nothing about the other side."""
        if worked:
            self._close()
        elif worked is None and was_probe:
            self._open(now_s, 0.0)  # nothing was found out: the next request is the probe
        elif worked is False and (was_probe or self.circuit is Circuit.CLOSED):
            self._failed(now_s)

    def state(self, now_s: float) -> BreakerState:
        """Return what has to be kept over a restart."""
        is_open = self.circuit is not Circuit.CLOSED
        return BreakerState(is_open, self.failures, self._delay_s, self.probe_in_s(now_s) if is_open else 0.0)

    def restore(self, state: BreakerState, age_s: float, now_s: float) -> None:
        """Be as it was saved so long ago."""
        self.failures = max(0, state.failures)
        self._delay_s = within(state.delay_s, self.first_delay_s, self.longest_delay_s, otherwise=self.first_delay_s)
        if state.is_open:
            self._open(now_s, max(0.0, within(state.probe_in_s, 0.0, self._delay_s, otherwise=0.0) - age_s))

    def _failed(self, now_s: float) -> None:
        self.failures += 1
        if self.circuit is Circuit.HALF_OPEN:
            self._delay_s = min(self.longest_delay_s, self._delay_s * GROWTH)
            self._open(now_s, self._delay_s)
        elif self.failures >= self.threshold:
            self._open(now_s, self._delay_s)

    def _open(self, now_s: float, delay_s: float) -> None:
        self.circuit, self._probe_at_s = Circuit.OPEN, now_s + delay_s

    def _close(self) -> None:
        self.circuit, self.failures, self._delay_s = Circuit.CLOSED, 0, self.first_delay_s

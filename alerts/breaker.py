"""Is there any point in asking a receiver that has not answered for a while?

A circuit breaker.  *Closed*: ask.  *Open*: so many failures in a row that nobody is to wait for another; do not ask.
*Half open*: the pause is over, and one attempt, the probe, is on its way to find out.  Any answer at all closes the
breaker, also a refusal: somebody is there.  If there is none, it opens for twice as long.
"""

from enum import StrEnum

FAILURES = 5  # in a row
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 120.0  # whoever comes back is noticed within two minutes
GROWTH = 2.0

NOT_BEFORE_AN_ANSWER = float("inf")


class Circuit(StrEnum):
    """The three states of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens after some failures in a row, and lets one probe through after each growing pause."""

    def __init__(self) -> None:
        self.circuit = Circuit.CLOSED
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._probe_at = 0.0

    @property
    def opens_at(self) -> float:
        """Return when an attempt may begin; the past if one may now."""
        match self.circuit:
            case Circuit.CLOSED:
                return 0.0
            case Circuit.OPEN:
                return self._probe_at
            case Circuit.HALF_OPEN:
                return NOT_BEFORE_AN_ANSWER

    @property
    def probe_at(self) -> float | None:
        """Return when the next probe is due, if the breaker is open."""
        return self._probe_at if self.circuit is Circuit.OPEN else None

    def begin(self) -> bool:
        """Take note that an attempt begins, and return whether it is the probe."""
        if self.circuit is not Circuit.OPEN:
            return False
        self.circuit = Circuit.HALF_OPEN
        return True

    def end(self, now: float, *, answered: bool | None, was_probe: bool) -> None:
        """Take note of whether anybody answered; None where nobody was asked after all."""
        if answered:
            self._close()
        elif answered is None and was_probe:
            self._open(now)  # nothing was found out: the next attempt is the probe
        elif answered is False and (was_probe or self.circuit is Circuit.CLOSED):
            self._fail(now)

    def _fail(self, now: float) -> None:
        self._failures += 1
        if self.circuit is Circuit.HALF_OPEN:
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * GROWTH)
        if self._failures >= FAILURES:
            self._open(now + self._pause_s)

    def _open(self, probe_at: float) -> None:
        self.circuit, self._probe_at = Circuit.OPEN, probe_at

    def _close(self) -> None:
        self.circuit, self._failures, self._pause_s = Circuit.CLOSED, 0, FIRST_PAUSE_S

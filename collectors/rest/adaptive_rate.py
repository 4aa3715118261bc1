"""How fast may we ask somebody who has told us that it was too fast?

As CUBIC in TCP, and in the adaptive retry mode of the AWS SDKs.  A throttling (429) cuts the rate to seven tenths of
what was really sent.  From there it grows back along a cubic curve: quickly at first, flat around the rate that was
too much (`w_max`), then quickly again, looking for more.  It never grows beyond twice what is really sent, so that a
pause does not end in a burst, and never beyond the declared rate; having reached that, it forgets the throttling.

Two things differ from the AWS SDKs, because polls come in short bursts with long silences between them.  A success
never lowers the rate: to have asked little is no reason to be slower.  And half a second in which a burst is under way
counts at once as what is really sent, not only when it is over.
"""

from math import floor

from msgspec import Struct

from collectors.rest.bounds import within

BETA = 0.7
SCALE = 0.4
SMOOTHING = 0.8
BUCKET_S = 0.5
GROWTH = 2.0  # how many times the measured rate may be allowed
FLOOR_PER_S = 0.1
FORGET_AFTER_S = 600.0  # a throttling this long ago says nothing about now


class SendRate:
    """How many requests a second are really sent: counted in half seconds, each smoothed into those before."""

    def __init__(self) -> None:
        self.smoothed_per_s = 0.0
        self._bucket: int | None = None
        self._count = 0

    def sent(self, now_s: float) -> None:
        """Count a request."""
        bucket = floor(now_s / BUCKET_S)
        if self._bucket is None or bucket < self._bucket:  # the first one, or the clock went back
            self._bucket = bucket
        self._count += 1
        if bucket > self._bucket:
            measured_per_s = self._count / ((bucket - self._bucket) * BUCKET_S)
            self.smoothed_per_s = SMOOTHING * measured_per_s + (1 - SMOOTHING) * self.smoothed_per_s
            self._bucket, self._count = bucket, 0

    @property
    def burst_per_s(self) -> float:
        """The rate with the half second that is not over yet, where that one is busier."""
        return max(self.smoothed_per_s, self._count / BUCKET_S)


class RateState(Struct, frozen=True):
    """A throttling as it is kept over a restart."""

    rate_per_s: float
    w_max_per_s: float
    since_throttled_s: float


class AdaptiveRate:
    """The rate that is allowed now: the declared one, unless a throttling is remembered."""

    def __init__(self, declared_per_s: float) -> None:
        self.declared_per_s = declared_per_s
        self.floor_per_s = min(FLOOR_PER_S, declared_per_s)
        self.per_s = declared_per_s
        self._measured = SendRate()
        self._w_max_per_s = 0.0
        self._throttled_at_s: float | None = None

    def sent(self, now_s: float) -> None:
        """Count a request towards what is really sent."""
        self._measured.sent(now_s)

    def throttled(self, now_s: float) -> None:
        """Slow down; several answers within half a second are one and the same news."""
        if self._throttled_at_s is not None and 0 <= now_s - self._throttled_at_s < BUCKET_S:
            return
        self._w_max_per_s = min(self._measured.burst_per_s, self.per_s)
        self._throttled_at_s = now_s
        self.per_s = max(self.floor_per_s, BETA * self._w_max_per_s)

    def succeeded(self, now_s: float) -> None:
        """Grow back a little, if there is anything to grow back from."""
        if self._throttled_at_s is None:
            return
        since_s = max(0.0, now_s - self._throttled_at_s)
        allowed_per_s = min(cubic_per_s(since_s, self._w_max_per_s), GROWTH * self._measured.smoothed_per_s)
        self.per_s = min(self.declared_per_s, max(self.per_s, allowed_per_s))
        if self.per_s >= self.declared_per_s or since_s >= FORGET_AFTER_S:
            self._forget()

    def state(self, now_s: float) -> RateState | None:
        """Return the throttling that is remembered."""
        if self._throttled_at_s is None:
            return None
        return RateState(self.per_s, self._w_max_per_s, max(0.0, now_s - self._throttled_at_s))

    def restore(self, state: RateState | None, age_s: float, now_s: float) -> None:
        """Remember a throttling as it was saved so long ago."""
        if state is None:
            return
        declared_per_s = self.declared_per_s
        self.per_s = within(state.rate_per_s, self.floor_per_s, declared_per_s, otherwise=declared_per_s)
        self._w_max_per_s = within(state.w_max_per_s, 0.0, declared_per_s, otherwise=self.per_s)
        since_s = within(state.since_throttled_s, 0.0, FORGET_AFTER_S, otherwise=FORGET_AFTER_S) + age_s
        self._throttled_at_s = now_s - since_s
        if self.per_s >= declared_per_s or since_s >= FORGET_AFTER_S:
            self._forget()

    def _forget(self) -> None:
        self.per_s, self._throttled_at_s = self.declared_per_s, None


def cubic_per_s(since_s: float, w_max_per_s: float) -> float:
    """Return the rate on the curve so long after a throttling: it is back at `w_max_per_s` after the cube root."""
    back_after_s: float = (w_max_per_s * (1 - BETA) / SCALE) ** (1 / 3)
    return SCALE * (since_s - back_after_s) ** 3 + w_max_per_s

"""How far is a client's clock ahead of ours?

Each post says when it was sent, by the client's clock.  That minus the time of arrival is how far the clock is ahead,
less the time under way.  A delay can only make a clock seem slower than it is, so of all the posts of a session the one
that seems furthest ahead was the quickest, and the nearest to the truth.

Quartz drifts, so only the posts of the last minutes count.  And clocks are set: one that falls back by more than any
request takes was, and is measured anew.
"""

from msgspec import Struct

from monitor.recent import Recent

SESSIONS_REMEMBERED = 25_000  # the latest, and as many more
WINDOW_MS = 300_000
SET_BACK_MS = 30_000  # clients give a request up before it has been under way for so long


class _Estimate(Struct, frozen=True, gc=False):
    """The best in the window that began at `since_ms`, and in that window or the one before."""

    since_ms: int
    latest_ms: int
    ahead_ms: int

    def holds(self, ahead_ms: int, at_ms: int) -> bool:
        """Whether a post changes nothing, as nearly all do: it was under way for longer than another lately."""
        return self.ahead_ms - SET_BACK_MS <= ahead_ms <= self.latest_ms and at_ms - self.since_ms <= WINDOW_MS

    def improved(self, ahead_ms: int, at_ms: int) -> "_Estimate":
        """Return the estimate after one more post."""
        if ahead_ms < self.ahead_ms - SET_BACK_MS:
            return _Estimate(at_ms, ahead_ms, ahead_ms)
        if at_ms - self.since_ms > WINDOW_MS:
            return _Estimate(at_ms, ahead_ms, max(ahead_ms, self.latest_ms))
        latest_ms = max(ahead_ms, self.latest_ms)
        return _Estimate(self.since_ms, latest_ms, max(latest_ms, self.ahead_ms))


class ClockOffsets:
    """The clocks of the sessions that were heard; who has not been heard for long is forgotten."""

    def __init__(self, tolerance_ms: int) -> None:
        self._tolerance_ms = tolerance_ms
        self._estimates: Recent[str, _Estimate] = Recent(SESSIONS_REMEMBERED, 2 * WINDOW_MS)

    def offset_ms(self, session: str | None, sent_at_ms: int | None, received_at_ms: int) -> int | None:
        """Return how far the client's clock is ahead, or None where that is not known or may be delay alone."""
        ahead_ms = None if sent_at_ms is None else sent_at_ms - received_at_ms
        if session is not None:
            ahead_ms = self._learned(session, ahead_ms, received_at_ms)
        return None if ahead_ms is None or abs(ahead_ms) <= self._tolerance_ms else ahead_ms

    def _learned(self, session: str, ahead_ms: int | None, received_at_ms: int) -> int | None:
        known = self._estimates.get(session)
        if known is None:
            if ahead_ms is None:
                return None
            self._estimates.put(session, _Estimate(received_at_ms, ahead_ms, ahead_ms), received_at_ms)
            return ahead_ms
        if ahead_ms is not None and not known.holds(ahead_ms, received_at_ms):
            known = known.improved(ahead_ms, received_at_ms)
            self._estimates.put(session, known, received_at_ms)
        return known.ahead_ms

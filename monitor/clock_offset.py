"""How far is a client's clock ahead of ours?

Each post says when it was sent, by the client's clock.  That minus the time of arrival is how far the clock is ahead,
less the time under way.  A delay can only make a clock seem slower than it is, so of all the posts of a session the one
that seems furthest ahead was the quickest, and the nearest to the truth.

Quartz drifts, so only the posts of the last minutes count.  And clocks are set: one that falls back by more than any
request takes was, and is measured anew.
"""

from monitor.number_table import SETS, NumberTable

WINDOW_MS = 300_000
SET_BACK_MS = 30_000  # clients give a request up before it has been under way for so long


class ClockOffsets:
    """The clocks of the sessions that were heard; who has not been heard for long is forgotten.

    Args:
        tolerance_ms: what may be delay alone.
        sets: how many sessions are remembered, in fours.
    """

    def __init__(self, tolerance_ms: int, sets: int = SETS) -> None:
        self._tolerance_ms = tolerance_ms
        # When a window began, the best in it, and the best in it and in the one before.
        self._estimates = NumberTable(3, sets)

    def offset_ms(self, session: str | None, sent_at_ms: int | None, received_at_ms: int) -> int | None:
        """Return how far the client's clock is ahead, or None where that is not known or may be delay alone."""
        ahead_ms = None if sent_at_ms is None else sent_at_ms - received_at_ms
        if session is not None:
            ahead_ms = self._learned(session, ahead_ms, received_at_ms)
        return None if ahead_ms is None or abs(ahead_ms) <= self._tolerance_ms else ahead_ms

    def _learned(self, session: str, ahead_ms: int | None, at_ms: int) -> int | None:
        """Take note of how far ahead a post seems, if it tells; return what is thought of the session's clock."""
        numbers, at = self._estimates.numbers, self._estimates.of(session)
        since_ms, latest_ms, best_ms = numbers[at], numbers[at + 1], numbers[at + 2]
        age_ms = at_ms - since_ms
        if age_ms > 2 * WINDOW_MS:
            since_ms = 0
        if ahead_ms is None:
            return best_ms if since_ms else None
        if not since_ms or ahead_ms < best_ms - SET_BACK_MS:
            since_ms, latest_ms, best_ms = at_ms, ahead_ms, ahead_ms
        elif age_ms > WINDOW_MS:
            since_ms, latest_ms, best_ms = at_ms, ahead_ms, max(ahead_ms, latest_ms)
        elif ahead_ms > latest_ms:
            latest_ms, best_ms = ahead_ms, max(ahead_ms, best_ms)
        else:  # as nearly all do, it was under way for longer than another lately
            return best_ms
        numbers[at], numbers[at + 1], numbers[at + 2] = since_ms, latest_ms, best_ms
        return best_ms

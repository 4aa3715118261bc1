"""How much may a service be asked without its objecting?

A service counts requests in a window that slides: so many within so many seconds.  It counts when a request arrives,
which is some time between its departure and its answer; so here a request counts from its departure until a window
after its answer.  Whatever the network does with it, the service never sees more than it allows.

Part of a budget is kept for what wakes somebody: a storm of lesser words must not use up the minute in which a page is
due.
"""

from collections import deque

from alerts.notifiers.base import Budget

#: Of a budget; one request a second leaves nothing to keep, and nobody waits for long.
KEPT_FOR_URGENT_RATIO = 0.2

_NOT_BEFORE_AN_ANSWER = float("inf")


class Window:
    """The requests of one budget, whoever makes them."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._unanswered = 0
        self._answered_at: deque[float] = deque()

    def opens_at(self, now: float, *, is_urgent: bool) -> float:
        """Return when a request may go: the past if it may now, infinity if only an answer can tell."""
        self._forget(now)
        kept = 0 if is_urgent else int(self.budget.requests * KEPT_FOR_URGENT_RATIO)
        allowed = max(1, self.budget.requests - kept)
        surplus = self._unanswered + len(self._answered_at) - allowed  # as many and one more have to leave
        if surplus < 0:
            return 0.0
        if surplus >= len(self._answered_at):
            return _NOT_BEFORE_AN_ANSWER
        return self._answered_at[surplus] + self.budget.per_s

    def begin(self) -> None:
        """Count a request that departs."""
        self._unanswered += 1

    def end(self, now: float, *, was_asked: bool) -> None:
        """Count its answer, or forget it where it never departed."""
        self._unanswered -= 1
        if was_asked:
            self._answered_at.append(now)

    def remember(self, at: float) -> None:
        """Count a request of the life before this one; the oldest first."""
        self._answered_at.append(at)

    def _forget(self, now: float) -> None:
        while self._answered_at and self._answered_at[0] + self.budget.per_s <= now:
            self._answered_at.popleft()

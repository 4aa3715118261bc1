"""What happens next?

A timeline is a heap of actions and the moments they are due.  Each action is handed the moment it was due, not the
moment somebody looked, so a history is the same whether it is lived through in steps of a second or of an hour.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Action = Callable[[float], None]


class Timeline:
    """Actions in the order in which they fall due; equals in the order in which they were planned."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Action]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._due)

    def plan(self, at: float, action: Action) -> None:
        """Let `action` happen at `at`."""
        heappush(self._due, (at, next(self._order), action))

    def run_until(self, now: float) -> None:
        """Let everything happen that is due at `now`, including what those actions plan themselves."""
        while self._due and self._due[0][0] <= now:
            at, _, action = heappop(self._due)
            action(at)

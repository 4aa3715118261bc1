"""May a receiver be told something now, and if not, when?

Four things may keep an attempt waiting.  Each way to a receiver has a few *hands*, so that a slow one keeps its own
busy and nobody else's; a *breaker*, so that one which is away is not asked by everybody in turn.  And whoever shares
what a service counts by (`Budget.key`: a routing key, a channel) shares a *pause* that the service asked for, and a
*window* of requests.  Time is an argument.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from alerts.breaker import Breaker, Circuit
from alerts.budgets import Window
from alerts.delivery import Outcome, TryAgain, asked_pause_s
from alerts.receivers import Door

NOT_BEFORE_AN_ANSWER = float("inf")


class Gates:
    """What is known of how much each way to a receiver bears."""

    def __init__(self, hands: int) -> None:
        self._hands = hands
        self._busy: Counter[str] = Counter()
        self._breakers: dict[str, Breaker] = {}
        self._windows: dict[str, Window] = {}
        self._paused_until: dict[str, float] = {}

    @property
    def circuits(self) -> Mapping[str, Circuit]:
        """Return the state of the breaker of each way that was ever tried."""
        return {name: breaker.circuit for name, breaker in self._breakers.items()}

    def opens_at(self, door: Door, now: float, *, is_urgent: bool) -> float:
        """Return when an attempt may begin: the past if it may now, infinity if only an answer can tell."""
        if self._busy[door.name] >= self._hands:
            return NOT_BEFORE_AN_ANSWER
        window = self._window(door)
        return max(
            self._breaker(door).opens_at,
            self._paused_until.get(_shared(door), 0.0),
            0.0 if window is None else window.opens_at(now, is_urgent=is_urgent),
        )

    def is_open(self, door: Door, now: float, *, is_urgent: bool) -> bool:
        """Whether an attempt may begin."""
        return self.opens_at(door, now, is_urgent=is_urgent) <= now

    def next_opening(self, doors: Iterable[Door], now: float) -> float:
        """Return the next moment at which more may be said through one of these than now."""
        moments = (self.opens_at(door, now, is_urgent=urgent) for door in doors for urgent in (True, False))
        return min((each for each in moments if each > now), default=NOT_BEFORE_AN_ANSWER)

    def begin(self, door: Door) -> bool:
        """Take note that an attempt begins, and return whether it is a probe."""
        self._busy[door.name] += 1
        window = self._window(door)
        if window is not None:
            window.begin()
        return self._breaker(door).begin()

    def end(self, door: Door, outcome: Outcome, now: float, *, was_probe: bool, was_asked: bool) -> float | None:
        """Have a hand back, and take note of an outcome; return when the next probe is due, if the breaker is open."""
        pause_s = asked_pause_s(outcome)
        if pause_s is not None:
            self._paused_until[_shared(door)] = now + pause_s  # what it said last counts
        self._busy[door.name] -= 1
        breaker, window = self._breaker(door), self._window(door)
        is_silent = isinstance(outcome, TryAgain) and pause_s is None
        breaker.end(now, answered=not is_silent if was_asked else None, was_probe=was_probe)
        if window is not None:
            window.end(now, was_asked=was_asked)
        return breaker.probe_at

    def remember(self, door: Door, at: float) -> None:
        """Count an attempt of the life before this one; the oldest first."""
        window = self._window(door)
        if window is not None:
            window.remember(at)

    def is_away(self, door: Door) -> bool:
        """Whether the receiver has not answered for so long that nobody asks it."""
        return self._breaker(door).circuit is not Circuit.CLOSED

    def _breaker(self, door: Door) -> Breaker:
        return self._breakers.setdefault(door.name, Breaker())

    def _window(self, door: Door) -> Window | None:
        budget = door.notifier.budget
        if budget is None:
            return None
        window = self._windows.setdefault(budget.key, Window(budget))
        window.budget = budget  # after a reload it may be another one
        return window


def _shared(door: Door) -> str:
    """Return what a pause is counted by: what the service counts by, or else the way itself."""
    budget = door.notifier.budget
    return door.name if budget is None else budget.key

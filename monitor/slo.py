"""How fast is an error budget being spent?

Good and bad ends are counted in steps of a minute, and of an hour for the budget of a month.  A ring of each holds how
many there had been at the end of every step, so that the count of any window is one subtraction, however long it is and
however many it counts.  Time is an argument, and never goes back: what is told late counts when it is told.

A burn rate of 1 spends the budget exactly within the time that it is for: it is the share that ended badly over the
share that may.  Where nothing ended, nothing was spent.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from alerts.model import Severity
from monitor.objectives import BUDGET_DAYS, DAY_S, HOUR_S, MINUTE_S, BurnWindow, Objective

BUDGET_S = BUDGET_DAYS * DAY_S
WATCHED_S: Mapping[str, int] = {  # the burn rates that rules may speak of
    "burn_5m": 5 * MINUTE_S,
    "burn_30m": 30 * MINUTE_S,
    "burn_1h": HOUR_S,
    "burn_2h": 2 * HOUR_S,
    "burn_6h": 6 * HOUR_S,
    "burn_1d": DAY_S,
    "burn_3d": 3 * DAY_S,
}


class Counts(NamedTuple):
    """How many ended well, and how many badly."""

    good: int = 0
    bad: int = 0

    @property
    def events(self) -> int:
        """Return how many ended."""
        return self.good + self.bad

    @property
    def bad_ratio(self) -> float:
        """Return the share that ended badly; of nothing, nothing did."""
        return self.bad / self.events if self.events else 0.0


class Step(NamedTuple):
    """What was counted in one step: of what width, when it began, and how many."""

    width_s: int
    at_s: int
    good: int
    bad: int


class Ring:
    """Counts by step, for as many steps as there are places."""

    def __init__(self, width_s: int, reach_s: int) -> None:
        self.width_s = width_s
        self._places = reach_s // width_s + 2  # the step under way, and the one before the window
        self._good = array("Q", bytes(8 * self._places))  # at the end of each step, since the beginning
        self._bad = array("Q", bytes(8 * self._places))
        self._last = 0
        self._changed: set[int] = set()

    def add(self, at_s: float, good: int, bad: int) -> None:
        """Count what ended at a moment, which is not before those that were counted earlier."""
        self._go_to(int(at_s // self.width_s))
        place = self._last % self._places
        self._good[place] += good
        self._bad[place] += bad
        self._changed.add(self._last)

    def counts(self, window_s: int, now_s: float) -> Counts:
        """Return what ended within a window, the step under way included."""
        now = max(int(now_s // self.width_s), self._last)
        before = now - window_s // self.width_s
        if before >= self._last:
            return Counts()
        end, begin = self._last % self._places, before % self._places
        return Counts(self._good[end] - self._good[begin], self._bad[end] - self._bad[begin])

    def take_changed(self) -> Sequence[Step]:
        """Return the steps that have changed since the last call and are still remembered."""
        changed, self._changed = self._changed, set()
        return [self._step(number) for number in sorted(changed) if number > self._last - self._places + 1]

    def mark_changed(self, at_s: int) -> None:
        """Have a step returned again: it could not be saved."""
        self._changed.add(at_s // self.width_s)

    def restore(self, steps: Iterable[Step]) -> None:
        """Take up steps as they were saved, in the order of time."""
        for step in steps:
            self.add(step.at_s, step.good, step.bad)
        self._changed.clear()

    def _step(self, number: int) -> Step:
        place, before = number % self._places, (number - 1) % self._places
        good, bad = self._good[place] - self._good[before], self._bad[place] - self._bad[before]
        return Step(self.width_s, number * self.width_s, good, bad)

    def _go_to(self, number: int) -> None:
        """Begin another step; in those between, nothing ended."""
        good, bad = (ring[self._last % self._places] for ring in (self._good, self._bad))
        for skipped in range(max(self._last + 1, number - self._places + 1), number + 1):
            self._good[skipped % self._places] = good
            self._bad[skipped % self._places] = bad
        self._last = max(self._last, number)


class Burn(NamedTuple):
    """What is burning: over which windows, how fast, and what was counted in the long one."""

    window: BurnWindow
    rate: float
    counts: Counts

    @property
    def of_limit(self) -> float:
        """Return the rate over that at which somebody is told."""
        return self.rate / self.window.burn


class ErrorBudget:
    """The error budget of one objective, for one of those whom it is kept for."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        longest_s = max(*WATCHED_S.values(), *(window.long_s for window in objective.windows))
        self._minutes = Ring(MINUTE_S, longest_s)
        self._hours = Ring(HOUR_S, BUDGET_S)

    def count(self, at_s: float, good: int, bad: int) -> None:
        """Count what ended."""
        self._minutes.add(at_s, good, bad)
        self._hours.add(at_s, good, bad)

    def burn_rate(self, window_s: int, now_s: float) -> float:
        """Return how many times as fast as allowed the budget was spent within a window."""
        return self._minutes.counts(window_s, now_s).bad_ratio / self.objective.allowed_ratio

    def burn(self, window: BurnWindow, now_s: float) -> Burn:
        """Return how fast it burns over both windows; too few ends in the long one are nothing to burn."""
        counts = self._minutes.counts(window.long_s, now_s)
        if counts.events < self.objective.at_least:
            return Burn(window, 0.0, counts)
        return Burn(window, min(self.burn_rate(each, now_s) for each in (window.long_s, window.short_s)), counts)

    def worst_burn(self, severity: Severity, now_s: float) -> Burn | None:
        """Return what burns worst by the windows of a severity, or None where there are none."""
        burns = [self.burn(each, now_s) for each in self.objective.windows if each.severity is severity]
        return max(burns, key=lambda burn: burn.of_limit, default=None)

    def spent_ratio(self, now_s: float) -> float:
        """Return which part of the budget of the last 30 days is spent; above 1, more than there was."""
        return self._hours.counts(BUDGET_S, now_s).bad_ratio / self.objective.allowed_ratio

    # --- being saved and restored -------------------------------------------------------------------------

    def take_changed(self) -> Sequence[Step]:
        """Return what has to be saved."""
        return [*self._minutes.take_changed(), *self._hours.take_changed()]

    def mark_changed(self, step: Step) -> None:
        """Take back what could not be saved."""
        self._ring_of(step).mark_changed(step.at_s)

    def restore(self, steps: Sequence[Step]) -> None:
        """Take up what was saved, in the order of time."""
        for ring in (self._minutes, self._hours):
            ring.restore(step for step in steps if step.width_s == ring.width_s)

    def _ring_of(self, step: Step) -> Ring:
        return self._minutes if step.width_s == MINUTE_S else self._hours

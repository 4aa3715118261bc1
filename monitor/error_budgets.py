"""Whose error budget does an outcome count against?

One budget for each objective and each of those whom it is kept for: everybody, an account, a region, or a tenant on
the list.  All of these are few.  What belongs to no region or to no listed tenant counts in none; what belongs to an
account that nobody told counts in the budget of "unknown".
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from monitor.entities import Ref
from monitor.objectives import Objective, Scope
from monitor.outcomes import Outcome, Over
from monitor.slo import ErrorBudget, Step

EVERYBODY = "all"
UNKNOWN = "unknown"
MOST_BUDGETS = 1_000  # of all objectives together; each takes about a hundred kilobytes


MOST_PLACES = 200  # tenants on the list, or media regions, of which minutes are counted; there are far fewer

PlacedMinutes = dict[str | None, list[int]]  # how many minutes are known, and how many of them were bad


class Kept(NamedTuple):
    """A step to be saved, and whose it is."""

    objective: str
    whose: str
    step: Step


class ErrorBudgets:
    """Every error budget there is, and how many of everything ended how since the start."""

    def __init__(self, objectives: Sequence[Objective] = ()) -> None:
        self._objectives = {each.name: each for each in objectives}
        self._over: Mapping[Over, list[Objective]] = {
            over: [each for each in objectives if each.over is over] for over in Over
        }
        self._budgets: dict[str, ErrorBudget] = {}
        self.totals: Counter[tuple[Over, str]] = Counter()
        self.of_tenants: PlacedMinutes = {}
        self.of_regions: PlacedMinutes = {}

    def count(self, outcome: Outcome) -> None:
        """Count what ended against the budgets that it belongs to."""
        for kind, number in (("good", outcome.good), ("bad", outcome.bad), ("unknown", outcome.unknown)):
            if number:
                self.totals[outcome.over, kind] += number
        if not outcome.good and not outcome.bad:
            return
        if outcome.over is Over.GOOD_MINUTES:
            _add_minutes(self.of_tenants, outcome.tenant, outcome)
            _add_minutes(self.of_regions, outcome.region, outcome)
        for objective in self._over[outcome.over]:
            whose = whose_is(outcome, objective.scope)
            budget = None if whose is None else self._budget(objective, whose)
            if budget is not None:
                budget.count(outcome.at_ms / 1000, outcome.good, outcome.bad)

    def _budget(self, objective: Objective, whose: str) -> ErrorBudget | None:
        key = f"{objective.name}/{whose}"
        budget = self._budgets.get(key)
        if budget is None and len(self._budgets) < MOST_BUDGETS:
            budget = self._budgets[key] = ErrorBudget(objective)
        return budget

    # --- what is known ------------------------------------------------------------------------------------

    @property
    def objectives(self) -> Sequence[Objective]:
        """Return the objectives that are configured."""
        return list(self._objectives.values())

    def refs(self) -> Sequence[Ref]:
        """Return the name of every budget of which anything was counted."""
        return [Ref("slo", key) for key in self._budgets]

    def find(self, key: str) -> tuple[str, ErrorBudget] | None:
        """Return whose a budget is, and the budget, by the key of its `Ref`."""
        budget = self._budgets.get(key)
        return None if budget is None else (key.partition("/")[2], budget)

    def __iter__(self) -> Iterator[tuple[str, ErrorBudget]]:
        """Return every budget with whose it is."""
        return ((key.partition("/")[2], budget) for key, budget in self._budgets.items())

    # --- being saved and restored -------------------------------------------------------------------------

    def take_changed(self) -> Sequence[Kept]:
        """Return what has to be saved since the last call."""
        return [Kept(budget.objective.name, whose, step) for whose, budget in self for step in budget.take_changed()]

    def mark_changed(self, kept: Iterable[Kept]) -> None:
        """Take back what could not be saved."""
        for objective, whose, step in kept:
            self._budgets[f"{objective}/{whose}"].mark_changed(step)

    def restore(self, kept: Iterable[Kept]) -> None:
        """Take up what was saved of the objectives that are still there, in the order of time."""
        steps: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)
        for name, whose, step in kept:
            steps[name, whose].append(step)
        for (name, whose), each in steps.items():
            objective = self._objectives.get(name)
            budget = None if objective is None else self._budget(objective, whose)
            if budget is not None:
                budget.restore(each)


def _add_minutes(placed: PlacedMinutes, name: str | None, outcome: Outcome) -> None:
    if len(placed) >= MOST_PLACES and name not in placed:
        name = None
    minutes = placed.setdefault(name, [0, 0])
    minutes[0] += outcome.good + outcome.bad
    minutes[1] += outcome.bad


def whose_is(outcome: Outcome, scope: Scope) -> str | None:
    """Return whom an outcome counts for, or None where it counts for nobody."""
    match scope:
        case Scope.DAEMON:
            return EVERYBODY
        case Scope.ACCOUNT:
            return outcome.account_sid or UNKNOWN
        case Scope.TENANT:
            return outcome.tenant
        case Scope.REGION:
            return outcome.region

"""What does Prometheus see of objectives and their error budgets?

What is counted of each kind of thing, as two counters: how many ended, and how many of them badly.  And of each budget
how fast it burns, and how much of it is left, under the names that the configuration gives to accounts.
"""

from collections.abc import Mapping, Sequence

from monitor.error_budgets import ErrorBudgets, PlacedMinutes
from monitor.metrics import Metrics
from monitor.naming import OTHER, UNKNOWN
from monitor.objectives import Scope
from monitor.outcomes import Over
from monitor.slo import WATCHED_S

_SECONDS_A_MINUTE = 60
_COUNTERS = {
    Over.GOOD_MINUTES: ("roomwatch_judged_call_seconds_total", "roomwatch_bad_call_seconds_total", _SECONDS_A_MINUTE),
    Over.JOINS: ("roomwatch_join_attempts_total", "roomwatch_failed_join_attempts_total", 1),
    Over.COMPOSITIONS: ("roomwatch_judged_compositions_total", "roomwatch_bad_compositions_total", 1),
}


def set_slos(metrics: Metrics, budgets: ErrorBudgets, accounts: Mapping[str, str], now_s: float) -> None:
    """Show the budgets as they stand; `accounts` are the names of accounts, by SID."""
    for over, (ended, badly, unit) in _COUNTERS.items():
        good, bad = (budgets.totals[over, kind] * unit for kind in ("good", "bad"))
        metrics.set(ended, good + bad)
        metrics.set(badly, bad)
    unknown = budgets.totals[Over.GOOD_MINUTES, "unknown"] * _SECONDS_A_MINUTE
    metrics.set("roomwatch_unknown_call_seconds_total", unknown)
    for objective in budgets.objectives:
        metrics.set("roomwatch_slo_objective_ratio", objective.target_ratio, objective.name)
    for whose, budget in budgets:
        objective = budget.objective
        name = accounts.get(whose, "other") if objective.scope is Scope.ACCOUNT else whose
        metrics.set("roomwatch_slo_budget_remaining_ratio", 1.0 - budget.spent_ratio(now_s), objective.name, name)
        for window, window_s in WATCHED_S.items():
            rate = budget.burn_rate(window_s, now_s)
            metrics.set("roomwatch_slo_burn_rate", rate, objective.name, name, window.removeprefix("burn_"))


def set_listed_slos(metrics: Metrics, budgets: ErrorBudgets, tenants: Sequence[str], regions: Sequence[str]) -> None:
    """Show the good minutes of those that have series of their own; all others are of `other`."""
    tenants = [tenant for tenant in tenants if tenant not in (OTHER, UNKNOWN)]
    _set_listed(metrics, "roomwatch_tenant", tenants, budgets.of_tenants)
    _set_listed(metrics, "roomwatch_region", regions, budgets.of_regions)


def _set_listed(metrics: Metrics, family: str, listed: Sequence[str], minutes: PlacedMinutes) -> None:
    if not listed:
        return
    of_others = [
        sum(counts) for counts in zip(*(each for name, each in minutes.items() if name not in listed), strict=True)
    ]
    judged_and_bad = {name: minutes.get(name, [0, 0]) for name in listed} | {OTHER: of_others or [0, 0]}
    for name, (judged, bad) in judged_and_bad.items():
        metrics.set(f"{family}_judged_call_seconds_total", judged * _SECONDS_A_MINUTE, name)
        metrics.set(f"{family}_bad_call_seconds_total", bad * _SECONDS_A_MINUTE, name)

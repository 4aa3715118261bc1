"""What does a rule get to see of a service level objective?

How fast its error budget burns: over each of the windows that rules may name, and over the pairs of windows that belong
to a severity, as a share of the rate at which somebody is to be told.  At 1 that severity is due.
"""

from collections.abc import Mapping

from alerts.model import Kind, Reading, Severity, Value
from monitor.error_budgets import EVERYBODY, UNKNOWN
from monitor.naming import shortened
from monitor.objectives import BUDGET_DAYS, DAY_S, HOUR_S, MINUTE_S, Scope
from monitor.outcomes import Over
from monitor.slo import WATCHED_S, Burn, ErrorBudget

_WORDS = {
    Over.GOOD_MINUTES: "minutes of people's calls were bad",
    Over.JOINS: "attempts to join a call failed",
    Over.COMPOSITIONS: "compositions were late, failed, or empty",
}


def of_slo(
    key: str, whose: str, budget: ErrorBudget, now_s: float, accounts: Mapping[str, str] | None = None
) -> Reading:
    """Return what a rule over objectives sees; `accounts` are the names of accounts, by SID."""
    objective, spent_ratio = budget.objective, budget.spent_ratio(now_s)
    burns = {severity: budget.worst_burn(severity, now_s) for severity in Severity}
    values: dict[str, float | None] = {
        **{name: budget.burn_rate(window_s, now_s) for name, window_s in WATCHED_S.items()},
        **{f"{severity}_burn_ratio": burn.of_limit if burn else None for severity, burn in burns.items()},
        "budget_remaining_ratio": 1.0 - spent_ratio,
    }
    details: dict[str, Value] = {
        "slo": objective.name,
        "over": _WORDS[objective.over],
        "scope_name": scope_name(objective.scope, whose, accounts or {}),
        "objective": f"{100 * objective.target_ratio:.10g} %",
        "budget_spent_ratio": spent_ratio,
        "budget_days": BUDGET_DAYS,
        **{name: value for severity, burn in burns.items() for name, value in _of_burn(severity, burn).items()},
        **values,
    }
    return Reading(Kind.SLO, key, values, _labels(objective.name, objective.scope, whose), details)


def scope_name(scope: Scope, whose: str, accounts: Mapping[str, str]) -> str:
    """Return whom a budget is kept for, in words."""
    match scope:
        case Scope.DAEMON:
            return "everybody"
        case Scope.ACCOUNT:
            return "an unknown account" if whose == UNKNOWN else f"account {accounts.get(whose) or shortened(whose)}"
        case Scope.TENANT:
            return f"tenant {whose}"
        case Scope.REGION:
            return f"media region {whose}"


def _labels(name: str, scope: Scope, whose: str) -> dict[str, str]:
    labels = {"slo": name, "scope": scope.value}
    if whose in (EVERYBODY, UNKNOWN) and scope in (Scope.DAEMON, Scope.ACCOUNT):
        return labels
    return {**labels, scope.value: whose}


def _of_burn(severity: Severity, burn: Burn | None) -> dict[str, Value]:
    if burn is None:
        return {f"{severity}_{name}": None for name in ("burn", "window", "bad", "events")}
    return {
        f"{severity}_burn": round(burn.rate, 1),
        f"{severity}_window": window_name(burn.window.long_s),
        f"{severity}_bad": burn.counts.bad,
        f"{severity}_events": burn.counts.events,
    }


def window_name(window_s: int) -> str:
    """Return a length of time as configurations write it: 1h, 30m, 3d."""
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "m")):
        if window_s % unit_s == 0:
            return f"{window_s // unit_s}{unit}"
    return f"{window_s}s"

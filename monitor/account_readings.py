"""What does a rule get to see of a whole account?

Its troubles with Twilio, how many people fail to join or lose their connection, how near it is to its quotas, how the
last canary fared, and what it spends.  Single failures are ordinary; what counts is how many there were lately.  As a
rate they are counted over five minutes, as a share of the people in calls over one, since a storm is over in minutes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil

from alerts.model import Kind, Reading, Value
from collectors.error_codes import explain
from collectors.events import Trouble
from monitor.entities import Account, CanaryRun, Failure
from monitor.forecast import day_totals, month_forecast
from monitor.limits import AccountLimits
from monitor.naming import shortened

RATE_WINDOW_S = 300.0
SHARE_WINDOW_S = 60.0
FEWEST_PEOPLE = 5  # a share of fewer says nothing about the account
DAY_S = 86_400

Values = dict[str, float | None]


def of_account(account: Account, connected: tuple[int, int], limits: AccountLimits, now_s: float) -> Reading:
    """Return what a rule over accounts sees; `connected` are its live rooms and the people in them, counted."""
    values: Values = {
        **{trouble.value: float(trouble in account.troubles) for trouble in Trouble},
        **_rates_per_min(account, now_s),
        **_shares(account, connected[1], now_s),
        "concurrency_ratio": max(connected[0] / limits.rooms, connected[1] / limits.participants),
        **_of_canary(account.canary),
        **_of_costs(account.costs, limits.month_budget, now_s),
    }
    details: dict[str, Value] = {
        "account": shortened(account.sid),
        "account_sid": account.sid,
        "rooms": connected[0],
        "connected": connected[1],
        **{f"{trouble}_detail": account.details.get(trouble) for trouble in Trouble},
        **_top_error("join", _newer(account.join_failures, RATE_WINDOW_S, now_s)),
        **_top_error("disconnect", _newer(account.disconnects, RATE_WINDOW_S, now_s)),
        **_top_error("reconnect", _newer(account.reconnects, RATE_WINDOW_S, now_s)),
        "canary_step": account.canary.failed_step if account.canary else None,
        "canary_error": account.canary.error if account.canary else None,
        "currency": account.currency,
        "month_budget": limits.month_budget,
        **values,
    }
    return Reading(Kind.ACCOUNT, account.sid, values, {"account": account.sid}, details, _changes_at(account, now_s))


# --- people ----------------------------------------------------------------------------------------------


def _rates_per_min(account: Account, now_s: float) -> Values:
    minutes = RATE_WINDOW_S / 60
    return {
        "join_failures_per_min": len(_newer(account.join_failures, RATE_WINDOW_S, now_s)) / minutes,
        "disconnects_per_min": len(_newer(account.disconnects, RATE_WINDOW_S, now_s)) / minutes,
        "reconnects_per_min": _people(_newer(account.reconnects, RATE_WINDOW_S, now_s)) / minutes,
    }


def _shares(account: Account, connected: int, now_s: float) -> Values:
    """Return the shares of those who reconnect and of those who were cut off.

    Who reconnects is still in the room; who was cut off is not, and must be added to those who are, lest nobody is
    left to take a share of just when everybody has lost the call.
    """
    reconnecting = _people(_newer(account.reconnects, SHARE_WINDOW_S, now_s))
    cut_off = _people(_newer(account.disconnects, SHARE_WINDOW_S, now_s))
    return {
        "reconnect_ratio": _share(reconnecting, max(connected, reconnecting)),
        "disconnect_ratio": _share(cut_off, connected + cut_off),
    }


def _share(affected: int, people: int) -> float | None:
    if affected == 0:
        return 0.0
    return affected / people if people >= FEWEST_PEOPLE else None


def _newer(failures: Iterable[Failure], window_s: float, now_s: float) -> list[Failure]:
    return [failure for failure in failures if _leaves_at(failure, window_s) > now_s]


def _leaves_at(failure: Failure, window_s: float) -> float:
    # In whole seconds: a storm of thousands leaves its window in some hundred steps, and each is looked at.
    return ceil(failure.at_ms / 1000 + window_s)


def _people(failures: Iterable[Failure]) -> int:
    return len({failure.who for failure in failures})


def _top_error(what: str, failures: Sequence[Failure]) -> dict[str, Value]:
    """Return how many people failed, and the most frequent of Twilio's error codes in words, if any was told."""
    error, meaning, remedy = _in_words(failures) if failures else (None, None, None)
    return {
        f"{what}_people": _people(failures),
        f"{what}_error": error,
        f"{what}_meaning": meaning,
        f"{what}_remedy": remedy,
    }


def _in_words(failures: Iterable[Failure]) -> tuple[str, str, str]:
    codes = Counter(failure.code for failure in failures if failure.code is not None)
    if not codes:
        return "no error code", "Nobody told why.", "Look into the browsers of those whom it met."
    top = explain(codes.most_common(1)[0][0])
    return f"{top.code} {top.name}", top.meaning, top.remedy


# --- canary and costs ------------------------------------------------------------------------------------


def _of_canary(run: CanaryRun | None) -> Values:
    if run is None:
        return {"canary_failed": 0.0, "canary_round_trip_s": None}  # what is not tried has not failed
    failed = run.failed_step is not None
    return {"canary_failed": float(failed), "canary_round_trip_s": None if failed else run.steps_s.get("round_trip")}


def _of_costs(costs: Mapping[str, Mapping[str, float]], month_budget: float | None, now_s: float) -> Values:
    today = datetime.fromtimestamp(now_s, UTC).date().isoformat()
    by_day = day_totals(costs)
    forecast = month_forecast(by_day, today)
    return {
        "day_cost": by_day.get(today),
        "month_cost_forecast": forecast,
        "budget_ratio": None if forecast is None or month_budget is None else forecast / month_budget,
    }


# --- what changes though nothing happens -----------------------------------------------------------------


def _changes_at(account: Account, now_s: float) -> float | None:
    """Return when the next failure leaves a window, or when the day ends."""
    moments = [moment for moment in _moments(account, now_s) if moment > now_s]
    return min(moments, default=None)


def _moments(account: Account, now_s: float) -> Iterator[float]:
    if account.costs:
        yield (now_s // DAY_S + 1) * DAY_S
    for failures in (account.join_failures, account.disconnects, account.reconnects):
        for failure in failures:
            yield _leaves_at(failure, SHARE_WINDOW_S)
            yield _leaves_at(failure, RATE_WINDOW_S)

"""How fast does an error budget burn, and what do rules get to see of it?"""

import pytest

from alerts.model import Kind, Severity
from alerts.rules import VOCABULARY
from monitor.error_budgets import ErrorBudgets
from monitor.objectives import DAY_S, HOUR_S, MINUTE_S, WINDOWS, BurnWindow, Objective, ObjectiveError, Scope
from monitor.outcomes import Outcome, Over
from monitor.slo import Counts, ErrorBudget, Ring
from monitor.slo_readings import of_slo, scope_name, window_name
from tests.builders import ACCOUNT, NOW_MS

NOW_S = NOW_MS // 1000 // HOUR_S * HOUR_S
JOINS = Objective("Joins", Over.JOINS, 0.99, at_least=50)


def budget(objective: Objective = JOINS) -> ErrorBudget:
    return ErrorBudget(objective)


def lived(spent: ErrorBudget, minutes: int, good: int, bad: int, from_s: float = NOW_S) -> float:
    """Count so many a minute, and return the time afterwards."""
    for minute in range(minutes):
        spent.count(from_s + minute * MINUTE_S, good, bad)
    return from_s + (minutes - 1) * MINUTE_S


# --- counting --------------------------------------------------------------------------------------------


def test_a_window_counts_what_ended_within_it() -> None:
    ring = Ring(MINUTE_S, HOUR_S)
    for minute in range(10):
        ring.add(NOW_S + minute * MINUTE_S, good=1, bad=minute % 2)
    now_s = NOW_S + 9 * MINUTE_S
    assert ring.counts(5 * MINUTE_S, now_s) == Counts(5, 3)
    assert ring.counts(HOUR_S, now_s) == Counts(10, 5)
    assert ring.counts(5 * MINUTE_S, now_s + 3 * MINUTE_S) == Counts(2, 1)
    assert ring.counts(5 * MINUTE_S, now_s + HOUR_S) == Counts()


def test_a_ring_forgets_what_no_window_reaches() -> None:
    ring = Ring(MINUTE_S, 5 * MINUTE_S)
    ring.add(NOW_S, 1, 1)
    ring.add(NOW_S + DAY_S, 2, 0)
    assert ring.counts(5 * MINUTE_S, NOW_S + DAY_S) == Counts(2, 0)


def test_what_is_told_late_counts_when_it_is_told() -> None:
    ring = Ring(MINUTE_S, HOUR_S)
    ring.add(NOW_S + 10 * MINUTE_S, 1, 0)
    ring.add(NOW_S, 0, 1)
    assert ring.counts(MINUTE_S, NOW_S + 10 * MINUTE_S) == Counts(1, 1)


def test_only_steps_that_have_changed_are_saved() -> None:
    spent = budget()
    spent.count(NOW_S, 3, 1)
    assert [(step.width_s, step.good, step.bad) for step in spent.take_changed()] == [(60, 3, 1), (3600, 3, 1)]
    assert spent.take_changed() == []
    spent.count(NOW_S + MINUTE_S, 1, 0)
    assert [(step.width_s, step.good) for step in spent.take_changed()] == [(60, 1), (3600, 4)]


# --- burning ---------------------------------------------------------------------------------------------


def test_a_burn_rate_of_one_is_exactly_what_is_allowed() -> None:
    spent = budget()
    assert spent.burn_rate(HOUR_S, lived(spent, 60, 99, 1)) == pytest.approx(1.0)


def test_three_bad_minutes_of_one_call_burn_nothing() -> None:
    spent = budget()
    now_s = lived(spent, 3, 0, 1)
    assert spent.burn_rate(HOUR_S, now_s) == pytest.approx(100)
    burn = spent.worst_burn(Severity.CRITICAL, now_s)
    assert burn is not None
    assert (burn.rate, burn.of_limit) == (0, 0)


def test_what_burned_and_does_not_any_more_is_not_told() -> None:
    spent = budget()
    now_s = lived(spent, 6, 50, 50)
    assert spent.burn(WINDOWS[0], now_s).of_limit == pytest.approx(50 / 14.4)
    now_s = lived(spent, 6, 100, 0, from_s=now_s + MINUTE_S)
    assert spent.burn_rate(HOUR_S, now_s) == pytest.approx(25)
    assert spent.burn(WINDOWS[0], now_s).rate == 0


def test_of_several_pairs_of_windows_the_worst_counts() -> None:
    spent = budget()
    now_s = lived(spent, 360, 92, 8)
    burn = spent.worst_burn(Severity.CRITICAL, now_s)
    assert burn is not None
    assert (burn.window.long_s, round(burn.rate, 6)) == (6 * HOUR_S, 8)
    assert spent.worst_burn(Severity.INFO, now_s) is None


def test_the_budget_of_a_month_outlives_the_windows() -> None:
    spent = budget()
    lived(spent, 60, 98, 2)
    assert spent.spent_ratio(NOW_S + 20 * DAY_S) == pytest.approx(2.0)
    assert spent.spent_ratio(NOW_S + 31 * DAY_S) == 0


@pytest.mark.parametrize(
    ("windows", "key"),
    [((HOUR_S, HOUR_S), "short"), ((90, 60), "long"), ((HOUR_S, 0), "short"), ((8 * DAY_S, 60), "long")],
)
def test_windows_are_whole_minutes_the_short_one_within_the_long_one(windows: tuple[int, int], key: str) -> None:
    with pytest.raises(ObjectiveError) as refused:
        BurnWindow(*windows, 1.0, Severity.WARNING)
    assert refused.value.key == key


# --- whose it is -----------------------------------------------------------------------------------------


def outcome(**given: object) -> Outcome:
    return Outcome(Over.JOINS, NOW_MS, **{"bad": 1, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        (Scope.DAEMON, "Joins/all"),
        (Scope.ACCOUNT, f"Joins/{ACCOUNT}"),
        (Scope.TENANT, "Joins/acme"),
        (Scope.REGION, "Joins/de1"),
    ],
)
def test_an_outcome_counts_for_those_whom_the_objective_is_for(scope: Scope, key: str) -> None:
    budgets = ErrorBudgets([Objective("Joins", Over.JOINS, 0.99, scope)])
    budgets.count(outcome(account_sid=ACCOUNT, tenant="acme", region="de1"))
    assert [ref.key for ref in budgets.refs()] == [key]


def test_what_belongs_to_no_region_counts_for_none_and_what_to_no_account_for_an_unknown_one() -> None:
    budgets = ErrorBudgets([Objective("A", Over.JOINS, 0.99, Scope.REGION), Objective("B", Over.JOINS, 0.99)])
    budgets.count(outcome())
    assert [ref.key for ref in budgets.refs()] == ["B/unknown"]


def test_what_is_not_known_to_be_good_or_bad_spends_nothing() -> None:
    budgets = ErrorBudgets([JOINS])
    budgets.count(outcome(bad=0, unknown=5))
    assert budgets.refs() == []
    assert budgets.totals[Over.JOINS, "unknown"] == 5


def test_what_could_not_be_saved_is_saved_the_next_time() -> None:
    budgets = ErrorBudgets([JOINS])
    budgets.count(outcome())
    changed = budgets.take_changed()
    budgets.mark_changed(changed)
    assert budgets.take_changed() == changed


def test_an_objective_that_is_no_more_is_not_taken_up_again() -> None:
    before, after = ErrorBudgets([JOINS]), ErrorBudgets()
    before.count(outcome())
    after.restore(before.take_changed())
    assert after.refs() == []


# --- what rules see --------------------------------------------------------------------------------------


def test_what_is_shown_of_an_objective_is_what_rules_may_speak_of() -> None:
    reading, words = of_slo("Joins/all", "all", budget(), NOW_S), VOCABULARY[Kind.SLO]
    assert set(reading.values) == set(words.values)
    assert set(reading.labels) <= set(words.labels)
    assert set(reading.details) == set(words.details)


def test_a_reading_says_how_many_times_as_fast_as_allowed() -> None:
    spent = budget()
    began_s = lived(spent, 300, 1_000, 0) + MINUTE_S
    now_s = lived(spent, 60, 856, 144, began_s)
    reading = of_slo(f"Joins/{ACCOUNT}", ACCOUNT, spent, now_s, {ACCOUNT: "main"})
    assert reading.details["critical_burn"] == 14.4
    assert (reading.details["critical_bad"], reading.details["critical_window"]) == (144 * 60, "1h")
    assert reading.details["scope_name"] == "account main"
    assert reading.values["critical_burn_ratio"] == pytest.approx(1.0)
    assert reading.values["info_burn_ratio"] is None
    assert reading.labels == {"slo": "Joins", "scope": "account", "account": ACCOUNT}


def test_whom_a_budget_is_for_is_said_in_words() -> None:
    named = [
        scope_name(scope, whose, {}) for scope, whose in zip(Scope, ("all", "unknown", "acme", "de1"), strict=True)
    ]
    assert named == ["everybody", "an unknown account", "tenant acme", "media region de1"]


@pytest.mark.parametrize(("seconds", "name"), [(300, "5m"), (5400, "90m"), (7200, "2h"), (259_200, "3d")])
def test_a_window_is_called_what_a_configuration_calls_it(seconds: int, name: str) -> None:
    assert window_name(seconds) == name

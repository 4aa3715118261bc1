"""What does Prometheus see of error budgets, and how much of it is there?"""

from monitor.error_budgets import ErrorBudgets
from monitor.metrics import Metrics
from monitor.objectives import Objective, Scope
from monitor.outcomes import Outcome, Over
from monitor.slo import WATCHED_S
from monitor.slo_metrics import set_slos
from tests.builders import ACCOUNT, NOW_MS

NOW_S = NOW_MS / 1000
OBJECTIVES = [Objective("Joins", Over.JOINS, 0.9), Objective("ByRegion", Over.GOOD_MINUTES, 0.9, Scope.REGION)]


def seen(*outcomes: Outcome) -> dict[str, dict[tuple[str, ...], float]]:
    budgets, metrics = ErrorBudgets(OBJECTIVES), Metrics()
    for outcome in outcomes:
        budgets.count(outcome)
    set_slos(metrics, budgets, {ACCOUNT: "main"}, NOW_S)
    return metrics.values


def test_what_ended_and_what_of_it_badly_are_two_counters() -> None:
    values = seen(Outcome(Over.JOINS, NOW_MS, 3, 1), Outcome(Over.GOOD_MINUTES, NOW_MS, 5, 2, 7))
    assert values["roomwatch_join_attempts_total"][()] == 4
    assert values["roomwatch_failed_join_attempts_total"][()] == 1
    assert values["roomwatch_judged_call_seconds_total"][()] == 7 * 60
    assert values["roomwatch_bad_call_seconds_total"][()] == 2 * 60
    assert values["roomwatch_unknown_call_seconds_total"][()] == 7 * 60


def test_an_account_goes_by_its_name_and_never_by_its_sid() -> None:
    values = seen(Outcome(Over.JOINS, NOW_MS, 1, 1, account_sid=ACCOUNT), Outcome(Over.JOINS, NOW_MS, 1))
    burning = values["roomwatch_slo_burn_rate"]
    assert {labels[:2] for labels in burning} == {("Joins", "main"), ("Joins", "other")}
    assert round(burning["Joins", "main", "1h"], 9) == 5
    assert len(burning) == 2 * len(WATCHED_S)


def test_what_is_left_of_a_budget_may_be_less_than_nothing() -> None:
    values = seen(Outcome(Over.GOOD_MINUTES, NOW_MS, 0, 9, region="de1"))
    assert round(values["roomwatch_slo_budget_remaining_ratio"]["ByRegion", "de1"], 9) == -9
    assert values["roomwatch_slo_objective_ratio"]["ByRegion",] == 0.9

"""Whatever is counted, and however it comes, burn rates are what counting by hand would give."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx  # noqa: PT013 - reads as the sentence that it is part of

from monitor.error_budgets import ErrorBudgets
from monitor.objectives import HOUR_S, MINUTE_S, Objective, Scope
from monitor.outcomes import Outcome, Over
from monitor.slo import WATCHED_S, Counts, ErrorBudget, Ring

START_S = 1_763_690_400
STEPS = 50

Told = tuple[int, int, int]  # seconds since the one before, good, bad
tellings = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 9), st.integers(0, 9)), max_size=60)


def at_times(told: Sequence[Told]) -> list[Told]:
    at_s, lived = START_S, []
    for after_s, good, bad in told:
        at_s += after_s
        lived.append((at_s, good, bad))
    return lived


@given(tellings, st.integers(1, STEPS), st.integers(0, 7_200))
def test_a_window_counts_what_counting_by_hand_would(told: list[Told], steps: int, after_s: int) -> None:
    ring, lived = Ring(MINUTE_S, STEPS * MINUTE_S), at_times(told)
    for at_s, good, bad in lived:
        ring.add(at_s, good, bad)
    now_s = (lived[-1][0] if lived else START_S) + after_s
    first = now_s // MINUTE_S - steps + 1
    within = [each for each in lived if each[0] // MINUTE_S >= first]
    expected = Counts(sum(good for _, good, _ in within), sum(bad for _, _, bad in within))
    assert ring.counts(steps * MINUTE_S, now_s) == expected


@given(tellings, st.data())
def test_however_a_sum_is_split_its_parts_add_up(told: list[Told], data: st.DataObject) -> None:
    whole, parts, lived = (Ring(MINUTE_S, HOUR_S), Ring(MINUTE_S, HOUR_S), at_times(told))
    for at_s, good, bad in lived:
        whole.add(at_s, good, bad)
        some = data.draw(st.integers(0, good))
        parts.add(at_s, some, bad)
        parts.add(at_s, good - some, 0)
    now_s = lived[-1][0] if lived else START_S
    assert parts.counts(HOUR_S, now_s) == whole.counts(HOUR_S, now_s)


@given(st.integers(0, 20), st.integers(1, 20), st.sampled_from([0.9, 0.99, 0.995]), st.sampled_from(sorted(WATCHED_S)))
def test_a_constant_share_burns_at_the_same_rate_in_every_full_window(
    bad: int, good: int, target_ratio: float, window: str
) -> None:
    budget = ErrorBudget(Objective("A", Over.JOINS, target_ratio))
    for step in range(WATCHED_S["burn_3d"] // (5 * MINUTE_S)):
        budget.count(START_S + step * 5 * MINUTE_S, good, bad)
    now_s = START_S + WATCHED_S["burn_3d"] - 5 * MINUTE_S
    ratio = bad / (good + bad)
    assert budget.burn_rate(WATCHED_S[window], now_s) == approx(ratio / (1 - target_ratio))
    assert budget.spent_ratio(now_s) == approx(ratio / (1 - target_ratio))


@given(tellings, st.integers(0, 60))
def test_a_restart_at_any_moment_changes_no_burn_rate(told: list[Told], restart_after: int) -> None:
    objectives = [Objective("A", Over.JOINS, 0.99, Scope.REGION), Objective("B", Over.JOINS, 0.9, Scope.DAEMON)]
    steady, current, saved = ErrorBudgets(objectives), ErrorBudgets(objectives), {}
    lived = at_times(told)
    for number, (at_s, good, bad) in enumerate(lived):
        if number == restart_after:
            saved.update({(kept[:2], kept.step[:2]): kept for kept in current.take_changed()})
            current = ErrorBudgets(objectives)
            current.restore(sorted(saved.values(), key=lambda kept: kept.step[:2]))
        for budgets in (steady, current):
            budgets.count(Outcome(Over.JOINS, at_s * 1000, good, bad, region="de1"))
        if number % 3 == 0:  # now and then, as the picture is
            saved.update({(kept[:2], kept.step[:2]): kept for kept in current.take_changed()})
    now_s = lived[-1][0] if lived else START_S
    assert rates(current, now_s) == rates(steady, now_s)


def rates(budgets: ErrorBudgets, now_s: float) -> dict[str, list[float]]:
    return {
        f"{budget.objective.name}/{whose}": [
            *(budget.burn_rate(window_s, now_s) for window_s in WATCHED_S.values()),
            budget.spent_ratio(now_s),
        ]
        for whose, budget in budgets
    }

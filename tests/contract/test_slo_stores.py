"""One suite, every store: what error budgets count outlives a restart."""

from alerts.delivery import Fate, Settled, Settlement
from alerts.model import Judgement
from monitor.error_budgets import ErrorBudgets, Kept
from monitor.objectives import BUDGET_DAYS, DAY_S, HOUR_S, MINUTE_S, Objective
from monitor.outcomes import Outcome, Over
from monitor.slo import Step
from monitor.store.ports import Store
from tests.alert_builders import make_notification
from tests.builders import ACCOUNT, NOW_MS

ON_POSTGRES = True
NOW_S = NOW_MS // 1000


def kept(width_s: int, at_s: int, good: int = 1, bad: int = 0, whose: str = "all") -> Kept:
    return Kept("Joins", whose, Step(width_s, at_s, good, bad))


async def test_steps_come_back_in_the_order_of_time(store: Store) -> None:
    steps = [kept(MINUTE_S, NOW_S + MINUTE_S), kept(MINUTE_S, NOW_S, whose="de1"), kept(HOUR_S, NOW_S)]
    await store.slos.save(steps, NOW_S)
    assert await store.slos.load() == [steps[1], steps[0], steps[2]]


async def test_a_step_that_is_saved_again_is_as_it_was_saved_last(store: Store) -> None:
    await store.slos.save([kept(MINUTE_S, NOW_S)], NOW_S)
    await store.slos.save([kept(MINUTE_S, NOW_S, 5, 2)], NOW_S)
    assert await store.slos.load() == [kept(MINUTE_S, NOW_S, 5, 2)]


async def test_steps_that_no_window_reaches_are_dropped(store: Store) -> None:
    await store.slos.save([kept(MINUTE_S, NOW_S), kept(HOUR_S, NOW_S)], NOW_S)
    await store.slos.save([], NOW_S + 9 * DAY_S)
    assert await store.slos.load() == [kept(HOUR_S, NOW_S)]
    await store.slos.save([], NOW_S + (BUDGET_DAYS + 2) * DAY_S)
    assert await store.slos.load() == []


async def test_a_restart_keeps_the_burn_rate(store: Store) -> None:
    objectives = [Objective("Joins", Over.JOINS, 0.99)]
    before, after = ErrorBudgets(objectives), ErrorBudgets(objectives)
    for minute in range(10):
        before.count(Outcome(Over.JOINS, NOW_MS + minute * 60_000, 90, 10, account_sid=ACCOUNT))
        await store.slos.save(before.take_changed(), NOW_S)
    after.restore(await store.slos.load())
    ((_, burning), (_, restored)) = (*before, *after)
    now_s = NOW_S + 600
    assert restored.burn_rate(HOUR_S, now_s) == burning.burn_rate(HOUR_S, now_s) > 0
    assert restored.spent_ratio(now_s) == burning.spent_ratio(now_s)
    assert after.take_changed() == []


async def test_notifications_that_were_given_up_are_counted_from_a_time_on(store: Store) -> None:
    early, late, waiting = (make_notification(entity=name) for name in "abc")
    await store.alerts.record(Judgement(notifications=(early, late, waiting)))
    await store.alerts.settle([Settled(early.id, Settlement(Fate.DEAD, 1, NOW_S))])
    await store.alerts.settle([Settled(late.id, Settlement(Fate.DEAD, 1, NOW_S + 10))])
    assert [await store.alerts.dead_since(since_s) for since_s in (NOW_S, NOW_S + 1, NOW_S + 11)] == [2, 1, 0]

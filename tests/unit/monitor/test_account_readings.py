"""What rules get to see of an account."""

from typing import Any

import pytest

from alerts.default_rules import DEFAULT_RULES
from alerts.engine import Engine
from alerts.model import Kind, Reading, Reason
from alerts.rules import VOCABULARY
from collectors.events import Trouble
from monitor.account_readings import of_account
from monitor.entities import Account, CanaryRun, Failure
from monitor.limits import AccountLimits
from monitor.naming import shortened
from tests.builders import ACCOUNT, NOW_MS

NOW_S = NOW_MS / 1000  # 01:53:20 on that day, UTC
TODAY, YESTERDAY = "2025-11-21", "2025-11-20"


def look(
    *, after_s: float = 0, rooms: int = 0, people: int = 0, limits: AccountLimits | None = None, **given: Any
) -> Reading:
    account = Account(sid=ACCOUNT, **given)
    return of_account(account, (rooms, people), limits or AccountLimits(), NOW_S + after_s)


def failures(*who: str, at_s: float = 0, code: int | None = 53001) -> list[Failure]:
    return [Failure(NOW_MS + int(at_s * 1000), each, code) for each in who]


def everybody(count: int) -> list[str]:
    return [f"person {each}" for each in range(count)]


def test_what_is_shown_is_what_rules_may_speak_of() -> None:
    reading, words = look(), VOCABULARY[Kind.ACCOUNT]
    assert set(reading.values) == set(words.values)
    assert set(reading.labels) == set(words.labels)
    assert set(reading.details) == set(words.details)


def test_an_account_is_labelled_in_full_and_named_in_short() -> None:
    reading = look()
    assert reading.labels == {"account": ACCOUNT}
    assert reading.details["account"] == shortened(ACCOUNT) == "ACaa…aaaa"


@pytest.mark.parametrize("trouble", Trouble)
def test_a_trouble_is_on_from_its_beginning_to_its_end(trouble: Trouble) -> None:
    reading = look(troubles={trouble: NOW_MS}, details={trouble: "as it was told"})
    assert {other: reading.values[other] for other in Trouble} == {other: other is trouble for other in Trouble}
    assert reading.details[f"{trouble}_detail"] == "as it was told"


# --- people ----------------------------------------------------------------------------------------------


def test_failures_are_counted_over_five_minutes() -> None:
    failed = failures("ann", at_s=-300) + failures("ann", "ann", "bob", "cyd", "dan", at_s=-299)
    reading = look(join_failures=failed, disconnects=failed, reconnects=failed)
    assert reading.values["join_failures_per_min"] == 1
    assert reading.values["disconnects_per_min"] == 1
    assert reading.values["reconnects_per_min"] == 0.8  # of four people


def test_the_page_says_how_many_people_met_with_what_most_often() -> None:
    failed = failures("ann", "ann", code=20104) + failures("bob", code=53000) + failures("cyd", "dan", code=None)
    details = look(join_failures=failed).details
    assert details["join_people"] == 4
    assert str(details["join_error"]).startswith("20104 ")
    assert details["join_meaning"]
    assert details["join_remedy"]


def test_a_failure_without_a_code_has_words_too() -> None:
    details = look(join_failures=failures("ann", code=None)).details
    assert details["join_error"]
    assert details["join_remedy"]


def test_where_nothing_failed_there_is_nothing_to_explain() -> None:
    details = look(join_failures=failures("ann", at_s=-301)).details
    assert (details["join_people"], details["join_error"], details["join_remedy"]) == (0, None, None)


@pytest.mark.parametrize(
    ("people", "reconnecting", "ratio"), [(20, 5, 0.25), (20, 0, 0), (4, 2, None), (0, 0, 0), (0, 10, 1), (5, 1, 0.2)]
)
def test_a_share_of_fewer_than_five_people_is_unknown_unless_it_is_none(
    people: int, reconnecting: int, ratio: float | None
) -> None:
    assert look(people=people, reconnects=failures(*everybody(reconnecting))).values["reconnect_ratio"] == ratio


def test_who_reconnects_again_and_again_is_one_person() -> None:
    assert look(people=10, reconnects=failures("ann", "ann", "ann")).values["reconnect_ratio"] == 0.1


def test_those_who_were_cut_off_count_among_those_who_were_there() -> None:
    assert look(people=15, disconnects=failures(*everybody(5))).values["disconnect_ratio"] == 0.25
    assert look(people=0, disconnects=failures(*everybody(100))).values["disconnect_ratio"] == 1


def test_a_share_forgets_after_a_minute_what_a_rate_remembers() -> None:
    reading = look(people=10, disconnects=failures("ann", at_s=-60))
    assert (reading.values["disconnect_ratio"], reading.values["disconnects_per_min"]) == (0, 0.2)


def test_the_moments_at_which_a_failure_leaves_a_window_are_announced() -> None:
    late = failures("ann", at_s=-0.5)
    moments: list[float] = []
    reading = look(join_failures=late)
    while reading.changes_at is not None:
        moments.append(reading.changes_at - NOW_S)
        reading = look(join_failures=late, after_s=moments[-1])
    assert moments == [60, 300]
    assert reading.values["join_failures_per_min"] == 0


def test_a_storm_leaves_in_as_many_steps_as_it_had_seconds() -> None:
    storm = [Failure(NOW_MS + each, f"person {each}", 53001) for each in range(2000)]
    moments, after_s = set(), 0.0
    while (moment := look(reconnects=storm, after_s=after_s).changes_at) is not None:
        moments.add(moment)
        after_s = moment - NOW_S
    assert len(moments) == 6


def story(account: Account, *, people: int) -> list[tuple[str, Reason, float]]:
    """Return what the shipped rules conclude, and after how long, if nothing happens any more."""
    engine, told, now_s = Engine(DEFAULT_RULES), [], NOW_S
    while True:
        judged = engine.judge([of_account(account, (1, people), AccountLimits(), now_s)], now_s)
        engine.adopt(judged.alerts, judged.deadlines)
        told += [(each.rule, each.reason, now_s - NOW_S) for each in judged.transitions]
        moment = engine.next_deadline()
        if moment is None:
            return told
        now_s = moment


def test_a_storm_is_told_after_its_hold_and_is_over_by_itself() -> None:
    account = Account(sid=ACCOUNT, reconnects=failures(*everybody(5)))
    assert story(account, people=20) == [
        ("ReconnectStorm", Reason.RAISED, 0),
        ("ReconnectStorm", Reason.HELD, 15),
        ("ReconnectStorm", Reason.CLEARED, 60 + 120),
    ]


def test_everybody_cut_off_at_once_is_told_though_nobody_is_left() -> None:
    account = Account(sid=ACCOUNT, disconnects=failures(*everybody(50)))
    assert [(rule, reason) for rule, reason, _ in story(account, people=0)] == [
        ("DisconnectSpike", Reason.RAISED),
        ("DisconnectSpike", Reason.HELD),
        ("DisconnectSpike", Reason.CLEARED),
    ]


def test_nobody_is_called_for_nine_failures_to_join_but_for_ten() -> None:
    nine, ten = (Account(sid=ACCOUNT, join_failures=failures(*everybody(count))) for count in (9, 10))
    assert story(nine, people=0) == []
    assert ("JoinFailures", Reason.HELD, 120) in story(ten, people=0)


# --- quotas, canary and costs ----------------------------------------------------------------------------


@pytest.mark.parametrize(("rooms", "people", "ratio"), [(50, 100, 0.5), (10, 160, 0.8), (0, 0, 0)])
def test_the_quota_that_is_nearer_counts(rooms: int, people: int, ratio: float) -> None:
    limits = AccountLimits(rooms=100, participants=200)
    assert look(rooms=rooms, people=people, limits=limits).values["concurrency_ratio"] == ratio


def test_without_a_canary_none_has_failed() -> None:
    reading = look()
    assert reading.values["canary_failed"] == 0
    assert reading.values["canary_round_trip_s"] is None


def test_a_canary_that_came_back_says_how_long_it_took() -> None:
    reading = look(canary=CanaryRun(at_ms=NOW_MS, steps_s={"create": 0.5, "round_trip": 1.75}))
    assert (reading.values["canary_failed"], reading.values["canary_round_trip_s"]) == (0, 1.75)


def test_a_canary_that_failed_says_where_and_took_no_time() -> None:
    run = CanaryRun(at_ms=NOW_MS, steps_s={"create": 0.5}, failed_step="callback", error="none within 30 s")
    reading = look(canary=run)
    assert (reading.values["canary_failed"], reading.values["canary_round_trip_s"]) == (1, None)
    assert (reading.details["canary_step"], reading.details["canary_error"]) == ("callback", "none within 30 s")


def test_costs_are_those_of_today_and_a_forecast_from_the_days_before() -> None:
    reading = look(costs={YESTERDAY: {"rooms": 2.0, "recordings": 1.0}, TODAY: {"rooms": 9.0}}, currency="usd")
    assert reading.values["day_cost"] == 9
    assert reading.values["month_cost_forecast"] == 3 + 3 * 10
    assert reading.details["currency"] == "usd"


@pytest.mark.parametrize(("budget", "ratio"), [(None, None), (66.0, 0.5)])
def test_only_a_budget_can_be_overrun(budget: float | None, ratio: float | None) -> None:
    reading = look(costs={YESTERDAY: {"rooms": 3.0}}, limits=AccountLimits(month_budget=budget))
    assert reading.values["budget_ratio"] == ratio


def test_costs_change_by_themselves_when_the_day_ends() -> None:
    costs = {YESTERDAY: {"rooms": 3.0}, TODAY: {"rooms": 9.0}}
    midnight = look(costs=costs).changes_at
    assert midnight is not None
    reading = look(costs=costs, after_s=midnight - NOW_S)
    assert reading.values["day_cost"] is None
    assert reading.values["month_cost_forecast"] == 12 + 6 * 9

"""All that is known about asking, put together and driven by made-up time."""

from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rest.adaptive_rate import RateState
from collectors.rest.breaker import BreakerState, Circuit
from collectors.rest.budget import LONGEST_PAUSE_S, Budget, BudgetState, Limits, Priority, Refused, Wait
from collectors.rest.outcome import Outcome

LIVE, SUMMARIES = Priority.LIVE, Priority.SUMMARIES
NOW_S = 1_795_262_400.0


def ask_and_settle(budget: Budget, outcome: Outcome, now_s: float, retry_after_s: float | None = None) -> None:
    budget.settled(budget.sent(now_s), outcome, now_s, retry_after_s)


def with_its_breaker_open(now_s: float = 0) -> Budget:
    budget = Budget()
    for _ in range(budget.limits.breaker_failures):
        ask_and_settle(budget, Outcome.TIMEOUT, now_s)
    return budget


def saved_and_restored(budget: Budget, saved_at_s: float, restored_at_s: float) -> Budget:
    state = msgspec.json.decode(msgspec.json.encode(budget.state(saved_at_s)), type=BudgetState)
    after = Budget(budget.limits)
    after.restore(state, restored_at_s)
    return after


# --- may a request go? ---


def test_a_burst_goes_at_once_and_then_the_rate_decides() -> None:
    budget = Budget(Limits(requests_per_s=2, burst_requests=3))
    for _ in range(3):
        assert budget.ask(LIVE, 0) is None
        ask_and_settle(budget, Outcome.ANSWERED, 0)
    assert budget.ask(LIVE, 0) == Wait("tokens", 0.5)
    assert budget.remaining(1) == 2


def test_the_less_urgent_leave_a_third_of_the_bucket_to_the_urgent() -> None:
    budget = Budget(Limits(requests_per_s=1, burst_requests=9))
    while budget.ask(SUMMARIES, 0) is None:
        ask_and_settle(budget, Outcome.ANSWERED, 0)
    assert budget.remaining(0) == 2
    assert budget.ask(LIVE, 0) is None
    assert budget.ask(SUMMARIES, 0) == Wait("tokens", 1)


def test_a_bucket_of_one_is_for_everybody() -> None:
    assert Budget(Limits(burst_requests=1)).ask(Priority.BACKFILL, 0) is None


def test_only_so_many_are_under_way_at_once() -> None:
    budget = Budget(Limits(start_concurrency=2))
    first = budget.sent(0)
    budget.sent(0)
    assert budget.ask(LIVE, 0) == Wait("slot", inf)
    budget.settled(first, Outcome.ANSWERED, 0)
    assert budget.ask(LIVE, 0) is None


def test_what_was_never_sent_leaves_no_trace() -> None:
    budget = Budget()
    before = budget.state(0)
    budget.withdrawn(budget.sent(0), 0)
    assert budget.state(0) == before
    assert budget.in_flight == 0


# --- too much ---


def test_a_429_lowers_the_rate_and_the_concurrency() -> None:
    budget = Budget(Limits(requests_per_s=2))
    ask_and_settle(budget, Outcome.THROTTLED, 0)
    assert budget.rate_per_s == pytest.approx(1.4)
    assert budget.concurrency_limit == 3
    assert budget.last_at_s == {Outcome.THROTTLED: 0}


def test_a_pause_that_was_asked_for_holds_everybody_and_a_shorter_one_does_not_end_it() -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.THROTTLED, 0, retry_after_s=10)
    ask_and_settle(budget, Outcome.THROTTLED, 0, retry_after_s=1)
    assert budget.ask(Priority.COMPOSITIONS, 4) == Wait("pause", 6)
    assert budget.remaining(4) == 0
    assert budget.ask(LIVE, 10) is None


def test_nobody_is_kept_waiting_for_a_long_pause() -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.THROTTLED, 0, retry_after_s=600)
    assert budget.ask(LIVE, 0) == Refused("throttled", 600)
    assert budget.ask(LIVE, 580) == Wait("pause", 20)


@pytest.mark.parametrize("retry_after_s", [inf, nan, 1e300])
def test_no_pause_is_longer_than_an_hour(retry_after_s: float) -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.THROTTLED, NOW_S, retry_after_s)
    assert budget.ask(LIVE, NOW_S) == Refused("throttled", LONGEST_PAUSE_S)
    assert budget.ask(LIVE, NOW_S - 1e6) == Refused("throttled", LONGEST_PAUSE_S), "the clock went back"


# --- nobody there, or nobody who knows us ---


def test_after_five_failures_in_a_row_nobody_is_let_through() -> None:
    budget = with_its_breaker_open()
    assert budget.ask(LIVE, 1) == Refused("breaker", 4)
    assert budget.circuit is Circuit.OPEN
    assert budget.remaining(1) == 0


def test_the_probe_decides_for_all() -> None:
    budget = with_its_breaker_open()
    assert budget.ask(LIVE, 5) is None
    probe = budget.sent(5)
    assert isinstance(budget.ask(LIVE, 5), Refused)
    budget.settled(probe, Outcome.ANSWERED, 6)
    assert budget.ask(LIVE, 6) is None


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.THROTTLED, Outcome.UNAUTHORIZED])
def test_whoever_says_no_is_there(outcome: Outcome) -> None:
    budget = with_its_breaker_open()
    ask_and_settle(budget, outcome, 5)
    assert budget.circuit is Circuit.CLOSED


def test_an_account_that_no_key_opens_is_knocked_at_now_and_then() -> None:
    budget = Budget()
    knocks, now_s = [], 0.0
    while now_s < 100:
        if budget.ask(LIVE, now_s) is None:
            knocks.append(now_s)
            ask_and_settle(budget, Outcome.UNAUTHORIZED, now_s)
            assert budget.auth_lost
        now_s += 1
    assert knocks == [0, 5, 15, 35, 75]


def test_an_account_is_back_as_soon_as_a_key_opens_it() -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.UNAUTHORIZED, 0)
    assert budget.ask(LIVE, 1) == Refused("auth", 4)
    ask_and_settle(budget, Outcome.ANSWERED, 5)
    assert not budget.auth_lost
    assert budget.ask(LIVE, 5) is None


def test_a_knock_that_nobody_answers_says_nothing_about_the_keys() -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.UNAUTHORIZED, 0)
    ask_and_settle(budget, Outcome.TIMEOUT, 5)
    assert budget.auth_lost
    assert budget.ask(LIVE, 5) is None


# --- over a restart ---


def test_a_restart_changes_nothing() -> None:
    budget = Budget(Limits(requests_per_s=2, burst_requests=10))
    for _ in range(6):
        ask_and_settle(budget, Outcome.THROTTLED, NOW_S, retry_after_s=20)
    budget.retry_quota.spend(100)
    after = saved_and_restored(budget, NOW_S, NOW_S + 5)
    assert after.rate_per_s == budget.rate_per_s
    assert after.ask(LIVE, NOW_S + 5) == budget.ask(LIVE, NOW_S + 5) == Wait("pause", 15)
    assert after.remaining(NOW_S + 20) == budget.remaining(NOW_S + 20)
    assert after.concurrency_limit == budget.concurrency_limit
    assert after.retry_quota.left == 400


def test_an_open_breaker_stays_open_over_a_restart() -> None:
    after = saved_and_restored(with_its_breaker_open(NOW_S), NOW_S + 1, NOW_S + 2)
    assert after.ask(LIVE, NOW_S + 2) == Refused("breaker", 3)


def test_lost_keys_are_tried_at_once_after_a_restart() -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.UNAUTHORIZED, NOW_S)
    assert saved_and_restored(budget, NOW_S, NOW_S).ask(LIVE, NOW_S) is None


def test_a_clock_that_went_back_over_a_restart_costs_no_more_than_was_left() -> None:
    budget = Budget()
    ask_and_settle(budget, Outcome.THROTTLED, NOW_S, retry_after_s=20)
    assert saved_and_restored(budget, NOW_S, NOW_S - 1e6).ask(LIVE, NOW_S - 1e6) == Wait("pause", 20)


def test_a_long_night_refills_the_budget() -> None:
    budget = Budget(Limits(burst_requests=10))
    for _ in range(10):
        ask_and_settle(budget, Outcome.ANSWERED, NOW_S)
    after = saved_and_restored(budget, NOW_S, NOW_S + 8 * 3600)
    assert after.remaining(NOW_S + 8 * 3600) == 10


numbers = st.one_of(st.floats(), st.floats(-10, 10), st.sampled_from([0.0, 1e18, -1e18, NOW_S, -NOW_S]))
states = st.builds(
    BudgetState,
    saved_at_s=numbers,
    tokens=numbers,
    pause_left_s=numbers,
    retry_quota=st.integers(),
    concurrency=numbers,
    breaker=st.builds(BreakerState, is_open=st.booleans(), failures=st.integers(), delay_s=numbers, probe_in_s=numbers),
    rate=st.one_of(st.none(), st.builds(RateState, rate_per_s=numbers, w_max_per_s=numbers, since_throttled_s=numbers)),
)


@given(states)
def test_no_saved_nonsense_keeps_the_account_from_being_asked_again_within_the_hour(state: BudgetState) -> None:
    budget = Budget()
    budget.restore(state, NOW_S)
    assert 0 < budget.rate_per_s <= 2
    assert 1 <= budget.concurrency_limit <= 8
    assert 0 <= budget.retry_quota.left <= 500
    assert budget.ask(LIVE, NOW_S + LONGEST_PAUSE_S) is None
    msgspec.json.encode(budget.state(NOW_S))


@given(
    st.lists(
        st.tuples(
            st.floats(-3, 40), st.sampled_from(Priority), st.sampled_from(Outcome), st.one_of(st.none(), st.floats())
        ),
        max_size=60,
    )
)
def test_whatever_happens_the_account_can_be_asked_again_within_the_hour(story) -> None:
    budget, now_s, latest_s = Budget(), NOW_S, NOW_S
    for gap_s, priority, outcome, retry_after_s in story:
        now_s += gap_s
        latest_s = max(latest_s, now_s)
        if budget.ask(priority, now_s) is None:
            ask_and_settle(budget, outcome, now_s, retry_after_s)
    assert budget.in_flight == 0
    assert budget.ask(LIVE, latest_s + LONGEST_PAUSE_S) is None

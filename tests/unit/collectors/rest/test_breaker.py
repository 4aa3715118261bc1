import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rest.breaker import BreakerState, Circuit, CircuitBreaker


def opened(at_s: float = 0) -> CircuitBreaker:
    breaker = CircuitBreaker(3, 5, 18)
    for _ in range(3):
        fail(breaker, at_s)
    assert breaker.circuit is Circuit.OPEN
    return breaker


def fail(breaker: CircuitBreaker, now_s: float) -> None:
    breaker.settle(worked=False, was_probe=breaker.begin(), now_s=now_s)


def work(breaker: CircuitBreaker, now_s: float) -> None:
    breaker.settle(worked=True, was_probe=breaker.begin(), now_s=now_s)


def test_failures_count_only_in_a_row() -> None:
    breaker = CircuitBreaker(3, 5, 60)
    for _ in range(5):
        fail(breaker, 0)
        fail(breaker, 0)
        work(breaker, 0)
    assert breaker.circuit is Circuit.CLOSED


def test_an_open_breaker_lets_nobody_through_until_the_probe_is_due() -> None:
    breaker = opened()
    assert not breaker.lets_through(4.9)
    assert breaker.probe_in_s(2) == 3
    assert breaker.lets_through(5)


def test_one_probe_goes_and_everybody_else_waits_for_its_news() -> None:
    breaker = opened()
    assert breaker.begin()
    assert breaker.circuit is Circuit.HALF_OPEN
    assert not breaker.lets_through(1000)


def test_a_probe_that_works_closes_the_breaker() -> None:
    breaker = opened()
    work(breaker, 5)
    assert breaker.circuit is Circuit.CLOSED
    fail(breaker, 6)
    assert breaker.circuit is Circuit.CLOSED, "it counts anew"


def test_each_probe_that_fails_doubles_the_delay_up_to_the_longest() -> None:
    breaker = opened()
    delays_s, now_s = [], 0.0
    for _ in range(4):
        delays_s.append(breaker.probe_in_s(now_s))
        now_s += delays_s[-1]
        fail(breaker, now_s)
    assert delays_s == [5, 10, 18, 18]


def test_a_probe_that_was_given_up_is_due_again_at_once() -> None:
    breaker = opened()
    breaker.settle(worked=None, was_probe=breaker.begin(), now_s=5)
    assert breaker.lets_through(5)


def test_a_late_failure_of_an_older_request_is_not_taken_for_the_probe() -> None:
    breaker = opened()
    assert breaker.begin()
    breaker.settle(worked=False, was_probe=False, now_s=5)
    breaker.settle(worked=None, was_probe=False, now_s=5)
    assert breaker.circuit is Circuit.HALF_OPEN


def test_a_clock_that_went_back_makes_nobody_wait_longer_than_the_delay() -> None:
    breaker = opened(at_s=1_000_000)
    assert breaker.probe_in_s(0) == 5


def test_an_open_breaker_survives_a_restart_and_a_probe_under_way_is_due() -> None:
    after = CircuitBreaker(3, 5, 18)
    after.restore(opened(at_s=100).state(102), 1, 1000)
    assert not after.lets_through(1001.9)
    assert after.lets_through(1002)
    probing = opened()
    probing.begin()
    after.restore(probing.state(6), 0, 2000)
    assert after.circuit is Circuit.OPEN
    assert after.lets_through(2000)


@pytest.mark.parametrize("value", [float("nan"), -5.0, 1e300, float("inf")])
def test_nonsense_from_a_file_cannot_keep_the_breaker_open(value: float) -> None:
    breaker = CircuitBreaker(3, 5, 18)
    breaker.restore(BreakerState(is_open=True, failures=-7, delay_s=value, probe_in_s=value), 0, 1000)
    assert breaker.lets_through(1018)


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from([True, False, None]))))
def test_whoever_keeps_asking_is_let_through_before_the_longest_delay_is_over(
    story: list[tuple[float, bool | None]],
) -> None:
    breaker, now_s = CircuitBreaker(3, 5, 18), 0.0
    for gap_s, worked in story:
        now_s += gap_s
        if breaker.lets_through(now_s):
            breaker.settle(worked=worked, was_probe=breaker.begin(), now_s=now_s)
        assert breaker.lets_through(now_s + 18)

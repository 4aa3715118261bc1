import pytest

from alerts.breaker import FAILURES, FIRST_PAUSE_S, LONGEST_PAUSE_S, Breaker, Circuit

pytestmark = pytest.mark.promise("P16")


def failing(breaker, now):
    breaker.end(now, answered=False, was_probe=breaker.begin())


def opened(now=0.0):
    breaker = Breaker()
    for _ in range(FAILURES):
        failing(breaker, now)
    return breaker


def test_it_opens_after_failures_in_a_row():
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        failing(breaker, 0)
    assert breaker.circuit is Circuit.CLOSED
    failing(breaker, 0)
    assert (breaker.circuit, breaker.opens_at) == (Circuit.OPEN, FIRST_PAUSE_S)


def test_an_answer_between_failures_begins_the_row_anew():
    breaker = Breaker()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            failing(breaker, 0)
        breaker.end(0, answered=True, was_probe=breaker.begin())
    assert breaker.circuit is Circuit.CLOSED


def test_one_probe_goes_at_a_time():
    breaker = opened()
    assert breaker.begin()
    assert breaker.opens_at == float("inf")
    assert not breaker.begin()


def test_a_probe_that_is_answered_closes_it():
    breaker = opened()
    breaker.end(3, answered=True, was_probe=breaker.begin())
    assert (breaker.circuit, breaker.opens_at) == (Circuit.CLOSED, 0.0)


def test_pauses_between_probes_double_up_to_two_minutes():
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(9):
        pauses.append(breaker.opens_at - now)
        now = breaker.opens_at
        failing(breaker, now)
    assert pauses == [2, 4, 8, 16, 32, 64, 120, 120, 120]
    assert max(pauses) == LONGEST_PAUSE_S == 120


def test_after_it_has_closed_the_pauses_begin_anew():
    breaker = opened()
    failing(breaker, 2)
    breaker.end(6, answered=True, was_probe=breaker.begin())
    for _ in range(FAILURES):
        failing(breaker, 10)
    assert breaker.opens_at == 10 + FIRST_PAUSE_S


def test_attempts_that_began_before_it_opened_do_not_make_it_wait_longer():
    breaker = opened()
    breaker.end(1, answered=False, was_probe=False)
    assert breaker.opens_at == FIRST_PAUSE_S
    breaker.end(1, answered=True, was_probe=False)
    assert breaker.circuit is Circuit.CLOSED


def test_a_probe_that_asked_nobody_leaves_the_next_one_to_find_out():
    breaker = opened()
    breaker.end(2, answered=None, was_probe=breaker.begin())
    assert (breaker.circuit, breaker.opens_at) == (Circuit.OPEN, 2)

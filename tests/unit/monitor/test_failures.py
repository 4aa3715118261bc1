"""How many wrong credentials are compared, and of whom."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.http.failures import FIRST_PAUSE_S, FREE, LONGEST_DELAY_S, LONGEST_PAUSE_S, Failures

HERE, THERE = "192.0.2.1/32", "192.0.2.2/32"


def guess(failures: Failures, count: int, now_s: float = 0.0, address: str = HERE) -> None:
    for _ in range(count):
        failures.wrong(address, now_s)


def test_a_few_wrong_ones_are_free() -> None:
    failures = Failures()
    guess(failures, FREE - 1)
    assert failures.pause_s(HERE, 0) == 0


def test_each_further_one_doubles_the_pause_up_to_the_longest() -> None:
    failures, now_s, pauses = Failures(), 0.0, []
    guess(failures, FREE - 1)
    for _ in range(10):
        failures.wrong(HERE, now_s)
        pauses.append(failures.pause_s(HERE, now_s))
        now_s += pauses[-1]
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert max(pauses) <= LONGEST_PAUSE_S
    assert failures.pause_s(HERE, now_s) == 0


def test_who_guesses_is_in_nobody_elses_way() -> None:
    failures = Failures()
    guess(failures, 50)
    assert failures.pause_s(HERE, 0) > 0
    assert failures.pause_s(THERE, 0) == 0


def test_errors_are_forgotten() -> None:
    failures = Failures()
    guess(failures, FREE - 1)
    guess(failures, 5, now_s=3600)
    assert failures.pause_s(HERE, 3600) == 0


def test_many_addresses_together_make_everybody_wait_and_lock_nobody_out() -> None:
    failures = Failures()
    for number in range(1000):
        failures.wrong(f"198.51.100.{number}", 1.0)
    assert failures.pause_s(THERE, 1.0) == 0
    assert 0 < failures.delay_s(THERE, 1.0) <= LONGEST_DELAY_S
    assert failures.delay_s(THERE, 3600) == 0


def test_who_was_right_lately_does_not_wait_for_others() -> None:
    failures = Failures()
    failures.right(THERE, 1.0)
    for number in range(1000):
        failures.wrong(f"198.51.100.{number}", 2.0)
    assert failures.delay_s(THERE, 3.0) == 0
    assert failures.delay_s(HERE, 3.0) > 0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50).map(sorted))
def test_nobody_waits_longer_than_the_longest_pause(times_s: list[float]) -> None:
    failures = Failures()
    for now_s in times_s:
        failures.wrong(HERE, now_s)
        assert 0 <= failures.pause_s(HERE, now_s) <= LONGEST_PAUSE_S

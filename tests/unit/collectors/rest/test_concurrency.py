from hypothesis import given
from hypothesis import strategies as st

from collectors.rest.concurrency import ConcurrencyLimit


def test_a_window_of_successes_adds_one() -> None:
    limit = ConcurrencyLimit(4, 8)
    for _ in range(5):
        limit.succeeded(in_flight=4)
    assert limit.limit == 5


def test_a_limit_that_nobody_comes_near_to_does_not_grow() -> None:
    limit = ConcurrencyLimit(4, 8)
    for _ in range(100):
        limit.succeeded(in_flight=1)
    assert limit.limit == 4


def test_each_drop_takes_a_tenth_off_and_one_is_left() -> None:
    limit = ConcurrencyLimit(8, 8)
    limit.dropped()
    assert limit.limit == 7
    for _ in range(100):
        limit.dropped()
    assert limit.limit == 1


def test_a_limit_of_one_can_grow_again() -> None:
    limit = ConcurrencyLimit(1, 8)
    limit.succeeded(in_flight=1)
    assert limit.limit == 2


@given(st.lists(st.one_of(st.none(), st.integers(0, 20))), st.integers(1, 10), st.integers(1, 20))
def test_the_limit_stays_in_its_bounds(story: list[int | None], start: int, highest: int) -> None:
    limit = ConcurrencyLimit(start, highest)
    for in_flight in story:
        limit.dropped() if in_flight is None else limit.succeeded(in_flight)
        assert 1 <= limit.limit <= highest

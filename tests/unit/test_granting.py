"""A shared bucket, asked by several clocks."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.granting import Bucket, granted, paused
from monitor.store.leases import Allowance

FIVE = Allowance(2.0, 5)


def test_a_bucket_that_nobody_asked_before_is_full() -> None:
    bucket, grant = granted(None, 3, FIVE, 100.0)
    assert (bucket, grant) == (Bucket(2.0, 100.0), (3, 0.0))


def test_of_what_is_wanted_as_much_is_granted_as_there_is_and_it_is_told_when_there_is_more() -> None:
    _, grant = granted(Bucket(1.5, 100.0), 3, FIVE, 100.0)
    assert grant == (1, 0.25)


def test_a_clock_that_goes_back_does_not_make_a_second_count_twice() -> None:
    bucket, _ = granted(Bucket(0.0, 100.0), 1, FIVE, 101.0)
    bucket, grant = granted(bucket, 9, FIVE, 100.0)
    assert grant.requests == 1
    bucket, grant = granted(bucket, 9, FIVE, 101.0)
    assert grant.requests == 0


def test_during_a_pause_nothing_is_granted_and_of_two_the_longer_counts() -> None:
    bucket = paused(paused(Bucket(5.0, 100.0), 30.0, 100.0), 1.0, 110.0)
    same, grant = granted(bucket, 1, FIVE, 120.0)
    assert (same, grant) == (bucket, (0, 10.0))
    assert granted(bucket, 1, FIVE, 130.0)[1].requests == 1


def test_after_the_first_pause_of_a_bucket_that_nobody_knew_it_is_not_full() -> None:
    bucket = paused(None, 1.0, 100.0)
    assert granted(bucket, 5, FIVE, 101.0)[1].requests == 2


@given(st.lists(st.tuples(st.integers(1, 20), st.floats(-5, 20)), max_size=50))
def test_no_more_is_granted_than_the_burst_and_what_came_back(asks: list[tuple[int, float]]) -> None:
    bucket, now_s, first_s, last_s, total = None, 1_000.0, 1_000.0, 1_000.0, 0
    for wanted, passed_s in asks:
        now_s += passed_s
        if bucket is None:
            first_s = last_s = now_s
        last_s = max(last_s, now_s)
        bucket, grant = granted(bucket, wanted, FIVE, now_s)
        total += grant.requests
        assert total <= 5 + 2.0 * (last_s - first_s) + 1e-6

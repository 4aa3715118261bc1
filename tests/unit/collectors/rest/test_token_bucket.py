"""A bucket of requests, driven by made-up time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rest.token_bucket import TokenBucket


def take_all(bucket: TokenBucket, now_s: float) -> int:
    taken = 0
    while not bucket.wait_s(now_s):
        bucket.take(now_s)
        taken += 1
    return taken


def test_a_burst_goes_at_once_and_the_next_one_waits_for_its_token() -> None:
    bucket = TokenBucket(2, 3)
    assert take_all(bucket, 0) == 3
    assert bucket.wait_s(0) == 0.5
    assert bucket.wait_s(0.4) == pytest.approx(0.1)
    assert bucket.wait_s(0.5) == 0


def test_what_is_not_spent_comes_back_up_to_the_burst() -> None:
    bucket = TokenBucket(2, 3)
    take_all(bucket, 0)
    assert take_all(bucket, 1) == 2
    assert take_all(bucket, 1000) == 3


def test_more_than_fits_is_never_waited_for() -> None:
    bucket = TokenBucket(1, 2)
    bucket.take(0)
    assert bucket.wait_s(0, wanted=50) == 1


def test_a_slower_bucket_holds_less_and_one_token_at_least() -> None:
    bucket = TokenBucket(10, 20)
    bucket.set_rate(0, 5)
    assert take_all(bucket, 0) == 10
    bucket.set_rate(0, 0.1)
    assert bucket.wait_s(0) == 10
    assert take_all(bucket, 1000) == 1


def test_a_clock_that_goes_back_neither_gives_nor_takes() -> None:
    bucket = TokenBucket(1, 5)
    take_all(bucket, 1000)
    assert take_all(bucket, 0) == 0
    assert take_all(bucket, 2) == 2


def test_a_token_that_was_not_used_can_be_put_back() -> None:
    bucket = TokenBucket(1, 2)
    bucket.take(0)
    bucket.put_back(0)
    assert bucket.tokens(0) == 2


@given(st.lists(st.floats(0, 3), max_size=100), st.floats(0.1, 20), st.integers(1, 20), st.floats(0.05, 1))
def test_no_window_of_a_second_sees_more_than_burst_and_rate(
    gaps_s: list[float], rate_per_s: float, burst: int, slower: float
) -> None:
    bucket, now_s, sent = TokenBucket(rate_per_s, burst), 0.0, []
    for place, gap_s in enumerate(gaps_s):
        now_s += gap_s
        if place % 7 == 6:
            bucket.set_rate(now_s, rate_per_s * slower)
        if not bucket.wait_s(now_s):
            bucket.take(now_s)
            sent.append(now_s)
    for start_s in sent:
        assert sum(start_s <= moment_s < start_s + 1 for moment_s in sent) <= burst + rate_per_s + 1e-6

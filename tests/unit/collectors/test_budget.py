"""The request budget, driven by made-up time."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.budget import TokenBucket


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.reserve(0) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]


def test_what_is_not_spent_comes_back_up_to_the_burst() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    for _ in range(3):
        bucket.reserve(0)
    assert bucket.remaining(0) == 0
    assert bucket.remaining(1) == 2
    assert bucket.remaining(1000) == 3


def test_a_pause_holds_everybody_and_a_shorter_one_does_not_end_it() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    bucket.pause(0, 10)
    bucket.pause(0, 1)
    assert bucket.reserve(4) == 6
    assert bucket.remaining(4) == 0


@given(st.lists(st.floats(0, 5), max_size=200), st.floats(0.5, 20), st.integers(1, 20))
def test_no_window_of_a_second_sees_more_than_burst_and_rate(gaps: list[float], rate: float, burst: int) -> None:
    bucket, now, sent = TokenBucket(rate, burst), 0.0, []
    for gap in gaps:
        now += gap
        sent.append(now + bucket.reserve(now))
    for start in sent:
        assert sum(start <= moment < start + 1 for moment in sent) <= burst + rate + 1

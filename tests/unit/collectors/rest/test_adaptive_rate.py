"""A rate that gives way to 429s and comes back along a cubic curve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rest.adaptive_rate import (
    BETA,
    FLOOR_PER_S,
    FORGET_AFTER_S,
    AdaptiveRate,
    RateState,
    SendRate,
    cubic_per_s,
)

NAN = float("nan")


def sending(per_s: float, declared_per_s: float = 100, until_s: float = 10) -> AdaptiveRate:
    """Return a rate under which so much was sent from 0 on."""
    rate = AdaptiveRate(declared_per_s)
    for place in range(int(until_s * per_s)):
        rate.sent(place / per_s)
    return rate


def test_what_is_really_sent_is_measured_in_half_seconds() -> None:
    measured = SendRate()
    for place in range(101):
        measured.sent(place / 10)
    assert measured.smoothed_per_s == pytest.approx(10, rel=0.05)


def test_half_a_second_of_a_burst_counts_before_it_is_over() -> None:
    measured = SendRate()
    for _ in range(8):
        measured.sent(100.1)
    assert measured.smoothed_per_s == 0
    assert measured.burst_per_s == 16


def test_nothing_is_adapted_before_the_first_429() -> None:
    rate = AdaptiveRate(2)
    rate.sent(0)
    rate.succeeded(1)
    assert rate.per_s == 2
    assert rate.state(1) is None


def test_a_429_cuts_to_seven_tenths_of_what_was_really_sent() -> None:
    rate = sending(20)
    rate.throttled(10)
    assert rate.per_s == pytest.approx(0.7 * 20, rel=0.05)


def test_a_429_cuts_to_seven_tenths_of_the_limit_where_that_is_lower() -> None:
    rate = sending(20, declared_per_s=5)
    rate.throttled(10)
    assert rate.per_s == pytest.approx(3.5)


def test_several_429s_at_once_are_one_piece_of_news() -> None:
    rate = sending(20, declared_per_s=5)
    rate.throttled(10)
    rate.throttled(10.4)
    assert rate.per_s == pytest.approx(3.5)
    rate.throttled(10.6)
    assert rate.per_s == pytest.approx(0.7 * 3.5)


def test_the_curve_starts_at_seven_tenths_and_is_flat_around_what_was_too_much() -> None:
    assert cubic_per_s(0, 10) == pytest.approx(BETA * 10)
    back_s = (10 * 0.3 / 0.4) ** (1 / 3)
    assert cubic_per_s(back_s, 10) == pytest.approx(10)
    assert cubic_per_s(back_s + 2, 10) == pytest.approx(10 + 0.4 * 8)


def test_successes_bring_the_rate_back_and_then_the_429_is_forgotten() -> None:
    rate, now_s = sending(20, declared_per_s=5), 10.0
    rate.throttled(now_s)
    while rate.per_s < 5:
        now_s += 1 / rate.per_s
        rate.sent(now_s)
        rate.succeeded(now_s)
        assert now_s < 20, "a rate of five a second does not take ten to come back"
    assert rate.state(now_s) is None


def test_a_rate_that_is_not_used_does_not_grow_and_does_not_shrink() -> None:
    rate = sending(20)
    rate.throttled(10)
    before_per_s = rate.per_s
    for now_s in range(20, 200, 20):
        rate.sent(now_s)
        rate.succeeded(now_s)
    assert rate.per_s == before_per_s


def test_a_429_of_long_ago_is_forgotten_though_hardly_anything_was_sent() -> None:
    rate = sending(20)
    rate.throttled(10)
    rate.succeeded(11 + FORGET_AFTER_S)
    assert rate.per_s == 100


def test_the_first_request_of_all_may_be_throttled() -> None:
    rate = AdaptiveRate(2)
    rate.sent(0)
    rate.throttled(0)
    assert rate.per_s == pytest.approx(1.4)


@pytest.mark.parametrize("value", [NAN, -1.0, 1e300, float("inf"), float("-inf")])
def test_nonsense_from_a_file_stays_within_the_bounds(value: float) -> None:
    rate = AdaptiveRate(2)
    rate.restore(RateState(value, value, value), 0, 100)
    rate.sent(101)
    rate.succeeded(101)
    rate.throttled(102)
    assert FLOOR_PER_S <= rate.per_s <= 2


@given(
    st.lists(st.tuples(st.floats(-2, 30), st.sampled_from(["sent", "sent", "succeeded", "throttled"])), max_size=80),
    st.floats(0.01, 100),
)
def test_the_rate_is_never_above_the_declared_one_nor_below_the_floor(
    story: list[tuple[float, str]], declared_per_s: float
) -> None:
    rate, now_s = AdaptiveRate(declared_per_s), 1000.0
    for gap_s, what in story:
        now_s += gap_s
        getattr(rate, what)(now_s)
        assert min(FLOOR_PER_S, declared_per_s) <= rate.per_s <= declared_per_s

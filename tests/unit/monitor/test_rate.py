"""Who sends too much, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.http.rate import RateLimit


def test_a_burst_is_allowed_and_then_what_comes_in_at_the_rate() -> None:
    limit = RateLimit(per_s=2.0, burst=3)
    assert [limit.wait_s("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limit.wait_s("a", 0.5) == 0.0
    assert limit.wait_s("a", 0.5) == pytest.approx(0.5)
    assert limit.wait_s("b", 0.5) == 0.0


@given(st.floats(0, 4e9), st.sampled_from((0.1, 0.3, 7.0, 50.0)), st.integers(1, 300))
def test_a_burst_is_whole_however_late_it_is(now_s: float, per_s: float, burst: int) -> None:
    limit = RateLimit(per_s, burst)
    assert [limit.wait_s("a", now_s) == 0.0 for _ in range(burst + 1)] == [True] * burst + [False]


def test_who_comes_back_when_told_to_is_let_in() -> None:
    limit = RateLimit(per_s=0.3, burst=1)
    limit.wait_s("a", 0.0)
    wait_s = limit.wait_s("a", 1.0)
    assert limit.wait_s("a", 1.0 + wait_s + 1e-9) == 0.0


@given(st.lists(st.floats(0, 1), max_size=60), st.integers(1, 5))
def test_nobody_gets_more_than_the_burst_and_the_rate_together(gaps_s: list[float], burst: int) -> None:
    limit, now_s, taken = RateLimit(per_s=2.0, burst=burst), 0.0, 0
    for gap_s in gaps_s:
        now_s += gap_s
        taken += limit.wait_s("a", now_s) == 0.0
    assert taken <= burst + 2.0 * now_s + 1e-6


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100)), max_size=60))
def test_clients_that_there_is_room_for_have_a_bucket_each(heard: list[tuple[int, float]]) -> None:
    limit, alone, now_s = RateLimit(0.05, 4, sets=1), [RateLimit(0.05, 4) for _ in range(4)], 0.0
    for client, later_s in heard:
        now_s += later_s
        assert limit.wait_s(client, now_s) == alone[client].wait_s(client, now_s)


@given(st.floats(1e-300, 1e-6), st.integers(1, 300))
def test_a_rate_of_next_to_nothing_still_lets_a_burst_in(per_s: float, burst: int) -> None:
    limit = RateLimit(per_s, burst)
    assert [limit.wait_s("a", 2e9) == 0.0 for _ in range(burst + 1)] == [True] * burst + [False]


def test_whoever_sends_too_much_is_remembered_whoever_else_comes() -> None:
    limit = RateLimit(per_s=1.0, burst=3, sets=1)
    assert [limit.wait_s("too much", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    for number in range(100):
        assert limit.wait_s(f"another {number}", 0.0) == 0.0
        assert limit.wait_s("too much", 0.0) == 1.0


def test_whoever_only_asks_how_long_to_wait_is_not_counted() -> None:
    rate = RateLimit(0.5, 2)
    assert [rate.pause_s("c", 0.0) for _ in range(5)] == [0.0] * 5
    assert [rate.wait_s("c", 0.0) for _ in range(2)] == [0.0, 0.0]
    assert rate.pause_s("c", 0.0) == rate.pause_s("c", 0.0) == 2.0
    assert rate.pause_s("c", 1.0) == 1.0
    assert rate.pause_s("c", 2.0) == 0.0

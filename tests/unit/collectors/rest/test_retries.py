import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rest.outcome import Outcome
from collectors.rest.retries import Retries, RetryQuota, backoff_s, retry_after_s

NOON_S = 1_795_262_400  # Sat, 21 Nov 2026 12:00:00 GMT
NOON = "Sat, 21 Nov 2026 12:00:00 GMT"


def retries(quota: RetryQuota | None = None, *, is_repeatable: bool = True) -> Retries:
    return Retries(quota or RetryQuota(), 3, is_repeatable=is_repeatable)


@pytest.mark.parametrize("outcome", [Outcome.THROTTLED, Outcome.SERVER, Outcome.TIMEOUT, Outcome.NETWORK])
def test_what_failed_for_a_moment_is_sent_three_times_at_most(outcome: Outcome) -> None:
    mine = retries()
    assert [mine.granted(outcome) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.UNAUTHORIZED, Outcome.ABANDONED])
def test_what_would_come_to_the_same_is_not_sent_again(outcome: Outcome) -> None:
    assert not retries().granted(outcome)


def test_a_change_is_repeated_only_when_it_was_surely_not_made() -> None:
    assert retries(is_repeatable=False).granted(Outcome.THROTTLED)
    assert not any(retries(is_repeatable=False).granted(outcome) for outcome in Outcome if outcome.is_failure)


def test_a_timeout_costs_twice_as_much_as_any_other_trouble() -> None:
    quota = RetryQuota(100)
    retries(quota).granted(Outcome.SERVER)
    assert quota.left == 95
    retries(quota).granted(Outcome.TIMEOUT)
    assert quota.left == 85


def test_when_the_quota_is_spent_nothing_is_repeated() -> None:
    quota = RetryQuota(12)
    assert [retries(quota).granted(Outcome.SERVER) for _ in range(3)] == [True, True, False]
    assert quota.left == 2


def test_a_success_gives_back_what_its_last_retry_cost() -> None:
    quota = RetryQuota(100)
    mine = retries(quota)
    mine.granted(Outcome.SERVER)
    mine.granted(Outcome.TIMEOUT)
    mine.succeeded()
    assert quota.left == 95
    retries(quota).succeeded()
    assert quota.left == 96


@given(st.lists(st.sampled_from([*Outcome, None])))
def test_the_quota_is_never_overdrawn_nor_overfull(story: list[Outcome | None]) -> None:
    quota = RetryQuota(40)
    for outcome in story:
        retries(quota).succeeded() if outcome is None else retries(quota).granted(outcome)
        assert 0 <= quota.left <= 40


def test_the_pause_doubles_up_to_the_cap_and_is_drawn_between_nothing_and_that() -> None:
    assert [backoff_s(retry, 1.0) for retry in (1, 2, 3, 4, 5, 6, 7, 2000)] == [1, 2, 4, 8, 16, 20, 20, 20]
    assert backoff_s(5, 0.0) == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-7"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Sat, 21 Nov 2026 11:59:00 GMT"}, 0),
        ({"Retry-After": "Sat, 21 Nov 2026 13:00:30 GMT", "Date": "Sat, 21 Nov 2026 13:00:00 GMT"}, 30),
        ({"Retry-After": "Sat, 21 Nov 99999 12:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOON_S) == seconds


@given(st.text(), st.text())
def test_no_header_is_too_strange(retry_after: str, date: str) -> None:
    pause_s = retry_after_s({"Retry-After": retry_after, "Date": date}, NOON_S)
    assert pause_s is None or pause_s >= 0

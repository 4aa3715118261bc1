"""Shall a request that failed be sent again, and when?

Only what may be repeated: a GET always, and a change only after a 429, which says that nothing was done.  Only so many
times for one request, and only while the *retry quota* lasts: every retry takes from it, successes give back.  When
Twilio is down for everybody the quota runs dry within seconds, and what was one request an attempt stays one.

Retries are spaced by exponential backoff with full jitter, so that what failed together does not come back together.
A server that names a time itself (`Retry-After`) is taken at its word.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from collectors.rest.outcome import Outcome

QUOTA = 500
COST = 5
TIMEOUT_COST = 10  # it has kept somebody waiting already
RETURN = 1  # what a success gives back that needed no retry

#: 2 ** 9 times any base are beyond any sensible cap; a larger exponent would only court overflow.
_LARGEST_EXPONENT = 9


class RetryQuota:
    """Tokens for retries, shared by all requests of an account."""

    def __init__(self, capacity: int = QUOTA) -> None:
        self.capacity = capacity
        self.left = capacity

    def spend(self, cost: int) -> bool:
        """Take so much; False, and nothing taken, when there is less."""
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def give_back(self, amount: int) -> None:
        """Put so much back."""
        self.left = min(self.capacity, self.left + amount)

    def restore(self, left: int) -> None:
        """Let there be as much as when it was saved."""
        self.left = min(max(0, left), self.capacity)


class Retries:
    """The retries of one request."""

    def __init__(self, quota: RetryQuota, most_attempts: int, *, is_repeatable: bool) -> None:
        self.made = 0
        self._quota = quota
        self._most_attempts = most_attempts
        self._is_repeatable = is_repeatable
        self._last_cost = RETURN

    def granted(self, outcome: Outcome) -> bool:
        """Whether the request may be sent once more; if so, the retry is paid for."""
        may_repeat = outcome is Outcome.THROTTLED or (outcome.is_failure and self._is_repeatable)
        cost = TIMEOUT_COST if outcome is Outcome.TIMEOUT else COST
        if not may_repeat or self.made + 1 >= self._most_attempts or not self._quota.spend(cost):
            return False
        self.made, self._last_cost = self.made + 1, cost
        return True

    def succeeded(self) -> None:
        """Give back what the last retry cost, or a little where there was none."""
        self._quota.give_back(self._last_cost)


def backoff_s(retry: int, fraction: float, base_s: float = 1.0, cap_s: float = 20.0) -> float:
    """Return the pause before the given retry, counted from 1; `fraction` is drawn evenly from [0, 1)."""
    return fraction * min(cap_s, base_s * 2.0 ** min(retry - 1, _LARGEST_EXPONENT))


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return the pause that an answer asks for: a number of seconds, or the time until a date by the server's clock."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until_s, server_now_s = date_s(text), date_s(headers.get("Date", ""))
    if until_s is None:
        return None
    return max(0.0, until_s - (now_s if server_now_s is None else server_now_s))


def date_s(text: str) -> float | None:
    """Return the moment that an HTTP date names, in seconds since the epoch."""
    try:
        moment: datetime = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None

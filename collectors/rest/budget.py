"""May we ask Twilio now, and if not, when?

One `Budget` for each account puts together what is known about asking: a token bucket with the declared rate and
burst, which slows down after a 429 (`adaptive_rate`), a limit on what is under way (`concurrency`), the pauses that
Twilio asks for, and two circuit breakers: one for a Twilio that does not answer, one for an account whose keys do not
open.  Pure: it is asked, told what was sent and what that came to, and handed the time.  Who waits for it, and in
which order, is the gate's business (`gate`).

Times are seconds of one clock that shows wall time and, if it can be helped, does not go back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from typing import Literal, NamedTuple

from msgspec import Struct

from collectors.rest.adaptive_rate import AdaptiveRate, RateState
from collectors.rest.bounds import within
from collectors.rest.breaker import BreakerState, Circuit, CircuitBreaker
from collectors.rest.concurrency import ConcurrencyLimit
from collectors.rest.outcome import Outcome
from collectors.rest.retries import QUOTA, RetryQuota
from collectors.rest.token_bucket import TokenBucket

#: Nobody means a longer pause than this, whatever the header says.
LONGEST_PAUSE_S = 3600.0

#: Priorities from `SUMMARIES` on leave this share of the bucket to those before them.
RESERVED_RATIO = 1 / 3


class Priority(IntEnum):
    """Whose requests go first when the budget does not suffice for all; lower is sooner."""

    COMPOSITIONS = 0
    LIVE = 1
    ENDED = 2
    SUMMARIES = 3
    USAGE = 4
    BACKFILL = 5


@dataclass(frozen=True)
class Limits:
    """What one account may spend, and how its failures are met."""

    requests_per_s: float = 2.0
    burst_requests: int = 10
    start_concurrency: int = 4
    most_concurrency: int = 8
    most_attempts: int = 3
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 20.0
    patience_s: float = 30.0  # a longer pause is an answer in itself: nobody is kept waiting for it
    breaker_failures: int = 5
    breaker_delay_s: float = 5.0
    breaker_longest_delay_s: float = 120.0
    auth_delay_s: float = 5.0
    auth_longest_delay_s: float = 60.0


class Wait(NamedTuple):
    """Not now: after so many seconds at the earliest, or, for a slot, when a request has come back."""

    waits_for: Literal["pause", "tokens", "slot"]
    seconds: float


class Refused(NamedTuple):
    """Not at all: come back after so many seconds.  The kind is that of a `CollectError`."""

    kind: Literal["breaker", "auth", "throttled"]
    retry_after_s: float


class Sent(NamedTuple):
    """A request that is under way; whoever holds it settles it, once."""

    is_probe: bool
    is_auth_probe: bool


class BudgetState(Struct, frozen=True):
    """A budget as it is kept over a restart.  All but the first are spans and amounts, so no clock can spoil them.

    What the keys open is not kept: a restart is how new keys come, and they are tried at once.
    """

    saved_at_s: float
    tokens: float
    pause_left_s: float
    retry_quota: int
    concurrency: float
    breaker: BreakerState
    rate: RateState | None = None


class Budget:
    """What one account may spend on requests."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits = limits or Limits()
        self.retry_quota = RetryQuota(QUOTA)
        self.in_flight = 0
        self._bucket = TokenBucket(limits.requests_per_s, limits.burst_requests)
        self._rate = AdaptiveRate(limits.requests_per_s)
        self._concurrency = ConcurrencyLimit(limits.start_concurrency, limits.most_concurrency)
        self._breaker = CircuitBreaker(limits.breaker_failures, limits.breaker_delay_s, limits.breaker_longest_delay_s)
        self._auth = CircuitBreaker(1, limits.auth_delay_s, limits.auth_longest_delay_s)
        self._paused_until_s = 0.0
        self._last_at_s: dict[Outcome, float] = {}

    # --- may a request go? --------------------------------------------------------------------------------

    def ask(self, priority: Priority, now_s: float) -> Wait | Refused | None:
        """Return None if a request may go now, or else what keeps it."""
        if refused := self._refusal(now_s):
            return refused
        if pause_s := self._pause_left_s(now_s):
            return Wait("pause", pause_s)
        if self.in_flight >= self._concurrency.limit:
            return Wait("slot", inf)
        wait_s = self._bucket.wait_s(now_s, self._wanted(priority))
        return Wait("tokens", wait_s) if wait_s else None

    def _refusal(self, now_s: float) -> Refused | None:
        if not self._breaker.lets_through(now_s):
            return Refused("breaker", self._breaker.probe_in_s(now_s))
        if not self._auth.lets_through(now_s):
            return Refused("auth", self._auth.probe_in_s(now_s))
        pause_s = self._pause_left_s(now_s)
        return Refused("throttled", pause_s) if pause_s > self.limits.patience_s else None

    def _wanted(self, priority: Priority) -> float:
        return self._bucket.capacity * RESERVED_RATIO if priority >= Priority.SUMMARIES else 1.0

    def _pause_left_s(self, now_s: float) -> float:
        return min(max(0.0, self._paused_until_s - now_s), LONGEST_PAUSE_S)

    # --- what became of it --------------------------------------------------------------------------------

    def sent(self, now_s: float) -> Sent:
        """Take note of a request that goes now."""
        self.charge(now_s)
        self.in_flight += 1
        return Sent(self._breaker.begin(), self._auth.begin())

    def charge(self, now_s: float) -> None:
        """Take note that a request which is under way is sent once more, with another key."""
        self._bucket.take(now_s)
        self._rate.sent(now_s)

    def withdrawn(self, sent: Sent, now_s: float) -> None:
        """Take note that a request never went, though it might have."""
        self._bucket.put_back(now_s)
        self.settled(sent, Outcome.ABANDONED, now_s)

    def settled(self, sent: Sent, outcome: Outcome, now_s: float, retry_after_s: float | None = None) -> None:
        """Take note of what a request came to, and of the pause that its answer asked for."""
        self._last_at_s[outcome] = now_s
        self._adapt(outcome, now_s)
        self.in_flight -= 1
        reached = None if outcome is Outcome.ABANDONED else not outcome.is_failure
        self._breaker.settle(worked=reached, was_probe=sent.is_probe, now_s=now_s)
        opened = {Outcome.ANSWERED: True, Outcome.UNAUTHORIZED: False}.get(outcome)
        self._auth.settle(worked=opened, was_probe=sent.is_auth_probe, now_s=now_s)
        if retry_after_s is not None:
            pause_s = within(retry_after_s, 0.0, LONGEST_PAUSE_S, otherwise=LONGEST_PAUSE_S)
            self._paused_until_s = now_s + max(pause_s, self._pause_left_s(now_s))

    def _adapt(self, outcome: Outcome, now_s: float) -> None:
        if outcome is Outcome.THROTTLED:
            self._rate.throttled(now_s)
        elif outcome is Outcome.ANSWERED:
            self._rate.succeeded(now_s)
            self._concurrency.succeeded(self.in_flight)
        if outcome.is_drop:
            self._concurrency.dropped()
        self._bucket.set_rate(now_s, self._rate.per_s)

    # --- how it stands ------------------------------------------------------------------------------------

    def remaining(self, now_s: float) -> int:
        """Return how many requests the tokens would let go at once."""
        if self._refusal(now_s) or self._pause_left_s(now_s):
            return 0
        return max(0, int(self._bucket.tokens(now_s)))

    @property
    def rate_per_s(self) -> float:
        """The rate that is allowed now; the declared one unless Twilio has throttled us."""
        return self._rate.per_s

    @property
    def concurrency_limit(self) -> int:
        """How many requests may be under way."""
        return self._concurrency.limit

    @property
    def circuit(self) -> Circuit:
        """Whether Twilio is believed to be there."""
        return self._breaker.circuit

    @property
    def auth_lost(self) -> bool:
        """Whether none of the keys opened the account when they were last tried."""
        return self._auth.circuit is not Circuit.CLOSED

    @property
    def last_at_s(self) -> Mapping[Outcome, float]:
        """When a request last came to each outcome, since the start."""
        return self._last_at_s

    # --- over a restart -----------------------------------------------------------------------------------

    def state(self, now_s: float) -> BudgetState:
        """Return what has to be kept over a restart."""
        return BudgetState(
            saved_at_s=now_s,
            tokens=self._bucket.tokens(now_s),
            pause_left_s=self._pause_left_s(now_s),
            retry_quota=self.retry_quota.left,
            concurrency=self._concurrency.value,
            breaker=self._breaker.state(now_s),
            rate=self._rate.state(now_s),
        )

    def restore(self, state: BudgetState, now_s: float) -> None:
        """Be as it was saved; nonsense is moved into its bounds, and a moment yet to come is taken for now."""
        age_s = within(now_s - state.saved_at_s, 0.0, inf, otherwise=0.0)
        pause_s = within(state.pause_left_s, 0.0, LONGEST_PAUSE_S, otherwise=0.0)
        self._paused_until_s = now_s + max(0.0, pause_s - age_s)
        self._rate.restore(state.rate, age_s, now_s)
        self._bucket.set_rate(now_s, self._rate.per_s)
        tokens = within(state.tokens, -self._bucket.burst, self._bucket.capacity, otherwise=0.0)
        self._bucket.fill(now_s, tokens + age_s * self._rate.per_s)
        self._breaker.restore(state.breaker, age_s, now_s)
        self._concurrency.restore(state.concurrency)
        self.retry_quota.restore(state.retry_quota)

"""How many requests does a shared bucket grant?  Pure: it is read, asked and written back by whoever keeps it."""

from math import floor

from msgspec import Struct

from collectors.rest.token_bucket import TokenBucket
from monitor.store.leases import Allowance, Grant

_ALMOST = 1e-9  # sums of fractions miss a whole number by a little


class Bucket(Struct, frozen=True):
    """The tokens that there were at a moment, and until when none is granted."""

    tokens: float
    at_s: float
    not_before_s: float = 0.0


def granted(kept: Bucket | None, wanted: int, allowance: Allowance, now_s: float) -> tuple[Bucket, Grant]:
    """Return what is granted, and the bucket afterwards; one that nobody asked before is full."""
    if kept is None:
        kept = Bucket(float(allowance.burst_requests), now_s)
    now_s = max(now_s, kept.at_s)  # a clock that goes back must not make the same second count twice
    if now_s < kept.not_before_s:
        return kept, Grant(0, kept.not_before_s - now_s)
    bucket = TokenBucket(allowance.requests_per_s, allowance.burst_requests)
    bucket.fill(kept.at_s, kept.tokens)
    tokens = bucket.tokens(now_s)
    requests = min(wanted, max(0, floor(tokens + _ALMOST)))
    bucket.fill(now_s, tokens - requests)
    wait_s = bucket.wait_s(now_s) if requests < wanted else 0.0
    return Bucket(tokens - requests, now_s, kept.not_before_s), Grant(requests, wait_s)


def paused(kept: Bucket | None, pause_s: float, now_s: float) -> Bucket:
    """Return the bucket with a pause in it that is as long as was asked, or longer if a longer one is under way.

    A bucket that nobody asked before is empty: whoever demands a pause has been asked too much.
    """
    kept = kept or Bucket(0.0, now_s)
    return Bucket(kept.tokens, kept.at_s, max(kept.not_before_s, now_s + pause_s))

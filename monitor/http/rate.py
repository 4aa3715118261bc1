"""Does this client send too much?"""

from collections.abc import Hashable

from msgspec import Struct

from monitor.recent import Recent

CLIENTS_REMEMBERED = 10_000  # the latest, and as many more: whoever sends too much is always among them
LEAST_REMEMBERED_S = 60.0  # of those who may long since send a whole burst again


class _Bucket(Struct, gc=False):
    tokens: float
    at_s: float


class RateLimit:
    """A token bucket for each client; who has not been heard for long is forgotten.  Pure: time is given."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        # A bucket that has had the time to fill up is as good as none.
        self._buckets: Recent[Hashable, _Bucket] = Recent(CLIENTS_REMEMBERED, max(burst / per_s, LEAST_REMEMBERED_S))

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """Count one request of the client; return 0, or how long it should wait, in which case it is not counted."""
        bucket = self._buckets.get(client)
        if bucket is None:
            self._buckets.put(client, _Bucket(self._burst - 1, now_s), now_s)
            return 0.0
        tokens = self._tokens(bucket, now_s)
        bucket.at_s = now_s
        if tokens < 1:
            bucket.tokens = tokens
            return (1 - tokens) / self._per_s
        bucket.tokens = tokens - 1
        return 0.0

    def pause_s(self, client: Hashable, now_s: float) -> float:
        """Return 0, or how long the client should wait, and count nothing."""
        bucket = self._buckets.get(client)
        return 0.0 if bucket is None else max(0.0, (1 - self._tokens(bucket, now_s)) / self._per_s)

    def _tokens(self, bucket: _Bucket, now_s: float) -> float:
        return min(bucket.tokens + (now_s - bucket.at_s) * self._per_s, self._burst)

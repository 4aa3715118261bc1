"""Does this client send too much?"""

from collections import OrderedDict
from collections.abc import Hashable

CLIENTS_REMEMBERED = 50_000


class RateLimit:
    """A token bucket for each client; whoever was not heard for longest is forgotten first.  Pure: time is given."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._buckets: OrderedDict[Hashable, list[float]] = OrderedDict()  # how many tokens, and when that was

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """Count one request of the client; return 0, or how long it should wait, in which case it is not counted."""
        bucket = self._buckets.get(client)
        if bucket is None:
            self._buckets[client] = [self._burst - 1.0, now_s]
            if len(self._buckets) > CLIENTS_REMEMBERED:
                self._buckets.popitem(last=False)
            return 0.0
        self._buckets.move_to_end(client)
        tokens = min(self._burst, bucket[0] + (now_s - bucket[1]) * self._per_s)
        bucket[1] = now_s
        if tokens < 1:
            bucket[0] = tokens
            return (1 - tokens) / self._per_s
        bucket[0] = tokens - 1
        return 0.0

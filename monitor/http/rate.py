"""Does this client send too much?"""

from collections import OrderedDict
from collections.abc import Hashable

CLIENTS_REMEMBERED = 50_000


class RateLimit:
    """A token bucket for each client; whoever was not heard for longest is forgotten first.  Pure: time is given."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """Count one request of the client; return 0, or how long it should wait, in which case it is not counted."""
        tokens, at_s = self._buckets.pop(client, (float(self._burst), now_s))
        tokens = min(float(self._burst), tokens + (now_s - at_s) * self._per_s)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - allowed, now_s)
        if len(self._buckets) > CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._per_s

"""Does this client send too much?"""

from collections.abc import Hashable

from monitor.recent import Recent

CLIENTS_REMEMBERED = 10_000  # the latest, and as many more: whoever sends too much is always among them
LEAST_REMEMBERED_S = 60.0  # of those who may long since send a whole burst again

_NS = 1_000_000_000  # in a second


class RateLimit:
    """A token bucket for each client; who has not been heard for long is forgotten.  Pure: time is given.

    Of a bucket one number is kept: when it will be full again.  It is a whole number, of nanoseconds, since moments of
    the wall clock in seconds are too large to add fractions to them without losing something each time.
    """

    def __init__(self, per_s: float, burst: int) -> None:
        self._fills_in_ns = round(_NS / per_s)  # by one
        self._lasts_ns = (burst - 1) * self._fills_in_ns  # until it is full, where there is one left
        # A bucket that has had the time to fill up is as good as none.
        self._full_at_ns: Recent[Hashable, int] = Recent(CLIENTS_REMEMBERED, max(burst / per_s, LEAST_REMEMBERED_S))

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """Count one request of the client; return 0, or how long it should wait, in which case it is not counted."""
        now_ns = int(now_s * _NS)
        full_at_ns = self._full_after_ns(client, now_ns)
        wait_ns = full_at_ns - now_ns - self._lasts_ns
        if wait_ns > 0:
            return wait_ns / _NS
        self._full_at_ns.put(client, full_at_ns + self._fills_in_ns, now_s)
        return 0.0

    def pause_s(self, client: Hashable, now_s: float) -> float:
        """Return 0, or how long the client should wait, and count nothing."""
        now_ns = int(now_s * _NS)
        return max(0, self._full_after_ns(client, now_ns) - now_ns - self._lasts_ns) / _NS

    def _full_after_ns(self, client: Hashable, now_ns: int) -> int:
        return max(self._full_at_ns.get(client) or now_ns, now_ns)

"""Does this client send too much?"""

from collections.abc import Hashable

from monitor.number_table import NOWHERE, SETS, NumberTable

_NS = 1_000_000_000  # in a second
_LONGEST_NS = 2**62  # that a bucket takes to fill: a century and a half, which with the time of today is a row's number


class RateLimit:
    """A token bucket for each client.  Pure: time is given.

    Of a bucket one number is kept: when it will be full again.  It is a whole number, of nanoseconds, since moments of
    the wall clock in seconds are too large to add fractions to them without losing something each time.

    Where there are too many clients, those are forgotten whose buckets are full first, and a full one is as good as
    none: whoever sends too much is remembered longest.

    Args:
        per_s: how many requests a client may make, in the long run.
        burst: how many it may make at once.
        sets: how many clients are remembered, in fours.
    """

    def __init__(self, per_s: float, burst: int, sets: int = SETS) -> None:
        self._fills_in_ns = round(min(_NS / per_s, _LONGEST_NS // burst))  # by one
        self._lasts_ns = (burst - 1) * self._fills_in_ns  # until it is full, where there is one left
        self._full_at_ns = NumberTable(1, sets)

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """Count one request of the client; return 0, or how long it should wait, in which case it is not counted."""
        now_ns = int(now_s * _NS)
        at, full_at_ns = self._full_at_ns.of(client), self._full_at_ns.numbers
        until_ns = max(full_at_ns[at], now_ns)
        wait_ns = until_ns - now_ns - self._lasts_ns
        if wait_ns > 0:
            return wait_ns / _NS
        full_at_ns[at] = until_ns + self._fills_in_ns
        return 0.0

    def pause_s(self, client: Hashable, now_s: float) -> float:
        """Return 0, or how long the client should wait, and count nothing."""
        at = self._full_at_ns.find(client)
        if at == NOWHERE:
            return 0.0
        return max(0, self._full_at_ns.numbers[at] - int(now_s * _NS) - self._lasts_ns) / _NS

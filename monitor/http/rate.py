"""Does this client send too much?"""

from collections.abc import Hashable

from monitor.recent import Recent

CLIENTS_REMEMBERED = 10_000  # the latest, and as many more: whoever sends too much is always among them
LEAST_REMEMBERED_S = 60.0  # of those who may long since send a whole burst again
ROUNDED_S = 1e-6  # more than what is lost in adding up


class RateLimit:
    """A token bucket for each client; who has not been heard for long is forgotten.  Pure: time is given.

    Of a bucket one number is kept: when it will be full again.
    """

    def __init__(self, per_s: float, burst: int) -> None:
        self._fills_in_s = 1 / per_s  # by one
        self._lasts_s = (burst - 1) / per_s  # until it is full, where there is one left
        # A bucket that has had the time to fill up is as good as none.
        self._full_at_s: Recent[Hashable, float] = Recent(CLIENTS_REMEMBERED, max(burst / per_s, LEAST_REMEMBERED_S))

    def wait_s(self, client: Hashable, now_s: float) -> float:
        """Count one request of the client; return 0, or how long it should wait, in which case it is not counted."""
        full_at_s = max(self._full_at_s.get(client) or now_s, now_s)
        wait_s = self._wait_s(full_at_s, now_s)
        if not wait_s:
            self._full_at_s.put(client, full_at_s + self._fills_in_s, now_s)
        return wait_s

    def pause_s(self, client: Hashable, now_s: float) -> float:
        """Return 0, or how long the client should wait, and count nothing."""
        return self._wait_s(self._full_at_s.get(client) or now_s, now_s)

    def _wait_s(self, full_at_s: float, now_s: float) -> float:
        wait_s = full_at_s - now_s - self._lasts_s
        return wait_s if wait_s > ROUNDED_S else 0.0

"""What time is it, for a daemon whose wall clock may be stepped?"""

import time
from collections.abc import Callable


class SteadyClock:
    """Wall time as it was when the process started, carried on by the monotonic clock.

    Holds, deadlines and retry schedules compare moments of this clock.  When somebody sets the wall clock by an hour,
    nothing fires and nothing resolves; after a restart the clock agrees with the wall again.
    """

    def __init__(
        self, wall_s: Callable[[], float] = time.time, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic_s = monotonic_s
        self._offset_s = wall_s() - monotonic_s()

    def now_s(self) -> float:
        """Return seconds since the epoch."""
        return self._monotonic_s() + self._offset_s

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return int(self.now_s() * 1000)

"""What time is it, for a daemon whose wall clock may be stepped?"""

import time


class SteadyClock:
    """Wall time as it was when the process started, carried on by the monotonic clock.

    Holds, deadlines and retry schedules compare moments of this clock.  When somebody sets the wall clock by an hour,
    nothing fires and nothing resolves; after a restart the clock agrees with the wall again.
    """

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def now_s(self) -> float:
        """Return seconds since the epoch."""
        return time.monotonic() + self._offset_s

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return int(self.now_s() * 1000)

"""What time is it, for a daemon whose wall clock may be stepped?"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo


def _since_boot_s() -> float:
    """Return seconds since the machine was started; those in which it slept count where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SteadyClock:
    """Wall time as it was when the process started, carried on by the monotonic clock.

    Holds, deadlines and retry schedules compare moments of this clock.  When somebody sets the wall clock by an hour,
    nothing fires and nothing resolves; after a restart the clock agrees with the wall again.  After the sleep of a
    machine it agrees at once: Linux has a monotonic clock that goes on meanwhile.
    """

    def __init__(
        self, wall_s: Callable[[], float] = time.time, monotonic_s: Callable[[], float] = _since_boot_s
    ) -> None:
        self._monotonic_s = monotonic_s
        self._offset_s = wall_s() - monotonic_s()

    def now_s(self) -> float:
        """Return seconds since the epoch."""
        return self._monotonic_s() + self._offset_s

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return int(self.now_s() * 1000)


class SteadyZone(tzinfo):
    """A time zone in which clocks are never set, for who asks `datetime.now()` and waits for a moment of the future.

    It is ahead of UTC by as much as the wall clock was set back since, and behind it by as much as it was set forward.
    """

    def __init__(self, clock: SteadyClock, wall_s: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._wall_s = wall_s

    def fromutc(self, dt: datetime) -> datetime:
        """Return the moment of this zone at which the wall clock shows `dt`."""
        return dt + timedelta(seconds=self._clock.now_s() - self._wall_s())

    def utcoffset(self, _: datetime | None) -> timedelta:
        """Return nothing: between two moments of this zone lies the time that passed, however the wall was set."""
        return timedelta(0)

    def dst(self, _: datetime | None) -> timedelta:
        """Return nothing."""
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        """Return what to call it."""
        return "steady"

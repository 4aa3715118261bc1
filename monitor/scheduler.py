"""Who wakes whom, and when?

The only importer of APScheduler.  Its jobs do no work: each wakes a task that somebody owns and awaits, so nothing runs
that nobody would miss.
"""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

JITTER_RATIO = 0.1  # so that what starts together does not ask together for ever


class Scheduler:
    """Wakes things at intervals."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None})

    def every(self, seconds: float, wake: Callable[[], Awaitable[None]]) -> None:
        """Call `wake` every so many seconds, give or take a tenth."""
        trigger = IntervalTrigger(seconds=seconds, jitter=seconds * JITTER_RATIO)
        self._scheduler.add_job(wake, trigger)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Wake nobody any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

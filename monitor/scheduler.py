"""Who wakes whom, and when?

The only importer of APScheduler.  Its jobs do no work: each wakes a task that the daemon owns and awaits, so nothing
runs that nobody would miss, and nothing runs twice at once.  It waits for moments of the wall clock; they are given to
it in a zone where that is never set, or everything would rest for an hour when somebody sets it back by one.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.clock import SteadyClock, SteadyZone

JITTER_RATIO = 0.1  # so that what starts together does not ask together for ever

Work = Callable[[], Awaitable[object]]


class Scheduler:
    """Does pieces of work again and again, each at its own interval."""

    def __init__(self, clock: SteadyClock) -> None:
        defaults = {"coalesce": True, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=SteadyZone(clock), job_defaults=defaults)
        self._works: list[tuple[asyncio.Event, Work]] = []

    def every(self, seconds: float | Callable[[], float], work: Work, *, at_once: bool = False) -> None:
        """Do `work` every so many seconds, give or take a tenth, and also right away if asked to.

        An interval that is a function is asked anew each time, so that it can follow what goes on.
        """
        woken = asyncio.Event()
        if at_once:
            woken.set()

        async def wake() -> None:
            woken.set()

        self._works.append((woken, work))
        self._scheduler.add_job(wake, _Interval(seconds if callable(seconds) else lambda: seconds))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do them for the length of a block, with a task for each; at its end what is under way is broken off."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_repeat(woken, work)) for woken, work in self._works]
            self._scheduler.start()
            try:
                yield
            finally:
                self._scheduler.shutdown(wait=False)
            for task in tasks:
                task.cancel()


class _Interval(BaseTrigger):  # type: ignore[misc]  # the package ships no types
    """Fires an interval after the last time, which is asked for anew each time."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return when to fire next."""
        jitter = random.uniform(1 - JITTER_RATIO, 1 + JITTER_RATIO)  # noqa: S311 - no secret
        return max(now, (previous_fire_time or now) + timedelta(seconds=self._seconds() * jitter))


async def _repeat(woken: asyncio.Event, work: Work) -> None:
    while True:
        await woken.wait()
        woken.clear()
        await work()

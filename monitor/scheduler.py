"""Who wakes whom, and when?

The only importer of APScheduler.  Its jobs do no work: each wakes a task that the daemon owns and awaits, so nothing
runs that nobody would miss, and nothing runs twice at once.
"""

import asyncio
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

JITTER_RATIO = 0.1  # so that what starts together does not ask together for ever

Work = Callable[[], Awaitable[None]]


class Scheduler:
    """Does pieces of work again and again, each at its own interval."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None})
        self._works: list[tuple[asyncio.Event, Work]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, work: Work, *, at_once: bool = False) -> None:
        """Do `work` every so many seconds, give or take a tenth, and also right away if asked to."""
        woken = asyncio.Event()
        if at_once:
            woken.set()

        async def wake() -> None:
            woken.set()

        self._works.append((woken, work))
        self._scheduler.add_job(wake, IntervalTrigger(seconds=seconds, jitter=seconds * JITTER_RATIO))

    def start(self, group: asyncio.TaskGroup) -> None:
        """Begin, with one task of the group for each piece of work."""
        self._tasks = [group.create_task(_repeat(woken, work)) for woken, work in self._works]
        self._scheduler.start()

    async def stop(self) -> None:
        """Wake nobody any more, and break off what is under way."""
        self._scheduler.shutdown(wait=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _repeat(woken: asyncio.Event, work: Work) -> None:
    while True:
        await woken.wait()
        woken.clear()
        await work()

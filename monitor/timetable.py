"""What is done again and again for as long as something goes on, and which of it is a chore that must not rest?"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from monitor.chore_times import Chores
from monitor.clock import SteadyClock
from monitor.scheduler import Scheduler, Work


class Timetable:
    """Pieces of work at their intervals, from when it is gone by until that ends."""

    def __init__(self, clock: SteadyClock, chores: Chores) -> None:
        self._scheduler = Scheduler(clock)
        self._chores = chores
        self._names: list[str] = []

    def every(self, seconds: float | Callable[[], float], work: Work, *, at_once: bool = False) -> None:
        """Do something every so many seconds (`monitor.scheduler`)."""
        self._scheduler.every(seconds, work, at_once=at_once)

    def chore(self, name: str, every_s: float, work: Work, *, at_once: bool = False) -> None:
        """Do something whose absence has to be noticed (`monitor.chores`)."""
        self._names.append(name)
        self.every(every_s, self._chores.timed(name, every_s, work), at_once=at_once)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Do all of it for the length of a block; what is under way at its end is broken off."""
        try:
            async with self._scheduler.running():
                yield
        finally:
            self._chores.forget(self._names)

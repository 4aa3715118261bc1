"""Who carries things to the daemon?

A courier runs errands: small coroutines that say when they want to be run again, or None when they are done.  The
event loop's own timers do the waiting, a fixed number of workers does the running, and what is owed has a limit, so a
daemon that does not answer costs neither memory nor a thousand open connections.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

Errand = Callable[[], Awaitable[float | None]]  # returns the seconds until the next run, None for never


class Courier:
    """Workers that run errands when they are due."""

    def __init__(self, *, workers: int, limit: int) -> None:
        self._workers = workers
        self._limit = limit
        self._due: asyncio.Queue[Errand] = asyncio.Queue()  # never longer than the limit
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._numbers = count()
        self.owed = 0
        self.refused = 0

    def send(self, errand: Errand, delay_s: float = 0.0) -> bool:
        """Run `errand` in `delay_s` seconds; refuse it when too many are owed."""
        if self.owed >= self._limit:
            self.refused += 1
            return False
        self.owed += 1
        self._set_timer(errand, delay_s)
        return True

    async def run(self) -> None:
        """Run errands until cancelled."""
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._workers):
                    workers.create_task(self._work())
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _work(self) -> None:
        while True:
            errand = await self._due.get()
            again_in_s = await errand()
            if again_in_s is None:
                self.owed -= 1
            else:
                self._set_timer(errand, again_in_s)

    def _set_timer(self, errand: Errand, delay_s: float) -> None:
        number = next(self._numbers)
        self._timers[number] = asyncio.get_running_loop().call_later(delay_s, self._make_due, number, errand)

    def _make_due(self, number: int, errand: Errand) -> None:
        del self._timers[number]
        self._due.put_nowait(errand)

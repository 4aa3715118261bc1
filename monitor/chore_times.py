"""When was each chore last done, and how long did it take?  `monitor.chores` says what that means."""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator

from monitor.chores import Chore

Work = Callable[[], Awaitable[object]]


class Chores:
    """All that are done in this daemon, by name.

    Args:
        now_s: the time.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._chores: dict[str, Chore] = {}

    def __iter__(self) -> Iterator[tuple[str, Chore]]:
        return iter(self._chores.items())

    def timed(self, name: str, every_s: float, work: Work) -> Work:
        """Return the work of a chore, timed; it says that it could not be done by returning False."""
        chore = self._chores[name] = Chore(every_s, self._now_s())

        async def do() -> None:
            began_s = time.perf_counter()
            if await work() is False:
                chore.failures += 1
            else:
                chore.done_at_s = self._now_s()
            chore.took_s = time.perf_counter() - began_s

        return do

    def forget(self, names: Iterable[str]) -> None:
        """Expect some of them no longer."""
        for name in names:
            self._chores.pop(name, None)

    def overdue(self) -> tuple[str, ...]:
        """Return which have not been done for too long."""
        now_s = self._now_s()
        return tuple(name for name, chore in self._chores.items() if chore.is_overdue(now_s))

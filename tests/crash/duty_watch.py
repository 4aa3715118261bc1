"""Who has which duty when, as PostgreSQL has it, and for how long one was nobody's who could have done it?"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from time import monotonic

import asyncpg

LOOK_EVERY_S = 0.05
LONGEST_LOOK_S = 0.5  # what takes longer says something of the machine, and not how long a duty rested
_LOOK = "SELECT name, holder FROM leases WHERE until >= clock_timestamp() AND holder <> ''"


class DutyWatch:
    """Looks at the leases by a connection of its own.

    A duty rests while whoever has it is dead or stopped, or nobody has it, and somebody is there who could.
    """

    def __init__(self, address: str, able: Callable[[], set[str]], is_there: Callable[[], bool]) -> None:
        self._address = address
        self._able = able  # who could do something
        self._is_there = is_there  # the database
        self._rested_s: defaultdict[str, float] = defaultdict(float)
        self.longest_s: defaultdict[str, float] = defaultdict(float)
        self.held: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)  # by duty: when it was whose
        self.looks = 0
        self.ended: Counter[str] = Counter()  # connections, and attempts at one, by how they ended
        self.late_s = 0.0  # the longest time between two looks

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self._watch_by_a_connection()
            except Exception as error:  # noqa: BLE001  # a primary that dies ends a connection in many ways
                self.ended[type(error).__name__] += 1
            self._rested_s.clear()  # nobody could have had anything
            await asyncio.sleep(0.1)

    async def _watch_by_a_connection(self) -> None:
        connection = await asyncpg.connect(self._address, target_session_attrs="primary", timeout=5, command_timeout=5)
        try:
            before_s = monotonic()
            while True:
                holders = dict(await connection.fetch(_LOOK))
                now_s = monotonic()
                self._look(holders, now_s, now_s - before_s)
                before_s = now_s
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            connection.terminate()

    def _look(self, holders: dict[str, str], now_s: float, since_s: float) -> None:
        able = self._able()
        self.looks += 1
        if not self._is_there():
            self._rested_s.clear()
            return
        self.late_s = max(self.late_s, since_s)
        for duty, holder in holders.items():
            self.held[duty].append((now_s, holder))
        for duty in self.held:
            if holders.get(duty) in able:
                self._rested_s[duty] = 0.0
            elif able:
                self._rested_s[duty] += min(since_s, LONGEST_LOOK_S)
            self.longest_s[duty] = max(self.longest_s[duty], self._rested_s[duty])

    def changes(self, duty: str) -> int:
        """Return how often a duty went from one to another."""
        names = [name for _, name in self.held[duty]]
        return sum(one != other for one, other in pairwise(names))

    def is_anothers(self, duty: str, name: str, from_s: float, to_s: float) -> bool:
        """Whether a duty was somebody else's throughout a stretch of time."""
        seen = [holder for at_s, holder in self.held[duty] if from_s <= at_s <= to_s]
        return bool(seen) and name not in seen

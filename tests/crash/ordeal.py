"""What is somebody who pages people put through, and what do people do meanwhile?

A number of people, each with a connection that goes bad and well again, always as somebody else; and a schedule of
kills and reloads.  All of it is drawn from a seed, so that two who page can be put through the same.
"""

import asyncio
import random
from dataclasses import dataclass
from itertools import count
from typing import Protocol

PEOPLE = 8
BAD_FOR_S, WELL_FOR_S = (1.0, 5.0), (0.2, 1.0)
LIVES_FOR_S = (0.1, 3.0)  # from when it serves to its kill
RELOADS_RATIO = 0.4  # of the lives see a reload, half of them of something else


class Subject(Protocol):
    """Somebody who pages people."""

    async def start(self) -> None:
        """Begin a life, and return when it serves."""

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""

    def reload(self, *, is_changed: bool) -> None:
        """Have it read its configuration anew, the same or another one."""

    async def fire(self, entity: str) -> None:
        """Let it know of trouble; return when it does."""

    async def clear(self, entity: str) -> None:
        """Let it know of the end of it."""

    async def finish(self) -> None:
        """Return when it has told everything, and end."""


@dataclass
class Suffered:
    """What was done to it."""

    kills: int = 0
    reloads: int = 0
    changes: int = 0  # of those reloads


class Ordeal:
    """Kills, reloads and people, as a seed has them."""

    def __init__(self, seed: int, kills: int) -> None:
        self._seed = seed
        self._kills = kills
        self._over = asyncio.Event()
        self.entities: list[str] = []  # whose connections went bad
        self.suffered = Suffered()

    async def put_through(self, subject: Subject) -> None:
        """Put somebody through it, and see them recover."""
        async with asyncio.TaskGroup() as people:
            for number in range(PEOPLE):
                people.create_task(self._be(number, subject))
            await self._kill_again_and_again(subject)
            await subject.start()
            self._over.set()
        await subject.finish()

    async def _kill_again_and_again(self, subject: Subject) -> None:
        chance = random.Random(f"kills {self._seed}")
        for _ in range(self._kills):
            lives_for_s = chance.uniform(*LIVES_FOR_S)
            reloads, is_changed, moment = chance.random() < RELOADS_RATIO, chance.random() < 0.5, chance.random()
            await subject.start()
            await asyncio.sleep(lives_for_s * moment)
            if reloads:
                subject.reload(is_changed=is_changed)
                self.suffered.reloads += 1
                self.suffered.changes += is_changed
            await asyncio.sleep(lives_for_s * (1 - moment))
            await subject.kill()
            self.suffered.kills += 1

    async def _be(self, number: int, subject: Subject) -> None:
        chance = random.Random(f"person {number} of {self._seed}")
        for turn in count():
            await asyncio.sleep(chance.uniform(*WELL_FOR_S))
            if self._over.is_set():
                return
            entity = f"PA{number:016x}{turn:016x}"
            self.entities.append(entity)
            await subject.fire(entity)
            await asyncio.sleep(chance.uniform(*BAD_FOR_S))
            await subject.clear(entity)

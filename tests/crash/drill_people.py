"""Who speaks to replicas while they die: browsers that measure, and people whose connections go bad and well again.

Each says what it has to say to any replica, and again to another one until somebody has taken it.  They keep book.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import aiohttp

from tests.builders import INGEST_KEY, packed

MEASURES_EVERY_S = (0.05, 0.3)
BAD_FOR_S, WELL_FOR_S = (2.0, 8.0), (0.5, 2.0)
GIVES_UP_AFTER_S = 2.0  # on one replica: then another one is asked
ROOM_OF = 4  # people
_HEADERS = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}


class Book:
    """What was said and taken; a sample is known by who measured it when."""

    def __init__(self) -> None:
        self.acknowledged: set[tuple[str, int]] = set()
        self.rooms: set[str] = set()
        self.posts = 0
        self.repeated = 0  # posts that had to be said again
        self.answers: Counter[str] = Counter()
        self.troubled: list[str] = []  # whose connections went bad
        self.longest_wait_s = 0.0  # between two acknowledgements, whoever got them
        self._last_s: float | None = None

    def take(self, answer: str) -> None:
        """Count an answer."""
        self.answers[answer] += 1
        if answer == "202":
            now_s = time.monotonic()
            self.longest_wait_s = max(self.longest_wait_s, now_s - (self._last_s or now_s))
            self._last_s = now_s


class Crowd:
    """Everybody there is."""

    def __init__(self, seed: int, doors: Sequence[str], http: aiohttp.ClientSession, book: Book) -> None:
        self._seed = seed
        self._doors = doors
        self._http = http
        self._book = book
        self.over = asyncio.Event()

    async def measure(self, number: int) -> None:
        """Be a browser that says how its connection does."""
        chance = random.Random(f"browser {number} of {self._seed}")
        who, room = f"PA{self._seed:08x}{number:024x}", f"RM{self._seed:08x}{number // ROOM_OF:024x}"
        self._book.rooms.add(room)
        at_ms = int(time.time() * 1000)
        for seq in count():
            await asyncio.sleep(chance.uniform(*MEASURES_EVERY_S))
            if self.over.is_set():
                await self._say(chance, self._post(who, room, seq, [_left(at_ms + 1)]))
                return
            at_ms = max(at_ms + 1, int(time.time() * 1000) - 10)
            moments = [at_ms + step for step in range(chance.randint(1, 4))]
            at_ms = moments[-1]
            seen = [{"type": "media_stats", "at": each, "rtt_ms": chance.randint(1, 900)} for each in moments]
            await self._say(chance, self._post(who, room, seq, seen))
            self._book.acknowledged |= {(who, each) for each in moments}

    async def be(self, number: int) -> None:
        """Be people one after the other whose connection goes bad, and well again, and who leave then."""
        chance = random.Random(f"person {number} of {self._seed}")
        room = f"RM{self._seed:08x}{'b' * 8}{number:016x}"
        for turn in count():
            await asyncio.sleep(chance.uniform(*WELL_FOR_S))
            if self.over.is_set():
                return
            who = f"PA{number:016x}{turn:016x}"
            self._book.troubled.append(who)
            await self._say(chance, self._post(who, room, 0, [_level(0)]))
            await asyncio.sleep(chance.uniform(*BAD_FOR_S))
            await self._say(chance, self._post(who, room, 1, [_level(5)]))
            await asyncio.sleep(0.3)
            await self._say(chance, self._post(who, room, 2, [_left(int(time.time() * 1000))]))

    def _post(self, who: str, room: str, seq: int, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        told = {"room_sid": room, "participant_sid": who, "events": list(events)}
        return {"v": 1, "session": f"s-{self._seed}-{who}", "seq": seq, **told}

    async def _say(self, chance: random.Random, body: Mapping[str, Any]) -> None:
        packed_body, before = packed(body), None
        self._book.posts += 1
        while True:
            door = chance.choice([each for each in self._doors if each != before] or self._doors)
            answer = await self._asked(door, packed_body)
            self._book.take(answer)
            if answer == "202":
                return
            self._book.repeated += 1
            before = door
            await asyncio.sleep(chance.uniform(0.02, 0.2))

    async def _asked(self, door: str, body: bytes) -> str:
        patience = aiohttp.ClientTimeout(total=GIVES_UP_AFTER_S)
        try:
            async with self._http.post(f"{door}/v1/telemetry", data=body, headers=_HEADERS, timeout=patience) as answer:
                await answer.read()
                return str(answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return "none"


def _level(level: int) -> dict[str, Any]:
    return {"type": "network_quality", "at": int(time.time() * 1000), "level": level}


def _left(at_ms: int) -> dict[str, Any]:
    return {"type": "connection", "at": at_ms, "state": "disconnected"}

"""How well is a receiver just now?

Well for a second or three, and then for a moment not: one mood after the other, always the same ones for the same
seed, so that two senders can be put through the same.
"""

import asyncio
import random
import time
from enum import Enum

from aiohttp import web

WELL_S, UNWELL_S = (1.0, 3.0), (0.3, 1.0)
HANGS_FOR_S = 1.5  # after which it closes the connection without a word
HEARD_RATIO = 0.5  # of what it does not answer, it has heard
RETRY_AFTER_S = 1


class Mood(Enum):
    """What a receiver does with a request."""

    WELL = "takes it"
    REFUSES = "answers 500"
    LIMITS = "answers 429, and when to come back"
    HANGS = "does not answer"
    HANGS_UP = "closes the connection"


_UNWELL = tuple(mood for mood in Mood if mood is not Mood.WELL)


class Moods:
    """The moods of one receiver, from when it is first asked."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"moods {seed}")
        self._mood = Mood.LIMITS
        self._until: float | None = None
        self._is_over = False

    def end(self) -> None:
        """Be well for ever."""
        self._is_over = True

    def now(self) -> Mood:
        """Return how it is."""
        at = time.monotonic()
        self._until = at if self._until is None else self._until
        while self._until <= at:
            is_well = self._mood is Mood.WELL
            self._mood = self._chance.choice(_UNWELL) if is_well else Mood.WELL
            self._until += self._chance.uniform(*(UNWELL_S if is_well else WELL_S))
        return Mood.WELL if self._is_over else self._mood

    def has_heard(self) -> bool:
        """Whether what gets no answer was heard."""
        return self._chance.random() < HEARD_RATIO


async def hang_up(request: web.Request, after_s: float = 0.0) -> web.Response:
    """Close the connection without an answer."""
    await asyncio.sleep(after_s)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

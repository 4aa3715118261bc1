"""Who hears that somebody was not told?

A notification that was given up is dead, and stays where it is for people to look at and to replay.  Somebody else is
to be told of it: `fallback` decides who and how.  It is called when the death is committed, and called again, also
after a restart, until it has returned; so a crash between the two loses nothing.
"""

import asyncio
import logging
from contextlib import suppress

from alerts.insisting import insist, place_of
from alerts.model import Owed
from alerts.ports import Fallback, Outbox

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 30.0  # a fallback that failed
_AT_ONCE = 500


class DeadLetters:
    """Sees that each death is told to the fallback."""

    def __init__(self, outbox: Outbox, fallback: Fallback) -> None:
        self.is_ours = True  # to tell of deaths; where several empty one outbox, one does
        self._outbox = outbox
        self._fallback = fallback
        self._woken = asyncio.Event()
        self._is_ending = False

    def wake(self) -> None:
        """Look now: something died."""
        self._woken.set()

    def end(self) -> None:
        """Look once more, and return."""
        self._is_ending = True
        self.wake()

    async def run(self) -> None:
        """Tell of every death until ended."""
        while not self._is_ending:
            self._woken.clear()
            await self._tell_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_AFTER_S):
                    await self._woken.wait()
        await self._tell_all()

    async def _tell_all(self) -> None:
        if not self.is_ours:
            return
        found = await insist("read the dead letters", lambda: self._outbox.not_fallen_back(_AT_ONCE))
        for owed in found:
            await self._tell(owed)

    async def _tell(self, owed: Owed) -> None:
        notification = owed.notification
        try:
            await self._fallback(notification, owed.last_error)
        except Exception as error:  # noqa: BLE001 - it is tried again; meanwhile others are told of theirs
            logger.error("could not fall back for %s: %s", notification.id, place_of(error))  # noqa: TRY400 - see place_of
            return
        await insist("remember a fallback", lambda: self._outbox.fell_back(notification.id))

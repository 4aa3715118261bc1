"""What becomes of a word about an incident where this process does not decide who is told?

One of several replicas decides; people and services talk to any.  What they say is written down for that one, which
looks for it several times a second, and whoever said it waits for a moment until it is done.  If nobody decides just
now, since a replica died, it is done as soon as somebody does; what was written down is not lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging import getLogger

import msgspec

from alerts.acknowledgement import Acknowledgement, Closure, Withdrawal, Word
from alerts.receipts import Receipt
from monitor.acknowledging import Acknowledging
from monitor.store.ports import StoreFailed
from monitor.store.shared import Inbox

_log = getLogger(__name__)

LOOK_EVERY_S = 0.25
WAIT_AT_MOST_S = 3.0  # longer than a look, shorter than the patience of who asks; it takes that if nobody decides
AT_ONCE = 100


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was told."""

    acknowledgement: Acknowledgement | None = None
    withdrawal: Withdrawal | None = None
    closure: Closure | None = None
    notification: str = ""
    receipt: Receipt | None = None


_decode = msgspec.json.Decoder(Told).decode


class HandingOn:
    """Hears what is said of incidents, and has it done by whoever can (`monitor.acknowledging.Listener`).

    Args:
        acknowledging: does it, where this process decides.
        is_deciding: whether it does.
        look: looks how incidents stand, where others decide.
        inbox: what is for whoever decides; None where nobody else ever does.
    """

    def __init__(
        self,
        acknowledging: Acknowledging,
        is_deciding: Callable[[], bool],
        look: Callable[[], Awaitable[None]],
        inbox: Inbox | None,
    ) -> None:
        self._acknowledging = acknowledging
        self._is_deciding = is_deciding
        self._look = look
        self._inbox = inbox

    async def hear(self, word: Word) -> str | None:
        """Have done what a word means, and return in a sentence which open incident it is about, None if about none.

        Raises:
            StoreFailed: nothing was done, nor will it be.
        """
        if self._inbox is None or self._is_deciding():
            return await self._acknowledging.hear(word)
        if self._acknowledging.meant(word) is None:
            await self._look()
        if (group := self._acknowledging.meant(word)) is None:
            return await self._acknowledging.hear(word)  # which says that it means nothing
        await self._hand_on(self._inbox, _told(word))
        return self._acknowledging.summary_of(group.incident)

    async def acknowledge(self, acknowledgement: Acknowledgement) -> str | None:
        """Have an acknowledgement taken, and return in a sentence what was acknowledged, None if nothing was meant.

        Raises:
            StoreFailed: nothing was done, nor will it be.
        """
        return await self.hear(acknowledgement)

    async def receive(self, notification_id: str, receipt: Receipt) -> None:
        """Have note taken of what became of a notification, and the next told if it reached nobody.

        Raises:
            StoreFailed: it was not kept.
        """
        if self._inbox is None or self._is_deciding():
            await self._acknowledging.receive(notification_id, receipt)
        else:
            await self._inbox.put(msgspec.json.encode(Told(notification=notification_id, receipt=receipt)))

    async def _hand_on(self, inbox: Inbox, told: Told) -> None:
        number = await inbox.put(msgspec.json.encode(told))
        with suppress(TimeoutError, StoreFailed):  # it is written down: it will be done
            async with asyncio.timeout(WAIT_AT_MOST_S):
                while await inbox.waits(number):  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(LOOK_EVERY_S / 2)
                await self._look()

    # --- where this process decides -----------------------------------------------------------------------

    async def take_up(self, inbox: Inbox) -> None:
        """Do what is written down, again and again, until cancelled.

        Args:
            inbox: refuses to be written to once somebody else decides.
        """
        while True:
            try:
                for letter in await inbox.waiting(AT_ONCE):
                    await self._do(letter.body)
                    await inbox.done(letter.number)
            except StoreFailed as error:
                _log.error("what others were told is not done yet, trying again: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _do(self, body: bytes) -> None:
        try:
            told = _decode(body)
        except msgspec.MsgspecError as error:
            _log.error("what another replica was told cannot be read, and is left out: %s", error)
            return
        if told.receipt is not None:
            await self._acknowledging.receive(told.notification, told.receipt)
        for word in (told.acknowledgement, told.withdrawal, told.closure):
            if word is not None:
                await self._acknowledging.hear(word)


def _told(word: Word) -> Told:
    match word:
        case Acknowledgement():
            return Told(acknowledgement=word)
        case Withdrawal():
            return Told(withdrawal=word)
        case Closure():
            return Told(closure=word)

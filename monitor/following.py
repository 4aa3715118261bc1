"""How does the picture of a replica have what others were told?

It follows the log that all of them write to.  What there is to read is asked for several times a second, and at once
where this replica has stored something itself; so nobody has to be told of anything, and nothing that is not heard is
missed.

How old the picture is, is known without anybody's clock but the own: it has all that was in the log when it was last
asked for and read to its end.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from logging import getLogger
from time import monotonic

from monitor.failures import Failure
from monitor.folding import Fold
from monitor.metrics import Metrics
from monitor.store.ports import SharedLog, StoreFailed

_log = getLogger(__name__)

LOOK_EVERY_S = 0.25
AGAIN_AFTER_S = 1.0
READ_AT_ONCE = 2_000  # events
APPLIED_AT_ONCE = 500  # keeps one turn of the loop short


class Missed(Failure):
    """What comes next in the log is there no longer: the picture cannot be made whole but from the saved one."""


class Following:
    """Reads the log on and on, and hands it to the picture.

    Args:
        log: what all replicas write to.
        fold: the picture, and how far it reaches.
        metrics: where it is told how far it is behind.
        now_s: a clock that is never set.
    """

    def __init__(self, log: SharedLog, fold: Fold, metrics: Metrics, now_s: Callable[[], float] = monotonic) -> None:
        self._log = log
        self._fold = fold
        self._metrics = metrics
        self._now_s = now_s
        self._woken = asyncio.Event()
        self._reading = asyncio.Lock()  # or what two read at once would be told twice
        self._complete_at_s = now_s()  # when the picture had all that there was

    @property
    def behind_s(self) -> float:
        """For how long the picture has not been known to have all that there is."""
        return self._now_s() - self._complete_at_s

    def wake(self) -> None:
        """Look now: there is more of the log."""
        self._woken.set()

    async def run(self) -> None:
        """Follow the log until cancelled.

        Raises:
            Missed: this replica was not there for so long that what it had not read was settled meanwhile.
        """
        while True:
            self._woken.clear()
            pause_s = LOOK_EVERY_S
            try:
                await self.catch_up()
            except StoreFailed as error:
                _log.error("the log cannot be followed, trying again: %s", error)
                pause_s = AGAIN_AFTER_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()

    async def catch_up(self) -> None:
        """Read what there is now, to its end.

        Raises:
            StoreFailed: it cannot be read.
            Missed: it is not all there.
        """
        async with self._reading:
            asked_at_s = self._now_s()
            last_id = await self._log.last_id()
            while self._fold.applied_id < last_id:
                await self._read_some(last_id)
            self._complete_at_s = asked_at_s

    async def _read_some(self, last_id: int) -> None:
        applied_id = self._fold.applied_id
        numbered = await self._log.since(applied_id, READ_AT_ONCE)
        if not numbered or numbered[0][0] != applied_id + 1:
            first = numbered[0][0] if numbered else f"nothing up to {last_id}"
            raise Missed(f"expected the log to go on at {applied_id + 1}, got {first}: the rest was settled meanwhile")
        for first in range(0, len(numbered), APPLIED_AT_ONCE):
            some = numbered[first : first + APPLIED_AT_ONCE]
            self._fold.apply(some)
            self._metrics.add("roomwatch_log_followed_events_total", by=len(some))
            await asyncio.sleep(0)

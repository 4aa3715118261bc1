"""How does the daemon prove to systemd's watchdog that it is alive?

Again and again the writing thread is given a transaction that changes nothing, and the dispatcher is woken; when they
have come round, that is their sign.  `monitor.supervision.liveness` judges by those signs.  A part that is wedged shows
none, the beat is withheld, and systemd starts the process anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging import getLogger
from typing import Protocol

from monitor.store.ports import StoreFailed
from monitor.supervision.liveness import Watchdog, judge
from monitor.supervision.supervisor import Supervisor

_log = getLogger(__name__)

WRITER, DISPATCHER = "the store's writer", "the dispatcher"


class Rounds(Protocol):
    """A loop that can be woken, and that counts how often it came round."""

    @property
    def rounds(self) -> int:
        """Return how often it came round."""

    def wake(self) -> None:
        """Have it come round soon."""


class Vigil:
    """Beats for as long as every part shows that it is alive.

    Args:
        supervisor: who wants to know.
        try_writing: returns, or raises `StoreFailed`, when the writer has seen a transaction through.
        dispatcher: whose loop has to come round.
        now_s: a clock that never goes back.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        try_writing: Callable[[], Awaitable[None]],
        dispatcher: Rounds,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._supervisor = supervisor
        self._try_writing = try_writing
        self._dispatcher = dispatcher
        self._now_s = now_s
        self._signs = dict.fromkeys((WRITER, DISPATCHER), now_s())
        self._rounds = dispatcher.rounds
        self.silent: tuple[str, ...] = ()  # for which a beat is withheld

    async def run(self) -> None:
        """Keep watch until cancelled; at once done where nobody wants to know."""
        watchdog = self._supervisor.watchdog
        if watchdog is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask_the_writer(watchdog))
            group.create_task(self._ask_the_dispatcher(watchdog))
            group.create_task(self._beat(watchdog))

    async def _ask_the_writer(self, watchdog: Watchdog) -> None:
        while True:
            with suppress(StoreFailed):  # it came round with a refusal; others tell of that
                await self._try_writing()
            self._signs[WRITER] = self._now_s()
            await asyncio.sleep(watchdog.beats_every_s / 4)

    async def _ask_the_dispatcher(self, watchdog: Watchdog) -> None:
        while True:
            self._dispatcher.wake()
            await asyncio.sleep(watchdog.beats_every_s / 4)
            if self._dispatcher.rounds != self._rounds:
                self._rounds = self._dispatcher.rounds
                self._signs[DISPATCHER] = self._now_s()

    async def _beat(self, watchdog: Watchdog) -> None:
        last_beat_s = -watchdog.beats_every_s + self._now_s()
        while True:
            now_s = self._now_s()
            judgement = judge(self._signs, last_beat_s, now_s, watchdog)
            if judgement.beats:
                last_beat_s = now_s
                self._supervisor.socket.tell(WATCHDOG="1")
            self._note(judgement.silent)
            await asyncio.sleep(watchdog.looks_every_s)

    def _note(self, silent: tuple[str, ...]) -> None:
        """Log, once, that a beat is withheld, and that it goes on."""
        if silent and silent != self.silent:
            _log.error("no word to the watchdog: nothing came from %s since the last one", " and ".join(silent))
        elif self.silent and not silent:
            _log.warning("the watchdog is told again")
        self.silent = silent

"""What does systemd hear of the life of this process?

`READY=1` when it serves, `STATUS=` in words now and then, `RELOADING=1` and `READY=1` around a reload, `STOPPING=1`
when it ends, and for what lasts, a migration or a drain, word that it still goes on.  Without systemd nobody is told.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress

from monitor.supervision.liveness import Watchdog, watchdog_of
from monitor.supervision.notify_socket import NotifySocket

SAYS_SO_EVERY_S = 5.0
EXTENDED_BY_S = 30.0
START_AT_MOST_S = 3600.0  # a migration of a large database; one that takes longer hangs
STOP_AT_MOST_S = 60.0


class Supervisor:
    """Whoever started this process, as far as they want to be told.

    Args:
        socket: where they listen.
        watchdog: how often they want to know that it is alive; None: not at all.
    """

    def __init__(self, socket: NotifySocket | None = None, watchdog: Watchdog | None = None) -> None:
        self.socket = socket or NotifySocket()
        self.watchdog = watchdog if self.socket.is_heard else None
        self._status = ""
        self._is_stopping = False

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> "Supervisor":
        """Return whoever started a process with this environment."""
        return cls(NotifySocket.named_by(environment), watchdog_of(environment, pid))

    def ready(self) -> None:
        """Say that it serves."""
        self.socket.tell(READY="1")

    def status(self, words: str) -> None:
        """Say how it stands, if that is news."""
        if words != self._status:
            self._status = words
            self.socket.tell(STATUS=words)

    def stopping(self) -> None:
        """Say, once, that it ends."""
        if not self._is_stopping:
            self._is_stopping = True
            self.socket.tell(STOPPING="1")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that another configuration is read, and afterwards, well or not, that it serves."""
        self.socket.tell(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1000))
        try:
            yield
        finally:
            self.ready()

    @asynccontextmanager
    async def taking_long(self, what: str, at_most_s: float) -> AsyncIterator[None]:
        """Say again and again that something is still under way, for no longer than it may reasonably take."""
        self.status(what)
        saying = asyncio.create_task(self._keep_extending(at_most_s))
        try:
            yield
        finally:
            saying.cancel()
            with suppress(asyncio.CancelledError):
                await saying

    async def _keep_extending(self, at_most_s: float) -> None:
        for _ in range(int(at_most_s / SAYS_SO_EVERY_S)):
            self.socket.tell(EXTEND_TIMEOUT_USEC=str(int(EXTENDED_BY_S * 1e6)))
            await asyncio.sleep(SAYS_SO_EVERY_S)

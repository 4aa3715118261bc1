"""How does a connection begin that speaks TLS?

With a handshake by the certificate of that moment, which a server of asyncio's could not do: it keeps what it began
with.  So connections are accepted here, and handed to asyncio one by one.

A handshake is somebody's who may never end it.  Each has its time, and there are so many at once and not more: where
one more comes, the oldest makes room for it, as among connections.  None of them is a connection yet, so whoever holds
them open takes no place from those who speak.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from logging import getLogger

_log = getLogger(__name__)

MOST_HANDSHAKES = 512
AT_ONCE = 32  # accepted in one turn of the loop
PAUSE_S = 1.0  # where there are no open files left
BACKLOG = 1024
SHUTDOWN_S = 5.0  # a client that does not say goodbye is gone all the same


class TlsServer:
    """Accepts connections on a socket that is bound, and has them do their handshakes.

    Args:
        sock: where to listen.
        way_in: makes the protocol that serves a connection.
        context: returns by what a handshake goes, each time anew.
        handshake_s: how long one may take.
        count: is told of each that came to nothing.
    """

    def __init__(
        self,
        sock: socket.socket,
        way_in: Callable[[], asyncio.Protocol],
        context: Callable[[], ssl.SSLContext],
        handshake_s: float,
        count: Callable[[], object],
    ) -> None:
        self._sock = sock
        self._way_in = way_in
        self._context = context
        self._handshake_s = handshake_s
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._handshakes: dict[asyncio.Task[None], None] = {}  # the oldest first
        self._pause: asyncio.TimerHandle | None = None
        sock.setblocking(False)
        sock.listen(BACKLOG)
        self._listen()

    async def close(self) -> None:
        """Accept nobody any more; who is still shaking hands is sent away."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        waiting = list(self._handshakes)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            self._shake_hands(connection)

    def _rest(self, error: OSError) -> None:
        """Do not ask again at once: nothing will have changed, and the loop would do nothing else."""
        _log.error("no connection can be accepted: %s; trying again in %g s", error, PAUSE_S)
        self._loop.remove_reader(self._sock)
        self._pause = self._loop.call_later(PAUSE_S, self._listen)

    def _shake_hands(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self._handshakes) >= MOST_HANDSHAKES:
            next(iter(self._handshakes)).cancel()
        task = self._loop.create_task(self._handshake(connection))
        self._handshakes[task] = None
        task.add_done_callback(self._ended)

    async def _handshake(self, connection: socket.socket) -> None:
        await self._loop.connect_accepted_socket(
            self._way_in,
            connection,
            ssl=self._context(),
            ssl_handshake_timeout=self._handshake_s,
            ssl_shutdown_timeout=SHUTDOWN_S,
        )

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._handshakes[task]
        if task.cancelled():
            self._count()
            return
        error = task.exception()
        if error is not None:
            self._count()
            # A scanner, a client without our authority, one that hung up: of interest to whoever looks for it.
            _log.debug("a handshake came to nothing: %s", error)

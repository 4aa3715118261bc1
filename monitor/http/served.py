"""How does aiohttp serve a connection within our limits?

It knows how long an idle connection may be kept, and nothing of one that sends its head a byte at a time or never reads
what it was answered.  So each of its connections is looked over like those of the fast way in
(`monitor.http.connections`): when a request began and ended, and whether the client reads, is noted here.

What is no HTTP at all is answered in our words, with our headers, and without the name and version of a library.
"""

import asyncio
from typing import Any, cast

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong

from monitor.http.answer_headers import ALWAYS
from monitor.http.connections import Connections, Stage
from monitor.http.problems import problem

LONGEST_LINE_BYTES = 8190


class Served(web.RequestHandler):
    """A connection that aiohttp serves, as it is looked over."""

    __slots__ = ("_clogged_since_s", "_connections", "_content", "_head_bytes", "_is_busy", "_since_s", "counted_as")

    def __init__(self, server: web.Server, connections: Connections) -> None:
        limits = connections.bounds.limits
        longest = min(LONGEST_LINE_BYTES, limits.head_bytes)
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=cast("Any", None),
            auto_decompress=False,  # bodies are unpacked by us, with a limit
            keepalive_timeout=limits.idle_s,
            max_line_size=longest,
            max_field_size=longest,
            max_headers=limits.headers,
        )
        self._connections = connections
        self._head_bytes = 0
        self._is_busy = False
        self._content: StreamReader | None = None  # the body of the last request
        self._clogged_since_s: float | None = None
        self._since_s = connections.now_s
        self.counted_as: str | None = None

    # --- as it is looked over -----------------------------------------------------------------------------

    @property
    def stage(self) -> Stage:
        """What it waits for."""
        if self._clogged_since_s is not None:
            return Stage.READER
        if self._has_body_left():
            return Stage.BODY
        if self._is_busy:
            return Stage.ANSWER
        return Stage.HEAD if self._head_bytes else Stage.IDLE

    @property
    def since_s(self) -> float:
        """When it began to keep us waiting."""
        return self._since_s if self._clogged_since_s is None else self._clogged_since_s

    @property
    def kept_bytes(self) -> int:
        """How much of its head is in memory."""
        return self._head_bytes

    def expire(self) -> None:
        """End it, since the time of its stage is used up."""
        stage, count = self.stage, self._connections.bounds.count
        if stage is Stage.READER:
            count("reading_time")
            self._abort()
        elif stage is Stage.HEAD:
            count("head_time")
            self._abort()
        elif stage is not Stage.BODY:  # whoever reads it gives it its time, and aiohttp does if nobody wants the rest
            self.force_close()

    def finish(self) -> None:
        """End it, after the answer that is owed."""
        if self._is_busy:
            self.close()
        else:
            self.force_close()

    # --- asyncio and aiohttp call -------------------------------------------------------------------------

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it."""
        self._connections.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless a head has no end."""
        if not self._is_busy and not self._has_body_left():
            if self._head_bytes > self._connections.bounds.limits.head_bytes:
                self._connections.bounds.count("head_bytes")
                self._abort()
                return
            if not self._head_bytes:
                self._since_s = self._connections.now_s
            self._head_bytes += len(data)
        super().data_received(data)
        if self._messages:  # a head is whole; its request begins within the next turns of the loop, its body before
            self._is_busy, self._head_bytes = True, 0

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._clogged_since_s = self._connections.now_s
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that it does."""
        self._clogged_since_s = None
        super().resume_writing()

    async def _handle_request(self, request: web.BaseRequest, *args: Any) -> Any:
        self._is_busy, self._head_bytes, self._content = True, 0, request.content
        try:
            return await super()._handle_request(request, *args)
        finally:
            self._is_busy, self._since_s = False, self._connections.now_s

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what went wrong by our own fault."""
        if status >= 500:
            super().handle_error(request, status, exc, message)  # which logs it, or fails if half an answer is out
        answer = self._refusal(status, exc)
        answer.headers.update(ALWAYS)
        answer.force_close()
        return answer

    def _refusal(self, status: int, error: BaseException | None) -> web.Response:
        if status >= 500:
            return problem(500, "expected to be able to answer, got an error of our own; the log says which")
        said = str(error)
        if isinstance(error, LineTooLong):
            self._connections.bounds.count("head_bytes")
            return problem(431, f"head: expected lines of at most {self.max_field_size} bytes, got more")
        if isinstance(error, BadHttpMessage) and "Too many headers" in said:
            self._connections.bounds.count("headers")
            return problem(431, f"head: expected at most {self.max_headers} headers, got more")
        return problem(status, "expected a request of HTTP/1.1, got something else")

    def _has_body_left(self) -> bool:
        return self._content is not None and not self._content.is_eof()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class Newcomer(Served):
    """A connection that aiohttp serves from its beginning, if there is room."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or be turned away."""
        self.transport = cast("asyncio.Transport", transport)
        if self._connections.admit(self):
            super().connection_made(transport)


class Plain:
    """The way in where aiohttp serves every connection."""

    def __init__(self, server: web.Server, connections: Connections) -> None:
        self._server = server
        self.connections = connections

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return Newcomer(self._server, self.connections)

"""HTTP told byte by byte, for what no client library would send."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, Self

from tests.builders import INGEST_KEY, packed, post, quality
from tests.conftest import Running

KEY = f"Authorization: Bearer {INGEST_KEY}"
JSON = "Content-Type: application/json"
HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"


def head(*lines: str, first: str = "POST /v1/telemetry HTTP/1.1") -> bytes:
    """Return the head of a request."""
    return "\r\n".join((first, "Host: a", *lines, "", "")).encode()


def telemetry(*lines: str, level: int = 4, first: str = "POST /v1/telemetry HTTP/1.1", **given: Any) -> bytes:
    """Return a whole post that is right."""
    body = packed(post(quality(level), **given))
    return head(KEY, JSON, f"Content-Length: {len(body)}", *lines, first=first) + body


class Response(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class RawConnection:
    """A connection that sends what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, address: str, *, receive_bytes: int | None = None) -> Self:
        """Connect to where `http://HOST:PORT` is served, with so much room for what is not read yet."""
        host, _, port = address.removeprefix("http://").partition(":")
        sock = socket.socket()
        sock.setblocking(False)
        if receive_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        return cls(*await asyncio.open_connection(sock=sock, limit=receive_bytes or 65_536))

    async def send(self, *parts: bytes) -> None:
        """Send each part by itself."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            if len(parts) > 1:
                await asyncio.sleep(0)

    async def response(self, within_s: float = 30) -> Response:
        """Wait for one response."""
        async with asyncio.timeout(within_s):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:-2])}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Response(int(lines[0].split()[1]), headers, body)

    async def ask(self, *parts: bytes) -> Response:
        """Send a request and wait for the response."""
        await self.send(*parts)
        return await self.response()

    async def is_closed(self, within_s: float = 30) -> bool:
        """Whether the server ends the connection, without another word."""
        async with asyncio.timeout(within_s):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        """End it, however it stands."""
        self.writer.transport.abort()
        await asyncio.sleep(0)


Connect = Callable[[Running], Awaitable[RawConnection]]


@asynccontextmanager
async def connecting() -> AsyncIterator[Connect]:
    """Open connections that are closed at the end."""
    async with AsyncExitStack() as opened:

        async def open_one(running: Running) -> RawConnection:
            connection = await RawConnection.open(running.public)
            opened.push_async_callback(connection.close)
            return connection

        yield open_one

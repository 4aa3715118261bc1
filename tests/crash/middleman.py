"""Somebody between the daemon and whoever it asks or tells, who lets it have only as much of them as he likes.

He passes everything on while he is well.  In any other mood he hangs, dribbles, hangs up, or answers something else.  A
mood is a function of one call; `turn` changes it, also for those that are under way.
"""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Self

import aiohttp

HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We will be back soon.</body></html>"
ELSEWHERE = "/elsewhere"  # where redirects lead
DRIBBLES_EVERY_S = 0.1
_FORGETS = ("transfer-encoding", "content-length", "content-encoding", "connection")


class Call:
    """One request that came, and the connection that it came on."""

    def __init__(self, middleman: "Middleman", head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.split("\r\n")
        self.method, self.path, _ = first.split(" ")
        self.headers = dict(line.split(": ", 1) for line in lines if line)
        self.body = body
        self._middleman = middleman
        self._writer = writer

    async def passed_on(self) -> bytes:
        """Return what whoever it was meant for answers."""
        return await self._middleman.ask(self)

    async def say(self, data: bytes) -> None:
        """Send some bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for the mood to turn, or so long; return whether it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._middleman.turned.wait()
                return True
        return False

    def hang_up(self) -> None:
        """Reset the connection."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Mood = Callable[[Call], Awaitable[None]]


# --- moods ------------------------------------------------------------------------------------------------


async def passing_on(call: Call) -> None:
    """Do as one should."""
    await call.say(await call.passed_on())


async def hanging(call: Call) -> None:
    """Say nothing."""
    await call.wait()


async def dribbling(call: Call) -> None:
    """Answer a byte now and then."""
    await call.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
    while not await call.wait(DRIBBLES_EVERY_S):
        await call.say(b" ")


async def resetting(call: Call) -> None:
    """Hang up at once."""
    call.hang_up()


async def breaking_off(call: Call) -> None:
    """Pass it on, and hang up in the middle of the answer."""
    answer = await call.passed_on()
    await call.say(answer[: len(answer) // 2])
    call.hang_up()


async def babbling(call: Call) -> None:
    """Answer what is no HTTP."""
    await call.say(b"\x16\x03\x01 220 mail.example.com ESMTP ready\r\n")


async def page(call: Call) -> None:
    """Answer with a page of HTML, as proxies do."""
    await call.say(answered(200, HTML, {"Content-Type": "text/html"}))


async def cut_json(call: Call) -> None:
    """Answer with half of the JSON, as if it were all."""
    body = (await call.passed_on()).partition(b"\r\n\r\n")[2]
    await call.say(answered(200, body[: len(body) // 2]))


async def redirecting(call: Call) -> None:
    """Send it elsewhere."""
    await call.say(answered(302, b"", {"Location": f"http://{call.headers['Host']}{ELSEWHERE}"}))


def refusing(status: int, **headers: str) -> Mood:
    """Return the mood of one who answers with a status."""

    async def refuse(call: Call) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await call.say(answered(status, b'{"code": 20001, "message": "no"}', named))

    return refuse


def answered(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """Return an answer as it goes over the wire."""
    given = {"Content-Type": "application/json", **(headers or {}), "Content-Length": len(body), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body


# --- the man ----------------------------------------------------------------------------------------------


class Middleman:
    """Listens at a port of his own."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.mood: Mood = passing_on
        self.turned = asyncio.Event()
        self.asked_at_s: list[float] = []
        self.paths: list[str] = []
        self.now_open = self.most_open = 0
        self.address = ""

    def turn(self, mood: Mood) -> None:
        """Be of another mood from now on."""
        self.mood = mood
        self.turned.set()
        self.turned = asyncio.Event()

    async def ask(self, call: Call) -> bytes:
        """Ask whoever a call was meant for."""
        headers = {name: value for name, value in call.headers.items() if name.lower() not in ("host", *_FORGETS)}
        url = f"{self._target}{call.path}"
        async with self._http.request(call.method, url, data=call.body, headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _FORGETS}
            return answered(answer.status, await answer.read(), kept)

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        """Listen for the length of a block."""
        async with aiohttp.ClientSession() as self._http:
            server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=tls)
            self.address = f"http{'s' if tls else ''}://localhost:{server.sockets[0].getsockname()[1]}"
            try:
                yield self
            finally:
                self.turned.set()
                server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.now_open += 1
        self.most_open = max(self.most_open, self.now_open)
        with suppress(OSError, asyncio.IncompleteReadError, aiohttp.ClientError):
            await self._serve(reader, writer)
        self.now_open -= 1
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        call = Call(self, head, b"", writer)
        call.body = await reader.readexactly(int(call.headers.get("Content-Length", 0)))
        self.asked_at_s.append(time.monotonic())
        self.paths.append(call.path)
        await self.mood(call)

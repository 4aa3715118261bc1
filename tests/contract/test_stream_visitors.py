"""Whoever looks at a call live may do so for as long as they would be let in, and at so many calls and not more."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from monitor.http.server import Listener
from monitor.http.streams import StreamRoutes
from monitor.http.visitors import Visitor, Way, note
from monitor.roles import Role
from monitor.streaming import Told

ANN = Visitor("ann", Role.VIEWER, Way.SESSION)
PATH = "/api/v1/rooms/RM1/stream"


class Quiet:
    """A call in which nothing happens."""

    async def of(self, *_: Any) -> "Quiet":
        return self

    async def told(self) -> AsyncGenerator[Told]:
        await asyncio.sleep(3600)
        yield Told("call", b"{}", 0)

    def close(self) -> None: ...


class Door:
    """The route, behind a guard that lets in whoever it is told to."""

    def __init__(self) -> None:
        self.visitor: Visitor | None = ANN

    async def find(self, _: web.Request) -> Visitor | None:
        return self.visitor

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        note(request, Visitor(request.query.get("as", "ann"), ANN.role, ANN.way), self.find)
        return await handler(request)


@pytest.fixture
async def door() -> Door:
    return Door()


@pytest.fixture
async def address(door: Door) -> AsyncIterator[str]:
    streams: Any = Quiet()
    routes = StreamRoutes(streams, most_each=2, ask_again_s=0.1).routes()
    listener = await Listener.open("127.0.0.1", 0, routes, guards=[door.middleware])
    yield f"http://127.0.0.1:{listener.port}{PATH}"
    await listener.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize("now", [None, Visitor("bob", Role.VIEWER, Way.SESSION)])
async def test_a_stream_ends_when_its_session_has_ended(
    door: Door, address: str, http: aiohttp.ClientSession, now: Visitor | None
) -> None:
    async with http.get(address) as stream, asyncio.timeout(30):
        assert (await stream.content.readline()).startswith(b"retry:")
        door.visitor = now
        assert b"data:" not in await stream.content.read()


async def test_a_stream_goes_on_for_whoever_is_still_let_in(address: str, http: aiohttp.ClientSession) -> None:
    async with http.get(address) as stream, asyncio.timeout(30):
        await stream.content.readline()
        for _ in range(5):
            while (await stream.content.readline()) != b":\n":
                pass


async def test_one_who_looks_at_as_many_as_they_may_is_in_nobody_elses_way(
    address: str, http: aiohttp.ClientSession
) -> None:
    async with http.get(address), http.get(address):
        async with http.get(address) as third:
            assert (third.status, int(third.headers["Retry-After"])) == (429, 30)
        async with http.get(address, params={"as": "bob"}) as other:
            assert other.status == 200

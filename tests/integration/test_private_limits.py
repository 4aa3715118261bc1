"""What one connection may ask of the private listener, and for how long: as of the public one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from monitor.http.connections import Bounds, Connections, Rooms, divided
from monitor.http.front import Connection
from tests.conftest import Running, Start
from tests.raw_http import HEALTHY, RawConnection, head

Open = Callable[..., Awaitable[RawConnection]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Open connections that are closed at the end."""
    async with AsyncExitStack() as stack:

        async def one(running: Running, **given: Any) -> RawConnection:
            connection = await RawConnection.open(running.private, **given)
            stack.push_async_callback(connection.close)
            return connection

        yield one


def counted(running: Running, reason: str, listener: str = "private") -> float:
    return running.daemon.metrics.values["roomwatch_http_limited_total"][(listener, reason)]


async def test_who_sends_a_head_byte_by_byte_is_cut_off(start: Start, opened: Open) -> None:
    running = await start(private={"port": 0, "limits": {"head_s": 0.2}})
    slow = await opened(running)
    await slow.send(HEALTHY[:-2])
    assert await slow.is_closed()
    assert counted(running, "head_time") == 1


async def test_a_connection_that_keeps_still_is_closed_and_one_that_asks_is_not(start: Start, opened: Open) -> None:
    running = await start(private={"port": 0, "limits": {"idle_s": 1.5}})
    silent, busy = await opened(running), await opened(running)
    closed = asyncio.create_task(silent.is_closed())
    while not closed.done():
        assert (await busy.ask(HEALTHY)).status == 200
        await asyncio.sleep(0.2)
    assert (await busy.ask(HEALTHY)).status == 200


@pytest.mark.parametrize("listener", ["public", "private"])
async def test_too_many_headers_and_too_long_ones_are_refused(start: Start, listener: str) -> None:
    running = await start(**{listener: {"port": 0, "limits": {"headers": 20, "head_bytes": 4096}}})
    for lines, reason in (
        ([f"X-{number}: a" for number in range(30)], "headers"),
        (["X-Long: " + "a" * 5000], "head_bytes"),
    ):
        for first in ("POST /v1/telemetry HTTP/1.1", "GET /-/healthy HTTP/1.1"):
            connection = await RawConnection.open(getattr(running, listener))
            assert (await connection.ask(head(*lines, first=first))).status in (400, 431)
            await connection.close()
        assert counted(running, reason, listener) >= 1, reason


async def test_where_there_are_too_many_health_is_still_answered(start: Start, opened: Open) -> None:
    running = await start(private={"port": 0, "max_connections": 10})
    for _ in range(30):
        await opened(running)
    newcomer = await opened(running)
    assert (await newcomer.ask(HEALTHY)).status == 200
    assert counted(running, "connections") >= 20


@pytest.mark.parametrize("path", ["/login", "/api/v1/silences"], ids=["read", "refused"])
async def test_who_sends_half_a_body_makes_room_for_whoever_knocks(
    start: Start, opened: Open, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    running = await start(private={"port": 0, "max_connections": 10, "access_token": "an-access-token-of-tests"})
    half = head("Content-Type: application/x-www-form-urlencoded", "Content-Length: 100", first=f"POST {path} HTTP/1.1")
    for _ in range(30):
        slow = await opened(running)
        await slow.send(half + b"token=")
        await asyncio.sleep(0.02)  # the request begins
    newcomer = await opened(running)
    assert (await newcomer.ask(HEALTHY)).status == 200
    assert counted(running, "connections") >= 20
    assert "error of our own" not in caplog.text


async def test_who_does_not_read_is_cut_off(start: Start, opened: Open) -> None:
    running = await start(private={"port": 0, "limits": {"reading_s": 0.5}})
    greedy = await opened(running, receive_bytes=4096)
    greedy.writer.write(head(first="GET /metrics HTTP/1.1") * 200)
    async with asyncio.timeout(60):
        while not counted(running, "reading_time"):
            await asyncio.sleep(0.05)


# --- one address among many ---


class Knocking:
    """A connection of an address, as far as it is counted."""

    def __init__(self, address: str) -> None:
        self.transport = self
        self._address = address
        self.said = b""
        self.counted_as: str | None = None

    def get_extra_info(self, _: str) -> tuple[str, int]:
        return self._address, 1

    def write(self, said: bytes) -> None:
        self.said += said

    def close(self) -> None: ...

    abort = finish = close


async def test_an_address_has_so_many_connections_and_is_in_nobody_elses_way() -> None:
    reasons: list[str] = []
    connections = Connections(Bounds(most_each=3, counted_as=lambda peer: peer or None, count=reasons.append))
    own: list[Any] = [Knocking("192.0.2.1") for _ in range(5)]
    assert [connections.admit(each) for each in own] == [True] * 3 + [False] * 2
    assert b"503" in own[3].said
    assert reasons == ["address"] * 2
    other: Any = Knocking("192.0.2.2")
    assert connections.admit(other)
    connections.leave(own[0])
    connections.leave(own[3])  # it was never let in
    again: Any = Knocking("192.0.2.1")
    assert connections.admit(again)
    connections._next_look.cancel()


@pytest.mark.parametrize(
    ("files", "rooms"),
    [(100_000, Rooms(20_000, 1_000)), (1_024, Rooms(618, 206)), (300, Rooms(75, 25)), (10, Rooms(1, 1))],
)
def test_the_private_listener_has_its_part_of_few_open_files(files: int, rooms: Rooms) -> None:
    assert divided(20_000, 1_000, files) == rooms


def test_a_connection_of_the_fast_way_in_is_looked_over_as_well() -> None:
    assert {"stage", "since_s", "kept_bytes", "expire", "finish"} <= set(dir(Connection))

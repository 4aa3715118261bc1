"""Clients that mean no good: slow, many, huge, senseless.  Who posts in between is served as if they were not there.

`ROOMWATCH_ABUSE_CONNECTIONS=10000` says how many idle connections there are, `ROOMWATCH_ABUSE_EXAMPLES=10000` how much
nonsense is told; the defaults suit any machine.
"""

import asyncio
import os
import re
import resource
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import strategies as st

from monitor.http.connections import MAX_KEPT_BYTES
from monitor.settings import ConnectionLimits
from tests.builders import INGEST_KEY
from tests.conftest import Running, Start, settings
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.examples import examples
from tests.raw_http import HEALTHY, JSON, KEY, Connect, RawConnection, connecting, head, telemetry

EXAMPLES = int(os.environ.get("ROOMWATCH_ABUSE_EXAMPLES", "150"))
IDLE_CONNECTIONS = int(os.environ.get("ROOMWATCH_ABUSE_CONNECTIONS", "2000"))
HALF_A_HEAD = b"POST /v1/telemetry HTTP/1.1\r\nHost: a\r\nX-Slow"
HALF_A_BODY = head(KEY, JSON, "Content-Length: 100") + b'{"v":1,'

Public = dict[str, Any]
IDLE_S, REQUEST_S = ConnectionLimits().idle_s, ConnectionLimits().body_s


@pytest.fixture(params=[True, False], ids=["front", "aiohttp"])
def public(request: pytest.FixtureRequest) -> Public:
    """The table of that name, for one way in and for the other."""
    return {"port": 0, "fast_ingest": request.param}


@pytest.fixture
def start(start: Start, public: Public) -> Start:
    return partial(start, public=public)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with connecting() as connect:
        yield connect


Later = Callable[[float], None]


@pytest.fixture
async def later() -> Later:
    """Let time pass at once, for the loop and all that waits in it; it never goes back, or they would wait for it."""
    loop = asyncio.get_running_loop()

    def skip(seconds: float) -> None:
        before = loop.time
        loop.time = lambda: before() + seconds

    return skip


async def posted(address: str) -> int:
    """Post on a connection of its own, and return the status."""
    connection = await RawConnection.open(address)
    try:
        return (await connection.ask(telemetry())).status
    finally:
        await connection.close()


# --- slow ---


async def test_who_sends_slowly_is_cut_off_and_keeps_nobody_waiting(
    running: Running, connect: Connect, later: Later, public: Public
) -> None:
    heads, bodies = [await connect(running) for _ in range(50)], [await connect(running) for _ in range(50)]
    for slow in heads:
        await slow.send(HALF_A_HEAD)
    for slow in bodies:
        await slow.send(HALF_A_BODY)
    assert await posted(running.public) == 202
    later(REQUEST_S + 2)
    assert [(await slow.response()).status for slow in bodies] == [408] * 50
    if public["fast_ingest"]:
        assert [(await slow.response()).status for slow in heads] == [408] * 50
    later(IDLE_S + 2)  # aiohttp takes half a head for an idle connection
    assert all([await slow.is_closed() for slow in [*heads, *bodies]])
    assert await posted(running.public) == 202


async def test_a_byte_now_and_then_buys_no_time(running: Running, connect: Connect, later: Later) -> None:
    slow = await connect(running)
    await slow.send(HALF_A_BODY)
    for _ in range(3):
        await asyncio.sleep(0.05)
        later(REQUEST_S / 3)
        await slow.send(b" ")
    later(2)
    assert (await slow.response()).status == 408


async def test_who_says_nothing_is_closed(running: Running, connect: Connect, later: Later) -> None:
    silent, after_a_post, after_a_page = [await connect(running) for _ in range(3)]
    assert (await after_a_post.ask(telemetry())).status == 202
    assert (await after_a_page.ask(HEALTHY)).status == 200
    later(IDLE_S - 5)
    await asyncio.sleep(1.5)
    assert (await after_a_post.ask(telemetry())).status == 202, "closed too early"
    later(7)
    assert await silent.is_closed()
    assert await after_a_page.is_closed()
    assert (await after_a_post.ask(telemetry())).status == 202, "a post buys the full time again"


# --- many ---


def memory_bytes(pid: int) -> int:
    return psutil.Process(pid).memory_info().rss


@asynccontextmanager
async def daemon_process(folder: Path, public: Public, **given: Any) -> AsyncIterator[tuple[DaemonProcess, str]]:
    """Run a daemon in a process of its own, with the loop that it has in production."""
    port = free_port()
    config = settings(**{"public": public | {"port": port}, "accounts": [], **given})
    daemon = await DaemonProcess.start(write_config(folder / "config.toml", config))
    try:
        yield daemon, f"http://127.0.0.1:{port}"
    finally:
        await daemon.kill()


@pytest.fixture
def many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < IDLE_CONNECTIONS + 500:
        pytest.skip(f"{IDLE_CONNECTIONS} connections need as many open files, there may be {hard}")


async def test_a_crowd_that_says_nothing_keeps_nobody_from_posting(
    tmp_path: Path, public: Public, many_files: None
) -> None:
    async with daemon_process(tmp_path, public) as (daemon, address):
        before_bytes = memory_bytes(daemon.pid)
        with ExitStack() as crowd:
            port = int(address.rpartition(":")[2])
            for number in range(IDLE_CONNECTIONS):
                silent = crowd.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                if number % 2:
                    silent.send(HALF_A_HEAD)
            began = time.monotonic()
            assert [await posted(address) for _ in range(20)] == [202] * 20
            assert time.monotonic() - began < 10
            each_bytes = (memory_bytes(daemon.pid) - before_bytes) / IDLE_CONNECTIONS
            assert each_bytes < 20_000
        assert await posted(address) == 202


@pytest.mark.parametrize("opening", [b"", HALF_A_HEAD, HALF_A_BODY, HEALTHY], ids=["nothing", "head", "body", "page"])
async def test_where_there_are_too_many_the_oldest_make_room(
    start: Start, connect: Connect, public: Public, opening: bytes
) -> None:
    running = await start(public=public | {"max_connections": 30})
    for _ in range(100):
        crowd = await connect(running)
        with suppress(ConnectionError):
            await crowd.send(opening)
    await asyncio.sleep(0.05)
    assert await posted(running.public) == 202


async def test_one_that_sends_far_ahead_leaves_the_others_their_turn(running: Running, connect: Connect) -> None:
    greedy = await connect(running)
    greedy.writer.write((head(JSON, "Content-Length: 2") + b"{}") * 50_000)
    await asyncio.sleep(0.2)
    began = time.monotonic()
    assert [await posted(running.public) for _ in range(10)] == [202] * 10
    assert time.monotonic() - began < 10


# --- huge ---


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A megabyte that opens to a gigabyte of zeros."""
    packer, chunk = zlib.compressobj(9, wbits=31), bytes(1 << 20)
    return b"".join(packer.compress(chunk) for _ in range(1024)) + packer.flush()


async def test_a_megabyte_that_opens_to_a_gigabyte_is_refused_and_costs_no_memory(
    tmp_path: Path, public: Public, bomb: bytes
) -> None:
    assert 900_000 < len(bomb) < 1_100_000
    request = head(KEY, JSON, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb
    telemetry_settings = {"max_body_bytes": 2_000_000, "ingest_keys": [{"name": "tests", "key": INGEST_KEY}]}
    async with daemon_process(tmp_path, public, telemetry=telemetry_settings) as (daemon, address):

        async def bombed() -> int:
            connection = await RawConnection.open(address)
            status = (await connection.ask(request)).status
            await connection.close()
            return status

        assert [await bombed() for _ in range(3)] == [413] * 3
        before_bytes = memory_bytes(daemon.pid)
        assert [await bombed() for _ in range(10)] == [413] * 10
        assert memory_bytes(daemon.pid) - before_bytes < 8 * 1024 * 1024
        assert await posted(address) == 202


@pytest.mark.parametrize("public", [{"port": 0}], ids=["front"])
async def test_of_requests_that_are_too_much_together_the_largest_go(start: Start, connect: Connect) -> None:
    running = await start(telemetry={"max_body_bytes": 2 * MAX_KEPT_BYTES, "ingest_keys": []})
    large, small = await connect(running), await connect(running)
    await small.send(HALF_A_BODY)
    await large.send(head(f"Content-Length: {2 * MAX_KEPT_BYTES}"))
    large.writer.write(bytes(MAX_KEPT_BYTES + 1000))
    assert await large.is_closed(within_s=30)
    await small.send(b" " * 93)
    assert (await small.response()).status == 401


# --- senseless ---

WHOLE = (
    telemetry(),
    telemetry("Connection: close"),
    HEALTHY,
    head("Origin: https://a", first="OPTIONS /v1/telemetry HTTP/1.1"),
    head(KEY, JSON, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    head(JSON, "Content-Encoding: gzip", "Content-Length: 4") + b"\x1f\x8b\x08\x00",
    head(
        KEY,
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 3",
        first="POST /callbacks/twilio HTTP/1.1",
    )
    + b"a=b",
)
WORDS = (
    b"\r\n",
    b"\n",
    b":",
    b" ",
    b"\x00",
    b"\xff",
    b"HTTP/1.1",
    b"Content-Length: 1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"ffffffffffffffff\r\n",
    b"%",
    b"?token=%ff",
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """Return some right requests in a row, of which a few bytes were taken, changed, doubled or put in between."""
    data = b"".join(draw(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        put = draw(st.sampled_from(WORDS) | st.binary(max_size=6) | st.just(data[at : at + 40]))
        data = data[:at] + put + data[at + length :]
    return data


def split(data: bytes, at: list[int]) -> Iterator[bytes]:
    """Yield the data in pieces."""
    ends = sorted({0, len(data), *(each for each in at if each < len(data))})
    for begin, end in pairwise(ends):
        yield data[begin:end]


attacks = st.tuples(st.binary(max_size=300) | mangled(), st.lists(st.integers(1, 900), max_size=5))


async def statuses(address: str, pieces: list[bytes]) -> list[int]:
    """Send the pieces, and return the status of everything that comes back within a moment."""
    connection, came = await RawConnection.open(address), b""
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(0.3):
            await connection.send(*pieces)
            while part := await connection.reader.read(65_536):
                came += part
    await connection.close()
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) [A-Z]", came)]


async def test_no_bytes_at_all_make_it_fail(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    tried = examples(attacks, EXAMPLES)
    seen: set[int] = set()
    for some in (tried[n : n + 60] for n in range(0, len(tried), 60)):
        sent = [list(split(data, at)) for data, at in some]
        for pieces, found in zip(
            sent, await asyncio.gather(*(statuses(running.public, each) for each in sent)), strict=True
        ):
            assert 500 not in found, pieces
            seen.update(found)
        assert await posted(running.public) == 202
    assert failures == []
    assert {200, 202, 204, 400} <= seen
    assert "Unhandled" not in caplog.text

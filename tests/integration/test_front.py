"""Telemetry on bare sockets, by both ways in: what HTTP allows, what it does not, and what else is on a connection."""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitor.http.connections import Stage
from monitor.http.front import Connection, Front
from tests.builders import INGEST_KEY, packed, post, quality
from tests.conftest import Running, Start
from tests.raw_http import HEALTHY, JSON, KEY, Connect, RawConnection, connecting, head, telemetry
from tests.stored import posts

BODY = packed(post(quality(4)))


@pytest.fixture(params=[True, False], ids=["front", "aiohttp"])
def is_fast(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def start(start: Start, *, is_fast: bool) -> Start:
    return partial(start, public={"port": 0, "fast_ingest": is_fast})


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with connecting() as connect:
        yield connect


@pytest.fixture
async def raw(running: Running, connect: Connect) -> RawConnection:
    return await connect(running)


async def until(holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def served_in_front(running: Running) -> list[Connection]:
    """Return the connections that aiohttp does not have."""
    front = running.daemon.doors.public._way_in
    return list(front.connections._open) if isinstance(front, Front) else []


# --- one connection, many requests ---


async def test_a_connection_is_kept_for_the_next_post(raw: RawConnection) -> None:
    for _ in range(3):
        response = await raw.ask(telemetry())
        assert (response.status, response.said["accepted"]) == (202, 1)


async def test_posts_sent_ahead_are_answered_in_order(running: Running, raw: RawConnection) -> None:
    wrong = head(JSON, "Content-Length: 2") + b"{}"
    await raw.send((telemetry() + wrong + telemetry(level=9)) * 40)
    said = [await raw.response() for _ in range(120)]
    assert [response.status for response in said] == [202, 401, 202] * 40
    assert [len(response.said["rejected"]) for response in said if response.status == 202] == [0, 1] * 40


async def test_bytes_may_come_one_at_a_time(raw: RawConnection) -> None:
    for request, status in ((telemetry(), 202), (telemetry(), 202), (HEALTHY, 200), (telemetry(), 202)):
        response = await raw.ask(*(request[n : n + 1] for n in range(len(request))))
        assert response.status == status


async def test_another_route_on_the_same_connection_is_served_and_so_is_telemetry_after_it(
    running: Running, raw: RawConnection
) -> None:
    for request, status in ((telemetry(), 202), (HEALTHY, 200), (telemetry(), 202), (HEALTHY, 200)):
        assert (await raw.ask(request)).status == status
    assert len(await posts(running.daemon.store)) == 2


async def test_another_route_may_be_sent_ahead_too(raw: RawConnection) -> None:
    await raw.send(telemetry() + telemetry() + HEALTHY + telemetry())
    assert [(await raw.response()).status for _ in range(4)] == [202, 202, 200, 202]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head(first="GET /v1/telemetry HTTP/1.1"), 405),
        (head(first="HEAD /v1/telemetry HTTP/1.1"), 405),
        (head("Content-Length: 0", first="PUT /v1/telemetry HTTP/1.1"), 405),
        (head("Content-Length: 0", first="POST /v1/telemetry/ HTTP/1.1"), 404),
        (head("Content-Length: 0", first="POST /v1/%74elemetry HTTP/1.1"), 415),
        (head("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 0"), 415),
    ],
    ids=["get", "head", "put", "slash", "encoded", "upgrade"],
)
async def test_what_is_not_quite_a_post_of_telemetry_is_for_aiohttp(
    raw: RawConnection, request_: bytes, status: int
) -> None:
    await raw.send(request_)
    assert (await raw.reader.readuntil(b"\r\n")).split()[1] == str(status).encode()


# --- how a request may be told ---


async def test_a_body_in_chunks_is_a_body(raw: RawConnection) -> None:
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    assert (await raw.ask(head(KEY, JSON, "Transfer-Encoding: chunked") + chunked)).status == 202
    assert (await raw.ask(telemetry())).status == 202


async def test_who_asks_whether_to_go_on_is_told_to(raw: RawConnection) -> None:
    response = await raw.ask(head(KEY, JSON, f"Content-Length: {len(BODY)}", "Expect: 100-continue"))
    assert response.status == 100
    assert (await raw.ask(BODY)).status == 202


@pytest.mark.parametrize(
    ("first", "line", "is_kept"),
    [
        ("POST /v1/telemetry HTTP/1.1", "Connection: close", False),
        ("POST /v1/telemetry HTTP/1.0", "Accept: */*", False),
        ("POST /v1/telemetry HTTP/1.0", "Connection: keep-alive", True),
    ],
)
async def test_a_connection_is_closed_after_the_answer_where_the_client_says_so(
    raw: RawConnection, first: str, line: str, *, is_kept: bool
) -> None:
    response = await raw.ask(telemetry(line, first=first))
    assert response.status == 202
    if is_kept:
        assert response.headers["connection"] == "keep-alive"
        assert (await raw.ask(telemetry())).status == 202
    else:
        assert await raw.is_closed()


@pytest.mark.parametrize("line", ["Authorization: Basic YTpi", "X-Nothing: 1"])
async def test_the_token_may_be_in_the_query_and_be_quoted(raw: RawConnection, line: str) -> None:
    first = f"POST /v1/telemetry?a=b&token={INGEST_KEY.replace('-', '%2D')}&token=c HTTP/1.1"
    request = head("content-type:text/plain ", line, f"CONTENT-LENGTH: {len(BODY)}", first=first) + BODY
    assert (await raw.ask(request)).status == 202


async def test_a_preflight_is_answered_and_the_post_after_it_too(raw: RawConnection) -> None:
    response = await raw.ask(head("Origin: https://a", first="OPTIONS /v1/telemetry HTTP/1.1"))
    allowed = {name: value for name, value in response.headers.items() if name.startswith("access-control-")}
    assert response.status == 204
    assert allowed == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "Authorization, Content-Type, Content-Encoding",
        "access-control-expose-headers": "Retry-After, X-Request-Id",
        "access-control-max-age": "86400",
    }
    assert (await raw.ask(telemetry())).status == 202


# --- what is refused, and ends the connection ---


async def test_a_body_that_is_announced_too_large_is_not_waited_for(raw: RawConnection) -> None:
    response = await raw.ask(head(KEY, JSON, "Content-Length: 999999999"))
    assert (response.status, response.headers["access-control-allow-origin"]) == (413, "*")


@pytest.mark.parametrize("is_fast", [True])
async def test_a_client_that_sends_its_large_body_all_the_same_is_told_why_it_was_refused(raw: RawConnection) -> None:
    await raw.send(head(KEY, JSON, "Content-Length: 20000000"))
    raw.writer.write(bytes(20_000_000))
    assert (await raw.response()).status == 413


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        head("Content-Length: two"),
        head("Content-Length: -1"),
        head("Content-Length: 1", "Content-Length: 2"),
        head("Content-Length: 2", "Transfer-Encoding: chunked"),
        head("A: b\rc"),
        head("A: b\x00c"),
        head("A: b", " c"),
        head("A b"),
        head(first="POST /v1/telemetry HTTP/3.0"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_400_and_the_connection_closed(raw: RawConnection, request_: bytes) -> None:
    assert (await raw.ask(request_)).status == 400
    assert await raw.is_closed()


@pytest.mark.parametrize("is_fast", [True])
@pytest.mark.parametrize("zeros", [20, 5000])
async def test_a_length_of_too_many_digits_is_refused(raw: RawConnection, zeros: int) -> None:
    assert (await raw.ask(head(f"Content-Length: {'0' * zeros}2") + b"{}")).status == 413


@pytest.mark.parametrize("is_fast", [True])
async def test_a_head_without_an_end_is_given_up(raw: RawConnection) -> None:
    await raw.send(head()[:-2], *(b"X-%d: %b\r\n" % (n, b"x" * 1000) for n in range(40)))
    assert (await raw.response()).status == 431


async def test_a_request_hidden_in_the_body_of_another_is_a_body(running: Running, raw: RawConnection) -> None:
    hidden = telemetry()
    await raw.send(head(JSON, f"Content-Length: {len(hidden)}") + hidden + HEALTHY)
    assert [(await raw.response()).status for _ in range(2)] == [401, 200]
    assert await posts(running.daemon.store) == []


# --- clients that go away, or do not listen ---


async def test_a_client_that_is_gone_before_the_answer_troubles_nobody(running: Running) -> None:
    for _ in range(20):
        gone = await RawConnection.open(running.public)
        await gone.send(telemetry())
        await gone.close()
    await until(lambda: running.daemon.metrics.total("roomwatch_telemetry_posts_total") == 20)
    await until(lambda: served_in_front(running) == [])


@pytest.mark.parametrize("is_fast", [True])
async def test_a_client_that_says_it_is_done_still_gets_every_answer(raw: RawConnection) -> None:
    await raw.send(telemetry() * 3)
    raw.writer.write_eof()
    assert [(await raw.response()).status for _ in range(3)] == [202] * 3
    assert await raw.is_closed()


@pytest.mark.parametrize("is_fast", [True])
async def test_a_client_that_does_not_read_is_not_read_from_either(running: Running) -> None:
    deaf = await RawConnection.open(running.public, receive_bytes=4096)
    wrong = head(JSON, "Content-Length: 2") + b"{}"
    deaf.writer.write(wrong * 100_000)
    await until(lambda: [each.stage for each in served_in_front(running)] == [Stage.READER])
    (connection,) = served_in_front(running)
    assert connection.kept_bytes < 1_000_000
    assert connection.transport.get_write_buffer_size() < 100_000
    assert {(await deaf.response()).status for _ in range(20_000)} == {401}
    await deaf.close()


# --- the end ---


async def test_a_stop_gives_the_answers_that_are_owed(start: Start, connect: Connect, tmp_path: Path) -> None:
    running = await start(storage={"path": str(tmp_path / "roomwatch.db")})
    go_on = threading.Event()
    writing = asyncio.create_task(running.daemon.store._database.write(lambda _: go_on.wait(5)))
    owed, idle, half = [await connect(running) for _ in range(3)]
    assert (await idle.ask(head(first="OPTIONS /v1/telemetry HTTP/1.1"))).status == 204
    await half.send(telemetry()[:-5])
    await owed.send(telemetry())
    await asyncio.sleep(0.1)  # it is in the group that waits for the disk
    stopping = asyncio.create_task(running.stop())
    assert await idle.is_closed()
    assert not stopping.done()
    go_on.set()
    response = await owed.response()
    assert response.status == 202
    assert await owed.is_closed()
    await half.close()  # nobody waits for the rest of what it began
    await asyncio.gather(stopping, writing)


async def test_a_head_that_is_nearly_the_last_one_is_read_anew(raw: RawConnection) -> None:
    good = telemetry()
    assert [(await raw.ask(good)).status for _ in range(2)] == [202, 202]
    assert (await raw.ask(good.replace(INGEST_KEY.encode(), b"x" * len(INGEST_KEY)))).status == 401
    assert (await raw.ask(good.replace(b"application/json", b"application/jsom"))).status == 415
    assert (await raw.ask(telemetry(level=3, room_name="another:one"))).status == 202

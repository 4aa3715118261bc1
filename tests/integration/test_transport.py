import asyncio
import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.delivery import Rejected, TryAgain
from alerts.notifiers.base import HttpRequest
from alerts.transport import ANSWER_LIMIT_BYTES, Answer, Transport

SECRET = "path-s3cret"


def request_to(server_or_url):
    url = server_or_url if isinstance(server_or_url, str) else str(server_or_url.make_url(f"/{SECRET}?token={SECRET}"))
    return HttpRequest("POST", url, {"Content-Type": "application/json"}, b"{}")


@pytest.fixture
async def serve():
    servers = []

    async def start(handler):
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return servers[-1]

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def listen():
    """A server that speaks something other than HTTP."""
    servers = []

    async def start(talk):
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def exchange(request, timeout_s=5.0):
    async with Transport(timeout_s=timeout_s) as transport:
        return await transport.exchange(request)


async def test_an_answer_comes_back_as_it_was_given(serve):
    async def answer(request):
        assert (request.method, await request.read()) == ("POST", b"{}")
        return web.Response(status=429, headers={"Retry-After": "7"}, text="slow down")

    answer = await exchange(request_to(await serve(answer)))
    assert (answer.status, answer.headers["Retry-After"], answer.body) == (429, "7", b"slow down")
    assert "Date" in answer.headers


async def test_a_redirect_is_an_answer_and_not_a_way(serve):
    asked = []

    async def redirect(request):
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    assert (await exchange(request_to(await serve(redirect)))).status == 307
    assert len(asked) == 1


async def test_no_more_of_an_answer_is_read_than_anybody_could_want(serve):
    async def endless(request):
        return web.Response(body=b"x" * (4 * ANSWER_LIMIT_BYTES))

    assert len((await exchange(request_to(await serve(endless)))).body) == ANSWER_LIMIT_BYTES


async def test_a_status_counts_though_its_body_never_ends(serve):
    async def dawdle(request):
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await response.write(b"so far")
        await asyncio.sleep(5)
        return response

    answer = await exchange(request_to(await serve(dawdle)), timeout_s=1)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (202, b"so far")


async def test_where_nobody_listens_the_receiver_cannot_have_heard():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        outcome = await exchange(request_to(f"http://127.0.0.1:{port}/{SECRET}"))
    assert outcome == TryAgain(f"could not connect to http://127.0.0.1:{port}: ClientConnectorError")


async def test_when_no_answer_comes_nobody_knows(serve):
    async def hang(request):
        await asyncio.sleep(5)

    server = await serve(hang)
    outcome = await exchange(request_to(server), timeout_s=1)
    assert outcome == TryAgain(f"no answer from http://127.0.0.1:{server.port} within 1 s", ambiguous=True)


async def test_when_the_connection_breaks_off_nobody_knows(listen):
    async def hang_up(reader, writer):
        await reader.read(100)
        writer.close()

    outcome = await exchange(request_to(await listen(hang_up)))
    assert outcome.ambiguous
    assert SECRET not in outcome.reason


async def test_an_answer_that_is_not_http_is_not_understood(listen):
    async def babble(reader, writer):
        await reader.read(100)
        writer.write(b"220 mail.example.com ESMTP\r\n\r\n")
        writer.close()

    outcome = await exchange(request_to(await listen(babble)))
    assert isinstance(outcome, TryAgain)
    assert SECRET not in outcome.reason


@pytest.mark.parametrize("url", [f"https:///{SECRET}", f"http://h:99999/{SECRET}", f"{SECRET}"])
async def test_an_impossible_address_is_rejected_without_being_shown(url):
    assert await exchange(request_to(url)) == Rejected("the address is malformed")

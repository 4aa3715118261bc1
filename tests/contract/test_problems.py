"""What a refusal of the private door looks like, whoever refuses."""

import logging
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from monitor.http.problems import CONTENT_TYPE, Fault, Refused, as_problems, note_beginning, problem
from tests.asking import TOKEN
from tests.conftest import Running, Start

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def daemon(start: Start) -> Running:
    return await start(private={"port": 0, "access_token": TOKEN})


async def said(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return a problem, which looks the same wherever it comes from."""
    assert response.content_type == CONTENT_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = await response.json(content_type=CONTENT_TYPE)
    assert set(body) == {"type", "title", "status", "detail", "error", "errors", "request_id"}
    assert (body["type"], body["status"], body["error"]) == ("about:blank", response.status, body["detail"])
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/no/such/page", 404, "expected a path that there is, got '/no/such/page'"),
        ("DELETE", "/api/v1/rooms", 405, "/api/v1/rooms: expected GET, HEAD, got DELETE"),
        ("GET", "/api/v1/rooms?limit=0", 400, "limit: expected a whole number from 1 to 500, got '0'"),
        ("GET", "/api/v1/live/samples", 404, "room, participant: expected the SID or name of a live room"),
        ("POST", "/api/v1/silences", 415, "Content-Type: expected application/json"),
    ],
)
async def test_a_refusal_is_a_problem_whoever_refuses(
    daemon: Running, method: str, path: str, status: int, detail: str
) -> None:
    async with daemon.http.request(method, daemon.private + path, headers=BEARER) as response:
        body = await said(response)
    assert (body["status"], body["detail"][: len(detail)]) == (status, detail)


async def test_a_missing_login_is_a_problem(daemon: Running) -> None:
    async with daemon.http.get(f"{daemon.private}/api/v1/live") as response:
        assert (await said(response))["title"] == "Unauthorized"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_method_that_is_none_is_told_those_that_are(daemon: Running) -> None:
    async with daemon.http.delete(f"{daemon.private}/api/v1/rooms", headers=BEARER) as response:
        assert response.headers["Allow"] == "GET, HEAD"


@pytest.fixture
async def shaky() -> Any:
    """A door behind which things go wrong."""

    async def broken(_: web.Request) -> web.Response:
        raise KeyError("the colour of the vault")

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half of it")
        raise KeyError("the other half")

    async def faulty(_: web.Request) -> web.Response:
        raise Refused(400, "two things are wrong", errors=[Fault("from", "late"), Fault("to", "early")])

    app = web.Application(middlewares=[as_problems])
    app.on_response_prepare.append(note_beginning)
    app.add_routes([web.get("/broken", broken), web.get("/half", half), web.get("/faulty", faulty)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
        yield http
    await runner.cleanup()


async def test_a_fault_of_ours_is_logged_and_not_told(shaky: aiohttp.ClientSession, caplog: Any) -> None:
    with caplog.at_level(logging.ERROR, "monitor.http.problems"):
        async with shaky.get("/broken") as response:
            body = await said(response)
    assert (body["status"], "vault" in str(body)) == (500, False)
    assert "the colour of the vault" in caplog.text


async def test_an_answer_that_breaks_off_is_not_followed_by_a_problem(shaky: aiohttp.ClientSession) -> None:
    async with shaky.get("/half") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_several_faults_are_told_with_their_places(shaky: aiohttp.ClientSession) -> None:
    async with shaky.get("/faulty") as response:
        body = await said(response)
    assert body["errors"] == [{"path": "from", "detail": "late"}, {"path": "to", "detail": "early"}]


def test_half_a_character_can_be_told_of() -> None:
    assert b"\\\\udcff" in (problem(400, "got \udcff").body or b"")

"""Real web servers, configured as we ship it, before a real daemon."""

import asyncio
import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from monitor.http.server import Listener
from tests.asking import TOKEN, happen
from tests.builders import ALICE, INGEST_KEY, ROOM, batch, connection, packed, participant, post, quality, room
from tests.conftest import Running, Start
from tests.e2e.in_process import known_to_all, listeners
from tests.e2e.proxied import CADDY, PAGES, WATCH, Authority, caddy, nginx
from tests.e2e.tools import HANGS_AFTER_S, tool

pytestmark = pytest.mark.e2e

PROXY = {"port": 0, "trusted_proxies": ["127.0.0.1/32"]}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
POST = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
FORGED = {"X-Forwarded-User": "mallory", "X-Forwarded-Groups": "sre"}
EACH_SERVER = pytest.mark.parametrize("server", ["nginx", "caddy"])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def before(server: str, running: Running, authority: Authority, login: str = "") -> Iterator[tuple[int, int]]:
    """Run a web server before both listeners; give the ports at which the public and the private one are reached.

    With the address of what has people log in, the private one is behind it.
    """
    folder, program = authority.folder, tool(server)
    between = " " if server == "caddy" else "; server "  # of several that share the work
    public, private = (between.join(listeners(running, door)) for door in ("public", "private"))
    if server == "caddy":
        text = (CADDY / ("login.Caddyfile" if login else "Caddyfile")).read_text(encoding="utf-8")
        for ours, theirs in (
            ("127.0.0.1:8470", public),
            ("127.0.0.1:8471", private),
            ("10.0.3.16:8471", private),
            ("127.0.0.1:4180", login),
        ):
            text = text.replace(ours, theirs) if theirs else text
        with caddy(program, text, authority, folder) as port:
            yield port, port
    elif login:
        replaced = {"10.0.3.16:8471": private, "http://127.0.0.1:4180": f"http://{login}"}
        with nginx(program, "roomwatch-private-login.conf", replaced, authority, folder) as port:
            yield 0, port
    else:
        (folder / "public").mkdir()
        (folder / "private").mkdir()
        with (
            nginx(
                program, "roomwatch-public.conf", {"127.0.0.1:8470": public}, authority, folder / "public"
            ) as public_port,
            nginx(
                program, "roomwatch-private.conf", {"127.0.0.1:8471": private}, authority, folder / "private"
            ) as private_port,
        ):
            yield public_port, private_port


@EACH_SERVER
async def test_a_browser_s_post_comes_through_as_it_was_sent(server: str, start: Start, authority: Authority) -> None:
    running = await start(public=PROXY)
    with before(server, running, authority) as (port, _):
        async with authority.client(WATCH, port) as browser:
            body = gzip.compress(packed(post(quality())))
            async with browser.post("/v1/telemetry", data=body, headers=POST | {"Content-Encoding": "gzip"}) as said:
                assert (said.status, (await said.json())["accepted"]) == (202, 1)
            too_much = b"[" + b" " * running.daemon.config.telemetry.max_body_bytes + b"]"
            async with browser.post("/v1/telemetry", data=too_much, headers=POST) as said:
                assert said.status == 413
            async with browser.get("/sdk/roomwatch.js") as said:
                assert (said.status, said.headers["Access-Control-Allow-Origin"]) == (200, "*")


@EACH_SERVER
async def test_clients_are_told_apart_whatever_they_claim(server: str, start: Start, authority: Authority) -> None:
    once = {"ingest_keys": [{"name": "tests", "key": INGEST_KEY}], "posts_per_s": 0.001, "burst_posts": 1}
    running = await start(public=PROXY, telemetry=once)

    async def status(address: str, claimed: str) -> int:
        headers = POST | {"X-Forwarded-For": claimed}
        body = packed(post(quality(), session="s"))
        async with (
            authority.client(WATCH, port, address) as browser,
            browser.post("/v1/telemetry", data=body, headers=headers) as said,
        ):
            return said.status

    with before(server, running, authority) as (port, _):
        assert await status("127.0.0.2", claimed="203.0.113.1") == 202
        assert await status("127.0.0.3", claimed="203.0.113.1") == 202
        each_takes_one = [await status("127.0.0.2", claimed=f"203.0.113.{2 + n}") for n in range(len(running.daemons))]
        assert 429 in each_takes_one


@EACH_SERVER
async def test_people_get_pages_and_see_a_call_go_on(server: str, start: Start, authority: Authority) -> None:
    running = await start(private=PROXY | {"url": f"https://{PAGES}", "access_token": TOKEN})
    at_ms = int(time.time() * 1000) - 60_000
    await happen(
        running,
        room(at_ms=at_ms, room_name="acme:class:1", created_at_ms=at_ms),
        participant(ALICE, identity="alice", at_ms=at_ms, joined_at_ms=at_ms),
    )
    await known_to_all(running)
    with before(server, running, authority) as (_, port):
        async with authority.client(PAGES, port) as somebody:
            async with somebody.get("/", allow_redirects=False) as said:
                assert said.status in {302, 303, 401}
            async with somebody.get("/", headers=BEARER) as said:
                assert said.status == 200
                assert "max-age" in said.headers["Strict-Transport-Security"]
            async with (
                somebody.get(f"/api/v1/rooms/{ROOM}/stream", headers=BEARER) as stream,
                asyncio.timeout(HANGS_AFTER_S),
            ):
                await line_with(stream, "event: story")
                at_ms = int(time.time() * 1000)
                await running.daemon.pipeline.offer(batch(connection("reconnecting", at_ms=at_ms, code=53405)))
                await line_with(stream, "reconnecting")


async def line_with(stream: aiohttp.ClientResponse, words: str) -> None:
    """Wait until a stream says something, before it is silent for so long that a comment flushes what was held back."""
    while words not in (line := await stream.content.readline()).decode():
        assert not stream.content.at_eof()
        assert not line.startswith(b":")


@EACH_SERVER
async def test_who_logged_in_with_the_proxy_is_who_asks(server: str, start: Start, authority: Authority) -> None:
    login = {"groups_header": "X-Forwarded-Groups", "groups": {"sre": "admin"}, "default_role": "viewer"}
    running = await start(private=PROXY | {"url": f"https://{PAGES}", "proxy_login": login})

    async def auth(request: web.Request) -> web.Response:
        """Answer as oauth2-proxy does: whoever has its cookie is ann, in no group."""
        known = request.cookies.get("_oauth2_proxy") == "ann"
        return web.Response(status=202 if known else 401, headers={"X-Auth-Request-User": "ann"} if known else {})

    proxy = await Listener.open("127.0.0.1", 0, [web.get("/oauth2/auth", auth)])
    try:
        with before(server, running, authority, login=f"127.0.0.1:{proxy.port}") as (_, port):
            async with authority.client(PAGES, port) as ann:
                async with ann.get("/rooms", headers=FORGED, allow_redirects=False) as said:
                    led_to = urlsplit(said.headers["Location"])
                    assert (said.status, led_to.path, led_to.query) == (302, "/oauth2/start", "rd=/rooms")
                known = FORGED | {"Cookie": "_oauth2_proxy=ann"}
                async with ann.get("/api/v1/session", headers=known) as said:
                    who = await said.json()
                assert (who["name"], who["role"], who["way"]) == ("ann", "viewer", "proxy")
    finally:
        await proxy.close()

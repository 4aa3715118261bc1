"""Which doors are there, and what is behind each?

The public listener lets the world in as far as it is meant to come; the private one is for people, Prometheus and
scripts.  They share nothing but the daemon behind them.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, Self, cast

import msgspec
from aiohttp import web

from collectors import telemetry_schema
from monitor.http import openapi, pages, sdk
from monitor.http.callbacks import Callbacks
from monitor.http.connections import IDLE_S, Plain
from monitor.http.ingest_routes import IngestRoutes
from monitor.http.login import Login
from monitor.http.published import sender
from monitor.http.samples import SamplesView

_NOT_KEPT = {"Cache-Control": "no-store"}
_encode = msgspec.json.Encoder().encode

Answer = Callable[[], Awaitable[bytes]]
Samples = Callable[[str, str], SamplesView | None]
Exposition = Callable[[str], Awaitable[tuple[bytes, str]]]


def public_routes(ingest: IngestRoutes, callbacks: Callbacks) -> list[web.RouteDef]:
    """Return what the world may ask of us."""
    return [
        *ingest.routes(),
        web.get("/v1/telemetry/schema.json", sender(telemetry_schema.text().encode(), "application/schema+json")),
        web.post("/callbacks/twilio", callbacks.post),
        web.get("/callbacks/twilio", callbacks.get, allow_head=False),
        web.get("/-/healthy", healthy),
        *sdk.routes(sdk.built_files()),
    ]


def private_routes(
    login: Login,
    live: Answer,
    samples: Samples,
    questions: Iterable[web.RouteDef],
    exposition: Exposition,
    is_ready: Callable[[], bool],
) -> list[web.RouteDef]:
    """Return what people, Prometheus and scripts may ask of us."""

    async def send_live(_: web.Request) -> web.Response:
        return web.Response(body=await live(), content_type="application/json", headers=_NOT_KEPT)

    async def send_samples(request: web.Request) -> web.Response:
        room, participant = request.query.get("room", ""), request.query.get("participant", "")
        found = samples(room, participant)
        if found is None:
            expected = "expected the SID or name of a live room, and the SID or identity of somebody in it"
            return web.json_response({"error": f"room, participant: {expected}"}, status=404)
        return web.Response(body=_encode(found), content_type="application/json", headers=_NOT_KEPT)

    async def send_exposition(request: web.Request) -> web.Response:
        body, content_type = await exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def send_openapi(_: web.Request) -> web.Response:
        return web.Response(body=_encode(openapi.document()), content_type="application/json")

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ready\n") if is_ready() else web.Response(text="not ready\n", status=503)

    return [
        web.get("/metrics", send_exposition),
        web.get("/-/healthy", healthy),
        web.get("/-/ready", ready),
        web.get("/login", login.log_in),
        web.post("/login", login.log_in),
        web.get("/api/v1/live", send_live),
        web.get("/api/v1/live/samples", send_samples),
        *questions,
        web.get("/api/v1/openapi.json", send_openapi),
        *pages.routes(pages.built_files()),
    ]


async def healthy(_: web.Request) -> web.Response:
    """Answer for as long as the loop turns."""
    return web.Response(text="healthy\n")


class WayIn(Protocol):
    """Decides, for each connection, what serves it."""

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""

    async def close(self) -> None:
        """Let the answers go out that are owed, and end the connections that aiohttp does not have."""


class Listener:
    """One open door."""

    def __init__(self, runner: web.AppRunner, way_in: WayIn, listening: asyncio.Server) -> None:
        self._runner = runner
        self._way_in = way_in
        self._listening = listening
        self.host, self.port = listening.sockets[0].getsockname()[:2]

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        routes: Iterable[web.RouteDef],
        *,
        guard: Login | None = None,
        way_in: Callable[[web.Server], WayIn] = Plain,
    ) -> Self:
        """Listen, and answer by these routes; `guard` decides who is let through, `way_in` what serves them.

        Raises:
            OSError: the address cannot be listened on.
        """
        app = web.Application(middlewares=[guard.middleware] if guard else [])
        app.add_routes(routes)
        # Bodies are unpacked by us, with a limit; the library would unpack them first and look at the size afterwards.
        # Without a limit on idle connections it would keep them for an hour, and those with half a head as well.
        runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, shutdown_timeout=5.0, keepalive_timeout=IDLE_S
        )
        sock = _bound(host, port)
        await runner.setup()
        way = way_in(cast("web.Server", runner.server))  # it has one since its setup
        try:
            listening = await asyncio.get_running_loop().create_server(way, sock=sock, backlog=1024)
        except OSError:
            sock.close()
            await way.close()
            await runner.cleanup()
            raise
        return cls(runner, way, listening)

    async def close(self) -> None:
        """Let nobody in any more, and finish with those who are inside."""
        self._listening.close()
        await self._way_in.close()
        await self._runner.cleanup()


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{host}:{port}: {error.strerror}") from error
    return sock

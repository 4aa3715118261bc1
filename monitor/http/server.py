"""Which doors are there, and what is behind each?

The public listener lets the world in as far as it is meant to come; the private one is for people, Prometheus and
scripts.  They share nothing but the daemon behind them.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, Self, cast

from aiohttp import web
from aiohttp.typedefs import Middleware

from collectors import telemetry_schema
from monitor.http import answers, openapi, pages, runbooks, sdk
from monitor.http.accepting import BACKLOG, TlsServer
from monitor.http.answer_headers import AnswerHeaders
from monitor.http.body import BODY_WITHIN_S
from monitor.http.callbacks import Callbacks
from monitor.http.connections import Bounds, Connections
from monitor.http.ingest_routes import IngestRoutes
from monitor.http.login import Login
from monitor.http.problems import note_beginning, problem
from monitor.http.proxies import TrustedProxies
from monitor.http.published import sender
from monitor.http.request_marks import tell_mark
from monitor.http.served import Plain

Exposition = Callable[[str], Awaitable[tuple[bytes, str]]]

ANY = Bounds()
BY_ITSELF = AnswerHeaders(TrustedProxies())


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
    doors: Iterable[web.RouteDef],
    exposition: Exposition,
    fleet_exposition: Exposition,
    why_not_ready: Callable[[], str],
) -> list[web.RouteDef]:
    """Return what people, Prometheus and scripts may ask of us; `why_not_ready` says nothing where all is."""
    document = openapi.encoded()

    def sending(page: Exposition) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def send(request: web.Request) -> web.Response:
            body, content_type = await page(request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": content_type})

        return send

    async def send_openapi(request: web.Request) -> web.Response:
        return answers.read(request, document)

    async def ready(_: web.Request) -> web.Response:
        reason = why_not_ready()
        return problem(503, reason) if reason else web.Response(text="ready\n")

    return [
        web.get("/metrics", sending(exposition)),
        web.get("/metrics/fleet", sending(fleet_exposition)),
        web.get("/-/healthy", healthy),
        web.get("/-/ready", ready),
        *login.routes(),
        *doors,
        web.get("/api/v1/openapi.json", send_openapi),
        *runbooks.routes(),
        *pages.routes(pages.built_files()),
    ]


async def healthy(_: web.Request) -> web.Response:
    """Answer for as long as the loop turns."""
    return web.Response(text="healthy\n")


class WayIn(Protocol):
    """Decides, for each connection, what serves it."""

    @property
    def connections(self) -> Connections:
        """Those that there are."""

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""


class Listening(Protocol):
    """Whoever accepts connections."""

    async def close(self) -> None:
        """Accept nobody any more."""


class Listener:
    """One open door."""

    def __init__(self, runner: web.AppRunner, way_in: WayIn, listening: Listening, address: tuple[str, int]) -> None:
        self._runner = runner
        self._way_in = way_in
        self._listening = listening
        self.host, self.port = address

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        routes: Iterable[web.RouteDef],
        *,
        guards: Sequence[Middleware] = (),
        way_in: Callable[[web.Server, Connections], WayIn] = Plain,
        sock: socket.socket | None = None,
        bounds: Bounds = ANY,
        headers: AnswerHeaders = BY_ITSELF,
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> Self:
        """Listen, and answer by these routes.

        Args:
            host: where.
            port: where; 0 is any that is free.
            routes: what is answered.
            guards: decide who is let through.
            way_in: what serves a connection.
            sock: what was opened for us already, in the place of `host` and `port`.
            bounds: what is allowed.
            headers: complete those of every answer.
            context: by what TLS is spoken; without it none is.

        A socket that was opened for us already takes the place of `host` and `port`.

        Raises:
            OSError: the address cannot be listened on.
        """
        app = web.Application(middlewares=guards)
        app[BODY_WITHIN_S] = bounds.limits.body_s
        app.on_response_prepare.extend([note_beginning, tell_mark, headers, _counting(bounds)])
        app.add_routes(routes)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
        sock = sock or _bound(host, port)
        await runner.setup()
        server = cast("web.Server", runner.server)  # it has one since its setup
        way = way_in(server, Connections(bounds))
        try:
            listening = await _listening(sock, way, bounds, context)
        except OSError:
            sock.close()
            await way.connections.close()
            await runner.cleanup()
            raise
        return cls(runner, way, listening, sock.getsockname()[:2])

    def routes(self) -> list[tuple[str, str]]:
        """Return the method and the path of everything that is answered here."""
        known = self._runner.app.router.routes()
        return [(route.method, route.resource.canonical) for route in known if route.resource is not None]

    @property
    def connections(self) -> int:
        """Return how many connections there are."""
        return len(self._way_in.connections)

    async def close(self) -> None:
        """Let nobody in any more, and finish with those who are inside."""
        await self._listening.close()
        await self._way_in.connections.close()
        await self._runner.cleanup()


class _PlainServer:
    """Accepts connections that begin with a request."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server

    async def close(self) -> None:
        """Accept nobody any more."""
        self._server.close()


async def _listening(
    sock: socket.socket, way_in: WayIn, bounds: Bounds, context: Callable[[], ssl.SSLContext] | None
) -> Listening:
    if context is None:
        return _PlainServer(await asyncio.get_running_loop().create_server(way_in, sock=sock, backlog=BACKLOG))
    return TlsServer(sock, way_in, context, bounds.limits.handshake_s, lambda: bounds.count("handshake"))


def _counting(bounds: Bounds) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def count(_: web.Request, response: web.StreamResponse) -> None:
        bounds.count_status(response.status)

    return count


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

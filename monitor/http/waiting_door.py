"""What is answered at the private listener before there is anything to serve?

That it waits, and for what: `/-/ready` says it, and everything else that it is too early.  `/-/healthy` is refused as
well: what is asked for by it is whether the start is over, and whoever waits for that should go on waiting.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from monitor.config import Config
from monitor.http.connections import room_for
from monitor.http.entrance import entrance
from monitor.http.problems import problem
from monitor.http.server import Listener
from monitor.http.web_files import private_files
from monitor.metrics import Metrics
from monitor.supervision.activation import Sockets

_RETRY = {"Retry-After": "5"}


class WaitingDoor:
    """The private listener, for as long as something is waited for; `reason` says what."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.address = ("", 0)

    async def ready(self, _: web.Request) -> web.Response:
        """Say what is waited for."""
        return problem(503, self.reason, headers=_RETRY)

    async def anything(self, _: web.Request) -> web.Response:
        """Say that it is too early."""
        return problem(503, "expected to have started, and still wait for that; /-/ready says for what", headers=_RETRY)


@asynccontextmanager
async def waiting_door(config: Config, sockets: Sockets, reason: str) -> AsyncIterator[WaitingDoor]:
    """Answer at the private listener that it is too early, for the length of a block.

    Raises:
        OSError: the address cannot be listened on.
    """
    settings, metrics, door = config.private, Metrics(), WaitingDoor(reason)
    room = room_for(config.public.max_connections, settings.max_connections).private
    before = entrance("private", settings, room, private_files(settings, metrics), metrics)
    listener = await Listener.open(
        settings.host,
        settings.port,
        [web.get("/-/ready", door.ready), web.route("*", "/{path:.*}", door.anything)],
        sock=sockets.private.dup() if sockets.private is not None else None,  # it is closed with this door
        **before.opening(),
    )
    door.address = listener.host, listener.port
    try:
        yield door
    finally:
        await listener.close()

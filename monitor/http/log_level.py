"""How much does the daemon say in its log, and may it say more for a while?

    GET /-/log-level     debug, info, warning or error
    PUT /-/log-level     another one, as `{"level": "debug"}` or as the bare word

It holds until the daemon ends, or until a reload finds another level in the file than it found before.
"""

from typing import get_args

import msgspec
from aiohttp import web
from msgspec import Struct

from monitor import log
from monitor.http.body import Refused as BodyRefused
from monitor.http.body import read_body
from monitor.http.operations import Operation, Operations
from monitor.http.problems import Refused
from monitor.http.questions import told
from monitor.log import Level

MAX_BODY_BYTES = 1024
PATH = "/-/log-level"

LEVELS = get_args(Level)


class LogLevel(Struct, frozen=True, forbid_unknown_fields=True):
    """How much is logged: what is at least as bad as this."""

    level: Level


OPERATIONS: Operations = {
    PATH: Operation("logLevel", "How much the daemon logs.", LogLevel, is_open=True, is_api=False),
    f"PUT {PATH}": Operation(
        "setLogLevel",
        "Have the daemon log more, or less, until it ends; the bare word as text/plain does it, too.",
        LogLevel,
        body=LogLevel,
        is_open=True,
        is_api=False,
    ),
}

_decoder = msgspec.json.Decoder(LogLevel)
_encode = msgspec.json.Encoder().encode


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [web.get(PATH, _tell), web.put(PATH, _change)]


async def _tell(_: web.Request) -> web.Response:
    return web.json_response(body=_encode(LogLevel(log.level())))


async def _change(request: web.Request) -> web.Response:
    asked = await _word(request) if request.content_type == "text/plain" else await told(request, _decoder)
    log.set_level(asked.level)
    return await _tell(request)


async def _word(request: web.Request) -> LogLevel:
    try:
        body = await read_body(request, MAX_BODY_BYTES, MAX_BODY_BYTES)
    except BodyRefused as refused:
        raise Refused(refused.status, str(refused)) from None
    word = body.decode("utf-8", "replace").strip().lower()
    try:
        return msgspec.convert({"level": word}, LogLevel)
    except msgspec.ValidationError:
        raise Refused.at(400, "body", f"expected {', '.join(LEVELS)}, got {word[:60]!r}") from None

"""How is a question about calls read, answered, or refused?

`answering` makes a route of an async function from the request to a struct; whatever of a question cannot be read
becomes an answer that says what was expected.  `AskedCalls` finds the call that is meant, and the part of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
from aiohttp import web

from monitor.entities import Room
from monitor.http import body
from monitor.live import Live
from monitor.on_record import call_on_record
from monitor.store.ports import Archive, Call

DAY_MS = 86_400_000
LONGEST_MS = 2 * DAY_MS  # no room lasts longer than a day; who asks for more has mistyped a time
AFTERWORD_MS = 60_000  # what comes just before and after a call belongs to it
LARGEST_BODY_BYTES = 65_536
_DIGITS = 15  # of a moment, at most

_NOT_KEPT = {"Cache-Control": "no-store"}
_encode = msgspec.json.Encoder().encode

Question = Callable[[web.Request], Awaitable[msgspec.Struct]]
Query = Mapping[str, str]
T = TypeVar("T")


class Refused(Exception):
    """A question that has no answer; `str()` says what was expected."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answering(question: Question, status: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of a question, or of an errand; `status` is that of an answer."""

    async def answer(request: web.Request) -> web.Response:
        try:
            said = await question(request)
        except Refused as refused:
            return web.json_response({"error": str(refused)}, status=refused.status, headers=_NOT_KEPT)
        response = web.Response(status=status, body=_encode(said), content_type="application/json", headers=_NOT_KEPT)
        response.enable_compression()
        return response

    return answer


async def told(request: web.Request, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what the body of a request says.

    Only JSON that says so is taken: a form on somebody else's page cannot send that in the name of who is logged in.
    """
    if request.content_type != "application/json":
        raise Refused(415, f"Content-Type: expected application/json, got {request.content_type[:60]!r}")
    try:
        return decoder.decode(await body.read_body(request, LARGEST_BODY_BYTES, LARGEST_BODY_BYTES))
    except body.Refused as refused:
        raise Refused(refused.status, str(refused)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, f"body: {error}") from None


def number(query: Query, name: str, default: int, lowest: int, highest: int) -> int:
    """Return a whole number that was asked for."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise Refused(400, f"{name}: expected a whole number from {lowest} to {highest}, got {text[:60]!r}")
    return int(text)


def moment(query: Query, name: str, default: int) -> int:
    """Return a moment that was asked for."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Refused(400, f"{name}: expected milliseconds since 1970, got {text[:60]!r}")
    return int(text)


class AskedCalls:
    """Finds the call that a question is about.

    Args:
        archive: the calls that are on record.
        live: the picture, which knows a call that goes on better than what was saved of it.
        now_ms: what time it is.
    """

    def __init__(self, archive: Archive, live: Live, now_ms: Callable[[], int]) -> None:
        self._archive = archive
        self._live = live
        self.now_ms = now_ms

    async def call(self, asked: str) -> Call:
        """Return what is on record of a call; one that goes on is taken from the picture, as it is now."""
        call = await call_on_record(self._archive, self._live, asked)
        if call is None:
            raise Refused(404, f"room: expected the SID or name of a room on record, got {asked[:60]!r}")
        return call

    def span(
        self, room: Room, query: Query, *, afterword_ms: int = AFTERWORD_MS, longest_ms: int = LONGEST_MS
    ) -> tuple[int, int]:
        """Return from when to when is asked for: the whole call, unless the question says otherwise.

        Of a call that is longer than may be asked for at once it is the end.
        """
        now_ms = self.now_ms()
        ended_ms = room.ended_at_ms or (now_ms if room.is_live else room.heard_at_ms)
        first_ms = min((each.joined_at_ms for each in room.people() if each.joined_at_ms), default=ended_ms - DAY_MS)
        to_ms = moment(query, "to", ended_ms + afterword_ms)
        began_ms = (room.created_at_ms or first_ms) - afterword_ms
        from_ms = moment(query, "from", max(began_ms, to_ms - longest_ms))
        if not 0 < to_ms - from_ms <= longest_ms:
            raise Refused(400, f"from, to: expected at most {longest_ms} ms, got {to_ms - from_ms}")
        return from_ms, to_ms

"""How is a question about calls read, answered, or refused?

`answering` makes a route of an async function from the request to a struct, `told` reads the body of an errand; what
parameters say is read by `monitor.http.parameters`.  `AskedCalls` finds the call that is meant, and the part of it.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from monitor.entities import Room
from monitor.http import body
from monitor.http.answers import answered
from monitor.http.parameters import Query, asking
from monitor.http.problems import Fault, Refused
from monitor.live import Live
from monitor.on_record import call_on_record
from monitor.store.ports import Archive, Call

DAY_MS = 86_400_000
LONGEST_MS = 2 * DAY_MS  # no room lasts longer than a day; who asks for more has mistyped a time
AFTERWORD_MS = 60_000  # what comes just before and after a call belongs to it
LARGEST_BODY_BYTES = 65_536

Question = Callable[[web.Request], Awaitable[msgspec.Struct]]
T = TypeVar("T")


def answering(question: Question, status: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of a question, or of an errand; `status` is that of an answer to an errand."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return answered(request, await question(request), status)
        except Refused as refused:
            return refused.response()

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
    except msgspec.ValidationError as error:
        raise _misshapen(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"body: {error}") from None


def _misshapen(message: str) -> Refused:
    """Return the refusal of a body, by what the decoder says of it: `Expected str, got int - at $.by`."""
    said, _, place = message.partition(" - at `$")
    return Refused(400, f"body: {message}", errors=[Fault(place.strip(".`") or "body", said)])


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
        began_ms = (room.created_at_ms or first_ms) - afterword_ms
        with asking(query, now_ms) as asked:
            to_ms = asked.moment("to", ended_ms + afterword_ms)
            from_ms = asked.moment("from", max(0, began_ms, to_ms - longest_ms))
        if not 0 < to_ms - from_ms <= longest_ms:
            raise Refused.at(400, "from, to", f"expected at most {longest_ms} ms, got {to_ms - from_ms}")
        return from_ms, to_ms

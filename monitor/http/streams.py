"""How is a call that goes on sent to a page, as server-sent events?

    GET /api/v1/rooms/{room}/stream?step_ms=&since=

The `id` of an event is the moment up to which everything was told: whoever comes back begins there (`Last-Event-ID`).
Who reads too slowly is cut off, and comes back: what has not been read does not wait here.

A stream outlives what let somebody in: so it is asked again now and then whether they would be let in, and a stream of
somebody whose session has ended ends with it.  Each may look at so many calls at once, so that nobody takes all places.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from monitor.http.operations import NO_ROOM, ROOM, UNCLEAR, Json, Operation, Operations, moment, parameter
from monitor.http.parameters import Query, asking
from monitor.http.problems import Refused
from monitor.http.visitors import is_still_let_in, visitor_of
from monitor.streaming import ENDED, Stream, Streams, Told, TooMany

STEP_MS, SHORTEST_STEP_MS, LONGEST_STEP_MS = 10_000, 1_000, 86_400_000
RETRY_MS = 3_000
RETRY_AFTER_S = 30
SILENCE_S = 15.0  # a comment, so that whoever stands between takes the connection for alive
ASK_AGAIN_S = 15.0  # whether they would still be let in
MOST_EACH = 16
SLOW_S = 10.0  # for so long may what was told wait to be read

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back until there are many
}

_STEP: Json = {"type": "integer", "minimum": SHORTEST_STEP_MS, "maximum": LONGEST_STEP_MS, "default": STEP_MS}

OPERATIONS: Operations = {
    "/api/v1/rooms/{room}/stream": Operation(
        "roomStream",
        "What is new in a call that goes on, as server-sent events: lanes, story, verdict, call, end.",
        None,
        [
            ROOM,
            parameter("step_ms", "How long a step of the lanes is that are shown.", _STEP),
            moment("since", "Up to when everything is known; `Last-Event-ID` says the same"),
        ],
        UNCLEAR | NO_ROOM | {503: "As many look as can be served; `Retry-After` says when to come back."},
        is_costly=True,
        media=("text/event-stream",),
    ),
}


class StreamRoutes:
    """Sends calls that go on."""

    def __init__(self, streams: Streams, most_each: int = MOST_EACH, ask_again_s: float = ASK_AGAIN_S) -> None:
        self._streams = streams
        self._most_each = most_each
        self._ask_again_s = ask_again_s
        self._of: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/rooms/{room}/stream", self.stream, allow_head=False)]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send what is new in a call until it is over, or whoever looks would not be let in any more."""
        visitor = visitor_of(request)
        who = f"{visitor.way} {visitor.name}"
        if self._of[who] >= self._most_each:
            said = f"expected at most {self._most_each} streams of {visitor.name}, got one more"
            return Refused(429, said, headers={"Retry-After": str(RETRY_AFTER_S)}).response()
        self._of[who] += 1
        try:
            return await self._streamed(request)
        finally:
            self._of[who] -= 1
            self._of += Counter()  # forget who looks at nothing

    async def _streamed(self, request: web.Request) -> web.StreamResponse:
        try:
            with asking(request.query) as asked:
                step_ms = asked.number("step_ms", STEP_MS, LONGEST_STEP_MS, lowest=SHORTEST_STEP_MS)
            stream = await self._streams.of(request.match_info["room"], step_ms, _since_ms(request))
        except Refused as refused:
            return refused.response()
        except TooMany:
            said = "expected a stream to be free, got as many as are served"
            return Refused(503, said, headers={"Retry-After": str(RETRY_AFTER_S)}).response()
        response = web.StreamResponse(headers=_HEADERS)
        try:
            await response.prepare(request)
            await self._send(request, response, stream)
        except (TimeoutError, ConnectionResetError):
            if request.transport is not None:
                request.transport.abort()
        finally:
            stream.close()
        return response

    async def _send(self, request: web.Request, response: web.StreamResponse, stream: Stream) -> None:
        await _write(response, f"retry: {RETRY_MS}\n\n".encode())
        asked_s = time.monotonic()
        async with aclosing(_with_heartbeats(stream, min(SILENCE_S, self._ask_again_s))) as pieces:
            try:
                async for piece in pieces:
                    if time.monotonic() - asked_s >= self._ask_again_s:
                        asked_s = time.monotonic()
                        if not await is_still_let_in(request):
                            return
                    await _write(response, piece)
            except Refused:  # the call has been dropped meanwhile
                await _write(response, event_of(ENDED))


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(SLOW_S):
        await response.write(piece)


async def _with_heartbeats(stream: Stream, silence_s: float) -> AsyncGenerator[bytes]:
    """Yield events as they are sent, and a comment where there are none for long.

    What comes may be an error, which knows this frame; a name for it here would close a circle, which holds the call.
    """
    told = stream.told()
    coming: asyncio.Future[Told | None] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(told, None))
            await asyncio.wait([coming], timeout=silence_s)
            if not coming.done():
                yield b":\n\n"
                continue
            try:
                news = coming.result()
            finally:
                coming = None
            if news is None:
                return
            yield event_of(news)
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait([coming])
        await told.aclose()


def event_of(told: Told) -> bytes:
    """Return an event as it is sent."""
    return b"id: %d\nevent: %s\ndata: %b\n\n" % (told.at_ms, told.name.encode(), told.data)


def _since_ms(request: web.Request) -> int | None:
    last: Query = {"since": request.headers["Last-Event-ID"]} if "Last-Event-ID" in request.headers else request.query
    if "since" not in last:
        return None
    with asking(last) as asked:
        return asked.moment("since", 0)

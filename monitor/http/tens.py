"""How does a call go, every ten seconds?

    GET /api/v1/rooms/{room}/tens     everybody in the room together, as columns

Counted from the samples themselves, wherever they have got to, so it is there a moment after a browser has posted.  A
level is told when it changes: what was told in the hour before is known at the beginning.
"""

import asyncio

from aiohttp import web
from msgspec import Struct

from monitor.history.buckets import TEN_S_MS, tens
from monitor.history.people import DEGRADED, HEARD, RATED
from monitor.history.rollups import HOUR_MS
from monitor.history.rollups import ROOM as ROOM_SCOPE
from monitor.http.operations import NO_ROOM, ROOM, UNCLEAR, Operation, Operations, span
from monitor.http.questions import AskedCalls, answering
from monitor.http.trend_views import TensView, means_of
from monitor.store.lacking import as_far_as_there
from monitor.store.ports import Resolve, SampleStore
from monitor.store.scopes import SCOPES, placed

LONGEST_MS = 6 * HOUR_MS  # 2,160 times ten seconds
HELD_MS = HOUR_MS  # for so long, at least, a level holds that was told before

_IN_ROOM = {ROOM_SCOPE: SCOPES[ROOM_SCOPE]}

OPERATIONS: Operations = {
    "/api/v1/rooms/{room}/tens": Operation(
        "roomTens",
        "How it went in a call every ten seconds, all who were in it together; six hours at most.",
        TensView,
        [ROOM, *span("that counts")],
        UNCLEAR | NO_ROOM,
        is_costly=True,
    ),
}


class Tens:
    """Answers how a call goes, every ten seconds.

    Args:
        samples: what was measured.
        calls: finds the call that is meant.
        resolve: who had a name at some moment.
    """

    def __init__(self, samples: SampleStore, calls: AskedCalls, resolve: Resolve) -> None:
        self._samples = samples
        self._calls = calls
        self._resolve = resolve

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/rooms/{room}/tens", answering(self.tens))]

    async def tens(self, request: web.Request) -> Struct:
        """Answer with the ten seconds of a call that goes on, or of one that is over."""
        room = (await self._calls.call(request.match_info["room"])).room
        from_ms, to_ms = self._calls.span(room, request.query, afterword_ms=TEN_S_MS, longest_ms=LONGEST_MS)
        from_ms, to_ms = from_ms // TEN_S_MS * TEN_S_MS, -(-to_ms // TEN_S_MS) * TEN_S_MS
        lines, lacking = await as_far_as_there(
            self._samples.timeline(room.history_key, max(0, from_ms - HELD_MS), to_ms, self._resolve)
        )

        def view() -> TensView:
            found = tens([placed(line, _IN_ROOM) for line in lines], from_ms, to_ms)
            heard, rated, degraded = (found.people[:, each].astype(int).tolist() for each in (HEARD, RATED, DEGRADED))
            samples = found.count("samples").tolist()
            return TensView(
                room.sid,
                room.name,
                found.from_ms,
                found.each_ms,
                samples,
                heard,
                rated,
                degraded,
                means_of(found),
                lacking,
            )

        return await asyncio.to_thread(view)

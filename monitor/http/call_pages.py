"""What does the page of a call ask for?

GET /api/v1/rooms/{room}/lanes    everybody on one grid of steps
GET /api/v1/rooms/{room}/story    what happened, in words, and what is missing
"""

from aiohttp import web

from monitor.call_views import CallViews
from monitor.http.encoded import sending
from monitor.http.operations import NO_ROOM, ROOM, UNCLEAR, Json, Operation, Operations, count, parameter, span
from monitor.http.parameters import Query, asking
from monitor.http.problems import Refused
from monitor.http.questions import AskedCalls
from monitor.story.lanes import COLUMNS
from monitor.story.shapes import LanesView, StoryView

STEPS, FEWEST_STEPS, MOST_STEPS = 600, 10, 2_000
ENTRIES, MOST_ENTRIES = 2_000, 10_000

_POINTS: Json = {"type": "integer", "minimum": FEWEST_STEPS, "maximum": MOST_STEPS, "default": STEPS}
LANES = [
    *span("that is shown"),
    parameter("points", "How many steps the grid has at most.", _POINTS),
    parameter("columns", "Which columns are wanted, with commas: all, unless it is given."),
]
STORY = [*span("that is shown"), count("limit", "How many entries are shown at most.", ENTRIES, MOST_ENTRIES)]

OPERATIONS: Operations = {
    "/api/v1/rooms/{room}/lanes": Operation(
        "roomLanes",
        "Everybody in a call on one grid of steps, with the worst of what was measured in each.",
        LanesView,
        [ROOM, *LANES],
        UNCLEAR | NO_ROOM,
        is_costly=True,
    ),
    "/api/v1/rooms/{room}/story": Operation(
        "roomStory",
        "What happened in a call, as one dated list in words, and which inputs are missing.",
        StoryView,
        [ROOM, *STORY],
        UNCLEAR | NO_ROOM,
        is_costly=True,
    ),
}


class CallPages:
    """Answers what the page of a call asks, by room and query, so that a shared link can ask the same."""

    def __init__(self, calls: AskedCalls, views: CallViews) -> None:
        self._calls = calls
        self._views = views

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/rooms/{room}/lanes", sending(lambda r: self.lanes(r.match_info["room"], r.query))),
            web.get("/api/v1/rooms/{room}/story", sending(lambda r: self.story(r.match_info["room"], r.query))),
        ]

    async def lanes(self, room: str, query: Query) -> bytes:
        """Answer with the lanes of a call."""
        with asking(query) as asked:
            points = asked.number("points", STEPS, MOST_STEPS, lowest=FEWEST_STEPS)
        columns = columns_asked(query.get("columns"))
        call = await self._calls.call(room)
        return await self._views.lanes(call, self._calls.span(call.room, query), points, columns)

    async def story(self, room: str, query: Query) -> bytes:
        """Answer with what happened in a call."""
        with asking(query) as asked:
            limit = asked.number("limit", ENTRIES, MOST_ENTRIES)
        call = await self._calls.call(room)
        return await self._views.story(call, self._calls.span(call.room, query), limit)


def columns_asked(text: str | None) -> tuple[str, ...]:
    """Return the columns that are asked for: all, unless the question says otherwise."""
    if text is None:
        return COLUMNS
    asked = tuple(name for name in text.split(",") if name)
    for name in asked:
        if name not in COLUMNS:
            raise Refused(400, f"columns: expected some of {', '.join(COLUMNS)}, got {name[:60]!r}")
    return asked

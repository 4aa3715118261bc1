"""What goes on right now?

    GET /api/v1/live              the rooms, compositions and alerts as they are now
    GET /api/v1/live/samples      the last minutes of one participant of a live room

Out of memory, so it may be asked often.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from msgspec import Struct

from monitor.http.answers import read
from monitor.http.operations import Operation, Operations, parameter
from monitor.http.problems import Refused
from monitor.http.questions import answering
from monitor.http.samples import SamplesView
from monitor.http.views import LiveView

OPERATIONS: Operations = {
    "/api/v1/live": Operation("live", "The rooms, compositions and alerts as they are now.", LiveView),
    "/api/v1/live/samples": Operation(
        "samples",
        "The last media samples of one participant of a live room.",
        SamplesView,
        [
            parameter("room", "The SID or the name of a live room.", is_required=True),
            parameter("participant", "The SID or the identity of somebody in it.", is_required=True),
        ],
        {404: "No such room, or nobody of that name in it."},
    ),
}

Samples = Callable[[str, str], SamplesView | None]


class LiveRoutes:
    """The routes about now.

    Args:
        live: everything that the first page shows, encoded.
        samples: the last samples of somebody in a live room, if there is such a one.
    """

    def __init__(self, live: Callable[[], Awaitable[bytes]], samples: Samples) -> None:
        self._live = live
        self._samples = samples

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/live", self.live),
            web.get("/api/v1/live/samples", answering(self.samples)),
        ]

    async def live(self, request: web.Request) -> web.Response:
        """Answer with how it is."""
        return read(request, await self._live())

    async def samples(self, request: web.Request) -> Struct:
        """Answer with what somebody measured last."""
        found = self._samples(request.query.get("room", ""), request.query.get("participant", ""))
        if found is None:
            expected = "expected the SID or name of a live room, and the SID or identity of somebody in it"
            raise Refused.at(404, "room, participant", expected)
        return found

"""Whose fault was it that a call was bad?

    GET /api/v1/rooms/{room}/verdict      the cause, the numbers that say so, and what else was looked at

About a whole call, or about the minutes that somebody complains of.  Of a call of more than four hours it is the last
four, unless the question says which.
"""

from aiohttp import web
from msgspec import Struct

from monitor.causes.verdicts import Considered
from monitor.entities import Room
from monitor.http.operations import NO_ROOM, ROOM, UNCLEAR, Operation, Operations, span
from monitor.http.parameters import Query
from monitor.http.questions import AskedCalls, answering
from monitor.inquiry import Finding, Inquiry
from monitor.store.ports import Call

LONGEST_MS = 14_400_000
ALL_OF_IT: Query = {}


class VerdictView(Struct, frozen=True):
    """Whose fault it was that a call was bad from `from_ms` to `to_ms`.

    `whom` is the SID of a participant, or `identity:NAME` of one without; or the region, edge, network or version of a
    browser.  `confidence` is 0 to 1.  Of `people`, `people_heard` said enough of themselves.  Of `other_rooms` it was
    looked at how they were from `compared_from_ms` to `compared_to_ms`; `are_other_rooms_cut`: there were more.
    """

    room_sid: str | None
    room_name: str | None
    from_ms: int
    to_ms: int
    cause: str
    whom: str | None
    name: str
    confidence: float
    sentence: str
    because: tuple[str, ...]
    others: tuple[Considered, ...]
    people: int
    people_heard: int
    other_rooms: int
    are_other_rooms_cut: bool
    compared_from_ms: int
    compared_to_ms: int


OPERATIONS: Operations = {
    "/api/v1/rooms/{room}/verdict": Operation(
        "roomVerdict",
        "Whose fault it was that a call was bad, and which numbers say so.",
        VerdictView,
        [ROOM, *span("that is judged, at most four hours")],
        UNCLEAR | NO_ROOM,
        is_costly=True,
    ),
}


class Verdicts:
    """Answers the question."""

    def __init__(self, calls: AskedCalls, inquiry: Inquiry) -> None:
        self._calls = calls
        self._inquiry = inquiry

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/rooms/{room}/verdict", answering(self.verdict))]

    async def verdict(self, request: web.Request) -> VerdictView:
        """Answer with the verdict on a call, from its beginning to its end or within the times asked for."""
        return await self.view(request.match_info["room"], request.query)

    async def view(self, asked: str, query: Query) -> VerdictView:
        """Return the verdict on a call, by SID or name."""
        return await self.of_call(await self._calls.call(asked), query)

    async def of_call(self, call: Call, query: Query = ALL_OF_IT) -> VerdictView:
        """Return the verdict on a call."""
        room = call.room
        span_ms = self._calls.span(room, query, afterword_ms=0, longest_ms=LONGEST_MS)
        return _view(room, span_ms, await self._inquiry.look_into(room, span_ms))


def _view(room: Room, span_ms: tuple[int, int], finding: Finding) -> VerdictView:
    verdict, case = finding.verdict, finding.case
    return VerdictView(
        room_sid=room.sid,
        room_name=room.name,
        from_ms=span_ms[0],
        to_ms=span_ms[1],
        cause=verdict.cause.value,
        whom=verdict.whom,
        name=verdict.name,
        confidence=verdict.confidence,
        sentence=verdict.sentence,
        because=verdict.because,
        others=verdict.others,
        people=len(case.symptoms),
        people_heard=len(case.heard),
        other_rooms=finding.other_rooms,
        are_other_rooms_cut=finding.are_other_rooms_cut,
        compared_from_ms=finding.compared_ms[0],
        compared_to_ms=finding.compared_ms[1],
    )

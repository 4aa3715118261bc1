"""What may be asked about calls, live or over long ago?

    GET /api/v1/rooms                     calls by SID, name, participant, identity or time, in pages
    GET /api/v1/rooms/{room}              one call on one axis of time
    GET /api/v1/rooms/{room}/samples      what one participant measured, sample by sample, in pages

Every answer is bounded: by a limit on rows, by the points of a lane, by the day that a room may last.
"""

import asyncio

import msgspec
from aiohttp import web

from collectors.telemetry import PARTICIPANT_SID, ROOM_SID
from monitor.http.operations import NO_ROOM, ROOM, UNCLEAR, Operation, Operations, count, paged, parameter, span
from monitor.http.parameters import Query, asking
from monitor.http.problems import LACKING, Refused
from monitor.http.questions import DAY_MS, AskedCalls, answering
from monitor.http.room_views import (
    AfterCall,
    AfterSample,
    CallView,
    FoundPage,
    SamplesPage,
    call_view,
    found_page,
    samples_page,
)
from monitor.store.lacking import as_far_as_there
from monitor.store.ports import Call, Place, Resolve, Search, Store

POINTS, MOST_POINTS = 300, 5_000
FOUND, MOST_FOUND = 50, 500
SAMPLES, MOST_SAMPLES = 1_000, 5_000
HAPPENINGS = 500

OPERATIONS: Operations = {
    "/api/v1/rooms": Operation(
        "searchRooms",
        "Calls that go on or are over, the latest first, in pages.",
        FoundPage,
        [
            parameter("text", "The SID of a room or a participant, an identity, or how the name of a room begins."),
            *span("that it was created"),
            parameter("fired", "The name of a rule of which an alert fired in the call; `*`: of any rule."),
            *paged("calls", FOUND, MOST_FOUND),
        ],
        UNCLEAR,
    ),
    "/api/v1/rooms/{room}": Operation(
        "room",
        "One call: everybody in it on one axis of time, what happened, was made and alerted.",
        CallView,
        [ROOM, *span("that is shown"), count("points", "How many points a lane has at most.", POINTS, MOST_POINTS)],
        UNCLEAR | NO_ROOM,
        is_costly=True,
    ),
    "/api/v1/rooms/{room}/samples": Operation(
        "roomSamples",
        "What one participant measured, sample by sample, in pages.",
        SamplesPage,
        [
            ROOM,
            parameter("participant", "The SID or the identity of somebody who was in it.", is_required=True),
            *span("that is shown"),
            *paged("samples", SAMPLES, MOST_SAMPLES),
        ],
        UNCLEAR | {404: "No such room, or nobody with samples then."},
        is_costly=True,
    ),
}


class Rooms:
    """Answers questions about calls.

    Args:
        store: what is on record.
        calls: finds the call that is meant.
        resolve: who had a name at some moment.
    """

    def __init__(self, store: Store, calls: AskedCalls, resolve: Resolve) -> None:
        self._store = store
        self._calls = calls
        self._resolve = resolve

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/rooms", answering(self.search)),
            web.get("/api/v1/rooms/{room}", answering(self.call)),
            web.get("/api/v1/rooms/{room}/samples", answering(self.samples)),
        ]

    async def search(self, request: web.Request) -> msgspec.Struct:
        """Answer with the calls that are looked for."""
        now_ms = self._calls.now_ms()
        with asking(request.query, now_ms) as asked:
            limit, after = asked.number("limit", FOUND, MOST_FOUND), asked.after(AfterCall)
            text, span_ms = asked.text("text").strip(), asked.span((0, now_ms + DAY_MS))
            fired = asked.text("fired").strip()
        search = Search(text, *span_ms, (after.created_at_ms, after.key) if after else None, limit, fired)
        found, lacking = await as_far_as_there(self._store.archive.search(search))
        return found_page(found, limit, lacking)

    async def call(self, request: web.Request) -> msgspec.Struct:
        """Answer with one call, from its beginning to its end or within the times asked for."""
        return await self.view(request.match_info["room"], request.query)

    async def view(self, room: str, query: Query) -> CallView:
        """Return what is shown of a call, by SID or name."""
        with asking(query) as asked:
            points = asked.number("points", POINTS, MOST_POINTS)
        call = await self._calls.call(room)
        from_ms, to_ms = self._calls.span(call.room, query)
        lines, lacking = await as_far_as_there(
            self._store.samples.timeline(call.room.history_key, from_ms, to_ms, self._resolve)
        )
        happenings = await self._store.log.happenings(call.room.history_key, from_ms, to_ms, HAPPENINGS + 1)

        def view() -> CallView:
            span_ms = from_ms, to_ms
            return call_view(call, lines, happenings, span_ms, points=points, most=HAPPENINGS, lacking=lacking)

        return await asyncio.to_thread(view)

    async def samples(self, request: web.Request) -> msgspec.Struct:
        """Answer with what one participant measured."""
        with asking(request.query) as asked:
            limit, after = asked.number("limit", SAMPLES, MOST_SAMPLES), asked.after(AfterSample)
        place, (from_ms, to_ms) = await self._whose(request)
        from_ms = from_ms if after is None else max(from_ms, after.from_ms)
        lines, lacking = await as_far_as_there(
            self._store.samples.timeline(place.room, from_ms, to_ms, self._resolve, participant=place.participant)
        )
        if not lines and lacking:
            raise Refused(503, f"expected the samples of somebody, got none yet: {lacking}", headers=LACKING)
        if not lines:
            expected = "expected somebody with samples in this time"
            raise Refused.at(404, "participant", f"{expected}, got {request.query.get('participant', '')[:60]!r}")
        first_ms = lines[0].samples.span_ms[0] if from_ms == 0 else from_ms
        return samples_page(place.participant, lines[0].samples, first_ms, limit, lacking)

    async def _whose(self, request: web.Request) -> tuple[Place, tuple[int, int]]:
        """Return who is asked for, and from when to when; who is asked for by SIDs need not be looked up."""
        asked, who = request.match_info["room"], request.query.get("participant", "")
        if ROOM_SID.fullmatch(asked) and PARTICIPANT_SID.fullmatch(who):
            now_ms = self._calls.now_ms()
            with asking(request.query, now_ms) as times:
                span_ms = times.span((0, now_ms + DAY_MS))
            return Place(asked, who), span_ms
        call = await self._calls.call(asked)
        return Place(call.room.history_key, _participant(call, who)), self._calls.span(call.room, request.query)


def _participant(call: Call, asked: str) -> str:
    """Return the name under which history keeps somebody, by SID or identity; of several stays, that of the last."""
    named = [each for each in call.room.people() if asked in (each.sid, each.identity)]
    last = max(named, key=lambda each: each.joined_at_ms or 0, default=None)
    if last is None:
        return asked if asked.startswith("PA") else f"identity:{asked}"
    return last.sid or last.key

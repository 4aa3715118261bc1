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
from monitor.http.questions import DAY_MS, AskedCalls, Refused, answering, moment, number
from monitor.http.room_views import CallView, call_view, found_page, samples_page
from monitor.store.ports import Call, Place, Resolve, Search, Store

POINTS, MOST_POINTS = 300, 5_000
FOUND, MOST_FOUND = 50, 500
SAMPLES, MOST_SAMPLES = 1_000, 5_000
HAPPENINGS = 500


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
        query = request.query
        limit = number(query, "limit", FOUND, 1, MOST_FOUND)
        search = Search(
            query.get("text", "").strip(),
            moment(query, "from", 0),
            moment(query, "to", self._calls.now_ms() + DAY_MS),
            _after(query.get("after")),
            limit,
        )
        return found_page(await self._store.archive.search(search), limit)

    async def call(self, request: web.Request) -> msgspec.Struct:
        """Answer with one call, from its beginning to its end or within the times asked for."""
        call = await self._calls.call(request.match_info["room"])
        from_ms, to_ms = self._calls.span(call.room, request.query)
        points = number(request.query, "points", POINTS, 1, MOST_POINTS)
        lines = await self._store.samples.timeline(call.room.history_key, from_ms, to_ms, self._resolve)
        happenings = await self._store.log.happenings(call.room.history_key, from_ms, to_ms, HAPPENINGS + 1)

        def view() -> CallView:
            return call_view(call, lines, happenings, (from_ms, to_ms), points=points, most=HAPPENINGS)

        return await asyncio.to_thread(view)

    async def samples(self, request: web.Request) -> msgspec.Struct:
        """Answer with what one participant measured."""
        place, (from_ms, to_ms) = await self._whose(request)
        limit = number(request.query, "limit", SAMPLES, 1, MOST_SAMPLES)
        lines = await self._store.samples.timeline(
            place.room, from_ms, to_ms, self._resolve, participant=place.participant
        )
        if not lines:
            expected = "somebody with samples in this time"
            raise Refused(404, f"participant: expected {expected}, got {request.query.get('participant', '')[:60]!r}")
        first_ms = lines[0].samples.span_ms[0] if from_ms == 0 else from_ms
        return samples_page(place.participant, lines[0].samples, first_ms, limit)

    async def _whose(self, request: web.Request) -> tuple[Place, tuple[int, int]]:
        """Return who is asked for, and from when to when; who is asked for by SIDs need not be looked up."""
        asked, who = request.match_info["room"], request.query.get("participant", "")
        if ROOM_SID.fullmatch(asked) and PARTICIPANT_SID.fullmatch(who):
            span = moment(request.query, "from", 0), moment(request.query, "to", self._calls.now_ms() + DAY_MS)
            return Place(asked, who), span
        call = await self._calls.call(asked)
        return Place(call.room.history_key, _participant(call, who)), self._calls.span(call.room, request.query)


def _participant(call: Call, asked: str) -> str:
    """Return the name under which history keeps somebody, by SID or identity; of several stays, that of the last."""
    named = [each for each in call.room.people() if asked in (each.sid, each.identity)]
    last = max(named, key=lambda each: each.joined_at_ms or 0, default=None)
    if last is None:
        return asked if asked.startswith("PA") else f"identity:{asked}"
    return last.sid or last.key


def _after(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    created_at_ms, _, key = text.partition("/")
    if not (created_at_ms.isascii() and created_at_ms.isdigit() and key):
        raise Refused(400, f"after: expected the `next` of a page, got {text[:60]!r}")
    return int(created_at_ms), key

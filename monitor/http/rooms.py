"""What may be asked about calls, live or over long ago?

    GET /api/v1/rooms                     calls by SID, name, participant, identity or time, in pages
    GET /api/v1/rooms/{room}              one call on one axis of time
    GET /api/v1/rooms/{room}/samples      what one participant measured, sample by sample, in pages

Every answer is bounded: by a limit on rows, by the points of a lane, by the day that a room may last.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web
from msgspec.structs import replace

from collectors.telemetry import PARTICIPANT_SID, ROOM_SID
from monitor.entities import Room
from monitor.http.room_views import CallView, call_view, found_page, samples_page
from monitor.live import Live
from monitor.store.ports import Call, Place, Resolve, Search, Store

DAY_MS = 86_400_000
LONGEST_MS = 2 * DAY_MS  # no room lasts longer than a day; who asks for more has mistyped a time
AFTERWORD_MS = 60_000  # what comes just before and after a call belongs to it
POINTS, MOST_POINTS = 300, 5_000
FOUND, MOST_FOUND = 50, 500
SAMPLES, MOST_SAMPLES = 1_000, 10_000
HAPPENINGS = 500
_DIGITS = 15  # of a moment, at most

_NOT_KEPT = {"Cache-Control": "no-store"}
_encode = msgspec.json.Encoder().encode


class _Refused(Exception):
    """A question that has no answer; `str()` says what was expected."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Rooms:
    """Answers questions about calls.

    Args:
        store: what is on record.
        live: the picture, which knows a call that goes on better than what was saved of it.
        resolve: who had a name at some moment.
        now_ms: what time it is.
    """

    def __init__(self, store: Store, live: Live, resolve: Resolve, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._live = live
        self._resolve = resolve
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/rooms", _answering(self.search)),
            web.get("/api/v1/rooms/{room}", _answering(self.call)),
            web.get("/api/v1/rooms/{room}/samples", _answering(self.samples)),
        ]

    async def search(self, request: web.Request) -> msgspec.Struct:
        """Answer with the calls that are looked for."""
        query = request.query
        limit = _number(query, "limit", FOUND, 1, MOST_FOUND)
        search = Search(
            query.get("text", "").strip(),
            _moment(query, "from", 0),
            _moment(query, "to", self._now_ms() + DAY_MS),
            _after(query.get("after")),
            limit,
        )
        return found_page(await self._store.archive.search(search), limit)

    async def call(self, request: web.Request) -> msgspec.Struct:
        """Answer with one call, from its beginning to its end or within the times asked for."""
        call = await self._call(request.match_info["room"])
        from_ms, to_ms = self._span(call.room, request.query)
        points = _number(request.query, "points", POINTS, 1, MOST_POINTS)
        lines = await self._store.samples.timeline(_key(call.room), from_ms, to_ms, self._resolve)
        happenings = await self._store.log.happenings(_key(call.room), from_ms, to_ms, HAPPENINGS + 1)

        def view() -> CallView:
            return call_view(call, lines, happenings, (from_ms, to_ms), points=points, most=HAPPENINGS)

        return await asyncio.to_thread(view)

    async def samples(self, request: web.Request) -> msgspec.Struct:
        """Answer with what one participant measured."""
        place, (from_ms, to_ms) = await self._whose(request)
        limit = _number(request.query, "limit", SAMPLES, 1, MOST_SAMPLES)
        lines = await self._store.samples.timeline(
            place.room, from_ms, to_ms, self._resolve, participant=place.participant
        )
        if not lines:
            expected = "somebody with samples in this time"
            raise _Refused(404, f"participant: expected {expected}, got {request.query.get('participant', '')[:60]!r}")
        first_ms = lines[0].samples.span_ms[0] if from_ms == 0 else from_ms
        return samples_page(place.participant, lines[0].samples, first_ms, limit)

    async def _whose(self, request: web.Request) -> tuple[Place, tuple[int, int]]:
        """Return who is asked for, and from when to when; who is asked for by SIDs need not be looked up."""
        asked, who = request.match_info["room"], request.query.get("participant", "")
        if ROOM_SID.fullmatch(asked) and PARTICIPANT_SID.fullmatch(who):
            span = _moment(request.query, "from", 0), _moment(request.query, "to", self._now_ms() + DAY_MS)
            return Place(asked, who), span
        call = await self._call(asked)
        return Place(_key(call.room), _participant(call, who)), self._span(call.room, request.query)

    async def _call(self, asked: str) -> Call:
        """Return what is on record of a call; one that goes on is taken from the picture, as it is now."""
        room = self._live.room(asked) or self._live.calls.of_name(asked)
        saved = await self._store.archive.call(room.key if room else asked)
        if room is not None and (saved is None or not room.is_sealed):
            now = replace(room, participants=room.participants.copy(), left=room.left.copy())
            return Call(now) if saved is None else saved._replace(room=now)
        if saved is None:
            raise _Refused(404, f"room: expected the SID or name of a room on record, got {asked[:60]!r}")
        return saved

    def _span(self, room: Room, query: Mapping[str, str]) -> tuple[int, int]:
        """Return from when to when is asked for: the whole call, unless the question says otherwise."""
        now_ms = self._now_ms()
        ended_ms = room.ended_at_ms or (now_ms if room.is_live else room.heard_at_ms)
        first_ms = min((each.joined_at_ms for each in room.people() if each.joined_at_ms), default=ended_ms - DAY_MS)
        to_ms = _moment(query, "to", ended_ms + AFTERWORD_MS)
        from_ms = _moment(query, "from", (room.created_at_ms or first_ms) - AFTERWORD_MS)
        if not 0 < to_ms - from_ms <= LONGEST_MS:
            raise _Refused(400, f"from, to: expected at most {LONGEST_MS} ms, got {to_ms - from_ms}")
        return from_ms, to_ms


Question = Callable[[web.Request], Awaitable[msgspec.Struct]]


def _answering(question: Question) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            said = await question(request)
        except _Refused as refused:
            return web.json_response({"error": str(refused)}, status=refused.status, headers=_NOT_KEPT)
        response = web.Response(body=_encode(said), content_type="application/json", headers=_NOT_KEPT)
        response.enable_compression()
        return response

    return answer


def _key(room: Room) -> str:
    """Return the name under which history keeps what was measured and what happened in a room."""
    return room.sid or room.key


def _participant(call: Call, asked: str) -> str:
    """Return the name under which history keeps somebody, by SID or identity; of several stays, that of the last."""
    named = [each for each in call.room.people() if asked in (each.sid, each.identity)]
    last = max(named, key=lambda each: each.joined_at_ms or 0, default=None)
    if last is None:
        return asked if asked.startswith("PA") else f"identity:{asked}"
    return last.sid or last.key


def _number(query: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise _Refused(400, f"{name}: expected a whole number from {lowest} to {highest}, got {text[:60]!r}")
    return int(text)


def _moment(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise _Refused(400, f"{name}: expected milliseconds since 1970, got {text[:60]!r}")
    return int(text)


def _after(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    created_at_ms, _, key = text.partition("/")
    if not (created_at_ms.isascii() and created_at_ms.isdigit() and key):
        raise _Refused(400, f"after: expected the `next` of a page, got {text[:60]!r}")
    return int(created_at_ms), key

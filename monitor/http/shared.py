"""What does whoever holds a link to a call get to see?

    GET /api/v1/shared/{token}            as GET /api/v1/rooms/{room}, without what happened as it was told
    GET /api/v1/shared/{token}/lanes      as for the call
    GET /api/v1/shared/{token}/story
    GET /api/v1/shared/{token}/verdict

The same answers as for everybody else, redacted (`monitor.story.redaction`), and of no other time than the link is good
for.  A link that is over, or never was, answers 404, as does one whose call is gone: it is not told which.  While a
part of what was measured is away, so may be the names of some who are not to be named: the answer is 503 then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from msgspec.structs import replace

from monitor.call_views import CallViews
from monitor.http.call_pages import LANES, STORY, CallPages
from monitor.http.encoded import sending
from monitor.http.operations import UNCLEAR, Operation, Operations, count, in_path, span
from monitor.http.parameters import Query, asking
from monitor.http.problems import LACKING, Refused
from monitor.http.questions import AskedCalls
from monitor.http.room_views import CallView
from monitor.http.rooms import MOST_POINTS, POINTS, Rooms
from monitor.http.shared_routes import CALL, NOT_TOLD
from monitor.http.shares import hash_of
from monitor.http.verdicts import Verdicts, VerdictView
from monitor.store.ports import Lacking, Share, ShareStore
from monitor.story.redaction import SharedRedaction, shared_redaction
from monitor.story.shapes import LanesView, StoryView

_NO_LINK = "expected a link that is good, got one that is over, or never was"
_NOT_ALL = "expected all that was measured in the call, got a part: the rest is away for now"
_LAST_MS = 10**15 - 1

_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode

Answer = Callable[[str, Query], Awaitable[bytes]]


class SharedCallView(CallView, frozen=True):
    """A call as it is shown by a link, which is good until `expires_at_ms`; `happenings` are left out."""

    expires_at_ms: int


_TOKEN = in_path("token", "The token of a link to a call.")
_REFUSALS = UNCLEAR | {404: "No such link is good."}

OPERATIONS: Operations = {
    CALL: Operation(
        "sharedRoom",
        "A call that was shared, without a login, and nobody is named.",
        SharedCallView,
        [_TOKEN, *span("that is shown"), count("points", "How many points a lane has at most.", POINTS, MOST_POINTS)],
        _REFUSALS,
        is_open=True,
    ),
    f"{CALL}/lanes": Operation("sharedLanes", "As for the call.", LanesView, [_TOKEN, *LANES], _REFUSALS, is_open=True),
    f"{CALL}/story": Operation("sharedStory", "As for the call.", StoryView, [_TOKEN, *STORY], _REFUSALS, is_open=True),
    f"{CALL}/verdict": Operation(
        "sharedVerdict",
        "As for the call.",
        VerdictView,
        [_TOKEN, *span("that is judged, at most four hours")],
        _REFUSALS,
        is_open=True,
    ),
}


class Shared:
    """Answers whoever holds a link.

    Args:
        store: where links are kept.
        calls: finds the call that is meant.
        views: knows who was in it.
        rooms: answers about a call as a whole.
        pages: answers about its lanes and its story.
        verdicts: answers whose fault it was.
        now_ms: what time it is.
    """

    def __init__(
        self,
        store: ShareStore,
        calls: AskedCalls,
        views: CallViews,
        rooms: Rooms,
        pages: CallPages,
        verdicts: Verdicts,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._calls = calls
        self._views = views
        self._rooms = rooms
        self._pages = pages
        self._verdicts = verdicts
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""

        async def verdict(room: str, query: Query) -> bytes:
            return _encode(await self._verdicts.view(room, query))

        return [
            web.get(CALL, sending(self.call, NOT_TOLD)),
            web.get(f"{CALL}/lanes", sending(self._redacted(self._pages.lanes), NOT_TOLD)),
            web.get(f"{CALL}/story", sending(self._redacted(self._pages.story), NOT_TOLD)),
            web.get(f"{CALL}/verdict", sending(self._redacted(verdict), NOT_TOLD)),
        ]

    async def call(self, request: web.Request) -> bytes:
        """Answer with the call as a whole."""
        share = await self._share(request)

        async def view(room: str, query: Query) -> bytes:
            shown = replace(await self._rooms.view(room, query), happenings=[], are_happenings_cut=False)
            return _encode(SharedCallView(**_fields(shown), expires_at_ms=share.expires_at_ms))

        return await self._redacted(view)(request)

    def _redacted(self, answer: Answer) -> Callable[[web.Request], Awaitable[bytes]]:
        async def question(request: web.Request) -> bytes:
            share = await self._share(request)
            try:
                redaction = await self._redaction(share)
                said = await answer(share.room_sid, within(share, request.query, self._now_ms()))
            except Refused as refused:
                raise _without_names(refused) from None
            except Lacking:  # nobody can be left unnamed who is not known
                raise Refused(503, _NOT_ALL, headers=LACKING) from None
            return await asyncio.to_thread(lambda: _encode(redaction.of(_decode(said))))

        return question

    async def _share(self, request: web.Request) -> Share:
        share = await self._store.share(hash_of(request.match_info["token"]), self._now_ms())
        if share is None:
            raise Refused(404, _NO_LINK)
        return share

    async def _redaction(self, share: Share) -> SharedRedaction:
        call = await self._calls.call(share.room_sid)
        return shared_redaction(share.token_hash.encode(), call, await self._views.people(call))


def within(share: Share, query: Query, now_ms: int) -> Query:
    """Return a question about no other time than the link is good for."""
    narrowed = dict(query)
    with asking(query, now_ms) as asked:
        from_ms, to_ms = asked.moment("from", 0), asked.moment("to", _LAST_MS)
    if share.from_ms is not None:
        narrowed["from"] = str(max(share.from_ms, from_ms))
    if share.to_ms is not None:
        narrowed["to"] = str(min(share.to_ms, to_ms))
    return narrowed


def _without_names(refused: Refused) -> Refused:
    """Return a refusal that does not say which call it is."""
    return Refused(404, _NO_LINK) if refused.status == web.HTTPNotFound.status_code else refused


def _fields(shown: CallView) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in shown.__struct_fields__}

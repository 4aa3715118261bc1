"""How does one show a call to somebody who has no login?

    POST   /api/v1/rooms/{room}/shares    make a link
    GET    /api/v1/shares                 the links that are good; ?room= those of a call
    DELETE /api/v1/shares/{id}            end one

The token of a link is told once, and only its hash is stored.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence

import msgspec
from aiohttp import web
from msgspec import Struct

from monitor.http.operations import NO_ROOM, ROOM, Operation, Operations, in_path, parameter
from monitor.http.problems import Refused
from monitor.http.questions import AskedCalls, answering, told
from monitor.store.ports import Share, ShareStore, StoreFailed

DAY_S = 86_400
WEEK_S, LONGEST_S, SHORTEST_S = 7 * DAY_S, 30 * DAY_S, 60
MOST_SHARES = 1_000  # of all calls, at a time
_TOKEN_BYTES, _ID_BYTES = 24, 8


class ShareAsked(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_ms": "from", "to_ms": "to"}):
    """A link to a call that is wanted: to all of it, unless it says from when to when."""

    from_ms: int | None = None
    to_ms: int | None = None
    expires_in_s: int = WEEK_S
    redact: bool = True


class ShareView(Struct, frozen=True):
    """A link to a call."""

    id: str
    room_sid: str
    room_name: str | None
    from_ms: int | None
    to_ms: int | None
    created_at_ms: int
    expires_at_ms: int


class NewShareView(ShareView, frozen=True):
    """A link that was just made; `url` is null where the daemon does not know under which address it is reached."""

    token: str
    url: str | None


class SharesView(Struct, frozen=True):
    """The links that are good, those that last longest before others."""

    shares: Sequence[ShareView]


class Ended(Struct, frozen=True):
    """A link that was ended."""

    id: str


OPERATIONS: Operations = {
    "POST /api/v1/rooms/{room}/shares": Operation(
        "shareRoom",
        "Make a link that shows a call, redacted, to whoever holds it. Its token is told here only.",
        NewShareView,
        [ROOM],
        NO_ROOM | {409: "A room without a SID, or too many links."},
        body=ShareAsked,
        status=201,
    ),
    "/api/v1/shares": Operation(
        "shares",
        "The links to calls that are good, those that last longest before others.",
        SharesView,
        [parameter("room", "The SID or name of a room: only those of it.")],
        NO_ROOM,
    ),
    "DELETE /api/v1/shares/{id}": Operation(
        "endShare", "End a link.", Ended, [in_path("id", "The id of a link.")], {404: "No such link is good."}
    ),
}

_decode = msgspec.json.Decoder(ShareAsked)


class Shares:
    """Makes links, lists them and ends them.

    Args:
        store: where they are kept.
        calls: finds the call that is meant.
        url: of our pages, or empty where it is not known.
        now_ms: what time it is.
    """

    def __init__(self, store: ShareStore, calls: AskedCalls, url: str, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._calls = calls
        self._url = url.rstrip("/")
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/api/v1/rooms/{room}/shares", answering(self.make, 201)),
            web.get("/api/v1/shares", answering(self.list)),
            web.delete("/api/v1/shares/{id}", answering(self.end)),
        ]

    async def make(self, request: web.Request) -> NewShareView:
        """Make a link."""
        asked = await told(request, _decode)
        _refuse_what_cannot_be(asked)
        room = (await self._calls.call(request.match_info["room"])).room
        if room.sid is None:
            raise Refused(409, "room: expected one whose SID is known, got one that is known by its name only")
        now_ms, token = self._now_ms(), secrets.token_urlsafe(_TOKEN_BYTES)
        await self._refuse_too_many(now_ms)
        share = Share(
            secrets.token_hex(_ID_BYTES),
            hash_of(token),
            room.sid,
            asked.from_ms,
            asked.to_ms,
            now_ms,
            now_ms + asked.expires_in_s * 1000,
        )
        try:
            await self._store.add_share(share)
        except StoreFailed as failed:
            raise Refused(503, f"expected to be able to store it, got {failed}; nothing was changed") from None
        url = f"{self._url}/shared/{token}" if self._url else None
        return NewShareView(*_shown(share, room.name), token=token, url=url)

    async def _refuse_too_many(self, now_ms: int) -> None:
        if len(await self._store.shares(now_ms)) >= MOST_SHARES:
            raise Refused(409, f"expected at most {MOST_SHARES} links that are good, got one more; end some first")

    async def list(self, request: web.Request) -> SharesView:
        """List the links that are good."""
        asked = request.query.get("room", "")
        room = (await self._calls.call(asked)).room if asked else None
        if room is not None and room.sid is None:
            return SharesView([])
        shares = await self._store.shares(self._now_ms(), room.sid or "" if room else "")
        return SharesView([ShareView(*_shown(each, room.name if room else None)) for each in shares])

    async def end(self, request: web.Request) -> Ended:
        """End a link."""
        share_id = request.match_info["id"]
        try:
            was_there = await self._store.end_share(share_id)
        except StoreFailed as failed:
            raise Refused(503, f"expected to be able to store it, got {failed}; nothing was changed") from None
        if not was_there:
            raise Refused(404, f"id: expected that of a link that is good, got {share_id[:60]!r}")
        return Ended(share_id)


def hash_of(token: str) -> str:
    """Return by what a token is known again."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse_what_cannot_be(asked: ShareAsked) -> None:
    if not asked.redact:
        raise Refused(400, "redact: expected true, got false; a link without a login names nobody")
    if not SHORTEST_S <= asked.expires_in_s <= LONGEST_S:
        raise Refused(400, f"expires_in_s: expected {SHORTEST_S} to {LONGEST_S}, got {asked.expires_in_s}")
    moments = [each for each in (asked.from_ms, asked.to_ms) if each is not None]
    if any(not 0 <= each < 10**15 for each in moments) or (len(moments) > 1 and moments[0] >= moments[1]):
        raise Refused(400, "from, to: expected milliseconds since 1970, the first before the second")


def _shown(share: Share, room_name: str | None) -> tuple[str, str, str | None, int | None, int | None, int, int]:
    return (
        share.id,
        share.room_sid,
        room_name,
        share.from_ms,
        share.to_ms,
        share.created_at_ms,
        share.expires_at_ms,
    )

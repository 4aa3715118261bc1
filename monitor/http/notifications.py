"""What was somebody told, how did it go, and what was given up?

    GET  /api/v1/notifications            by incident, receiver or state, the latest first, in pages
    GET  /api/v1/notifications/{id}       one, with the attempts at it
    GET  /api/v1/dead-letters             what was given up
    POST /api/v1/dead-letters/replay      owe it again

No answer holds an address, a key or a link of a notification: whoever reads it need not be who was told.
"""

from collections.abc import Callable

import msgspec
from aiohttp import web

from alerts.delivery import AttemptMade
from monitor.http.questions import Query, Refused, answering, number
from monitor.store.ports import AlertHistory, OutboxEntry, OutboxSearch

STATES = ("waiting", "delivered", "dead", "cancelled", "superseded")
NOTIFICATIONS, MOST_NOTIFICATIONS = 50, 500
MOST_REPLAYED = 1_000  # by their ids, at once
_DIGITS = 15


class NotificationView(msgspec.Struct, frozen=True):
    """A notification, and how it stands.

    Times are milliseconds since the epoch.  `next_attempt_at` is set while it waits, `settled_at` afterwards.
    `reference` is what the receiver calls it, `maybe_heard` says that nobody knows of some attempt whether it arrived.
    """

    id: str
    receiver: str
    kind: str
    incident: str
    summary: str
    severity: str
    reason: str
    state: str
    is_test: bool
    created_at: int
    next_attempt_at: int | None
    settled_at: int | None
    attempts: int
    last_error: str
    reference: str
    maybe_heard: bool
    payload_hash: str


class AttemptView(msgspec.Struct, frozen=True):
    """One attempt: `outcome` is delivered, rejected, unavailable or unknown, `status` what the receiver answered."""

    number: int
    ended_at: int
    duration_ms: float
    outcome: str
    status: str
    error: str


class NotificationLife(msgspec.Struct, frozen=True):
    """A notification, and the attempts at it; of very many the first and the last."""

    notification: NotificationView
    attempts: tuple[AttemptView, ...]


class NotificationsPage(msgspec.Struct, frozen=True):
    """Some notifications; `next` asks for those after them, and is null where there are none."""

    notifications: tuple[NotificationView, ...]
    next: str | None


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letters are to be owed again: of these ids, of this receiver, or both."""

    ids: list[str] | None = None
    receiver: str | None = None


class Replayed(msgspec.Struct, frozen=True):
    """How many are owed again."""

    replayed: int


_decode_replay = msgspec.json.Decoder(Replay).decode


class Notifications:
    """Answers what became of notifications, and has dead ones tried again.

    Args:
        store: where they are kept.
        now_s: what time it is.
        on_owed: is told that something is owed again.
    """

    def __init__(self, store: AlertHistory, now_s: Callable[[], float], on_owed: Callable[[], None]) -> None:
        self._store = store
        self._now_s = now_s
        self._on_owed = on_owed

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/notifications", answering(self.search)),
            web.get("/api/v1/notifications/{id}", answering(self.one)),
            web.get("/api/v1/dead-letters", answering(self.dead)),
            web.post("/api/v1/dead-letters/replay", answering(self.replay)),
        ]

    async def search(self, request: web.Request) -> NotificationsPage:
        """Answer with the notifications that are looked for."""
        state = request.query.get("state", "")
        if state not in ("", *STATES):
            raise Refused(400, f"state: expected one of {', '.join(STATES)}, got {state[:60]!r}")
        return await self._page(request.query, state)

    async def dead(self, request: web.Request) -> NotificationsPage:
        """Answer with what was given up."""
        return await self._page(request.query, "dead")

    async def one(self, request: web.Request) -> NotificationLife:
        """Answer with one notification and the attempts at it."""
        asked = request.match_info["id"]
        entry = await self._store.notification(asked)
        if entry is None:
            raise Refused(404, f"id: expected the id of a notification on record, got {asked[:60]!r}")
        made = await self._store.attempts(entry.seq)
        return NotificationLife(notification_view(entry), tuple(attempt_view(number, each) for number, each in made))

    async def replay(self, request: web.Request) -> Replayed:
        """Put dead letters back, and answer how many."""
        wanted = _wanted(await request.read())
        replayed = await self._store.replay(self._now_s(), wanted.ids, wanted.receiver)
        self._on_owed()
        return Replayed(replayed)

    async def _page(self, query: Query, state: str) -> NotificationsPage:
        limit = number(query, "limit", NOTIFICATIONS, 1, MOST_NOTIFICATIONS)
        search = OutboxSearch(
            query.get("incident", ""), query.get("receiver", ""), state, _after(query.get("after")), limit + 1
        )
        found = await self._store.notifications(search)
        more = str(found[limit - 1].seq) if len(found) > limit else None
        return NotificationsPage(tuple(notification_view(each) for each in found[:limit]), more)


def notification_view(entry: OutboxEntry) -> NotificationView:
    """Return a notification as it is shown."""
    told = entry.notification
    return NotificationView(
        id=told.id,
        receiver=told.receiver,
        kind=told.kind.value,
        incident=told.incident.id,
        summary=told.incident.summary,
        severity=told.incident.severity.value,
        reason=told.reason,
        state=entry.state,
        is_test=told.is_test,
        created_at=_ms(told.created_at),
        next_attempt_at=_ms(entry.next_at_s) if entry.state == "waiting" else None,
        settled_at=None if entry.settled_at_s is None else _ms(entry.settled_at_s),
        attempts=entry.attempts,
        last_error=entry.last_error,
        reference=entry.reference,
        maybe_heard=entry.maybe_heard,
        payload_hash=entry.payload_hash,
    )


def attempt_view(number: int, made: AttemptMade) -> AttemptView:
    """Return an attempt as it is shown."""
    return AttemptView(number, _ms(made.at), round(made.duration_s * 1000, 1), made.outcome, made.status, made.error)


def _ms(at_s: float) -> int:
    return round(at_s * 1000)


def _after(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Refused(400, f"after: expected the `next` of a page, got {text[:60]!r}")
    return int(text)


def _wanted(body: bytes) -> Replay:
    try:
        wanted = _decode_replay(body)
    except msgspec.DecodeError as error:
        raise Refused(400, f'expected a body such as {{"receiver": "pager"}}, got something else: {error}') from None
    if wanted.ids is None and not wanted.receiver:
        raise Refused(400, "expected `ids`, or `receiver`, or both, got neither")
    if wanted.ids is not None and len(wanted.ids) > MOST_REPLAYED:
        raise Refused(400, f"ids: expected at most {MOST_REPLAYED}, got {len(wanted.ids)}")
    return wanted

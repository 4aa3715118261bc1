"""What was somebody told, how did it go, and what was given up?

    GET  /api/v1/notifications            by incident, receiver, state or time, the latest first, in pages
    GET  /api/v1/notifications/{id}       one, with the attempts at it
    GET  /api/v1/dead-letters             what was given up
    POST /api/v1/dead-letters/replay      owe it again

No answer holds an address, a key or a link of a notification: whoever reads it need not be who was told.
"""

from collections.abc import Callable

import msgspec
from aiohttp import web

from alerts.delivery import AttemptMade
from alerts.receipts import Receipt
from monitor.http.cursors import Number, written
from monitor.http.operations import UNCLEAR, Operation, Operations, in_path, paged, parameter, span
from monitor.http.parameters import Asked, asking
from monitor.http.problems import Refused
from monitor.http.questions import DAY_MS, answering, told
from monitor.store.ports import AlertHistory, OutboxEntry, OutboxSearch, Receipts

STATES = ("waiting", "delivered", "dead", "cancelled", "superseded")
NOTIFICATIONS, MOST_NOTIFICATIONS = 50, 500
MOST_REPLAYED = 1_000  # by their ids, at once


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


class ReceiptView(msgspec.Struct, frozen=True):
    """What a service told of a notification after it had accepted it."""

    at_ms: int
    reference: str
    status: str
    is_final: bool
    succeeded: bool
    detail: str


class NotificationLife(msgspec.Struct, frozen=True):
    """A notification, the attempts at it (of very many the first and the last), and what was told of it afterwards."""

    notification: NotificationView
    attempts: tuple[AttemptView, ...]
    receipts: tuple[ReceiptView, ...]


class AfterNotification(msgspec.Struct, frozen=True, array_like=True, tag="notifications"):
    """Where a page of notifications begins: after the one of this number."""

    seq: Number


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


_decode_replay = msgspec.json.Decoder(Replay)

_RECEIVER = parameter("receiver", "The name of a receiver.")

OPERATIONS: Operations = {
    "/api/v1/notifications": Operation(
        "notifications",
        "What receivers were told or are to be told, the latest first, in pages.",
        NotificationsPage,
        [
            parameter("incident", "The id of an incident."),
            _RECEIVER,
            parameter("state", "How it stands.", {"enum": list(STATES)}),
            *span("that it was owed"),
            *paged("notifications", NOTIFICATIONS, MOST_NOTIFICATIONS),
        ],
        UNCLEAR,
    ),
    "/api/v1/notifications/{id}": Operation(
        "notification",
        "One notification, with the attempts at it and what they came to.",
        NotificationLife,
        [in_path("id", "The id of a notification.")],
        {404: "No such notification is on record."},
    ),
    "/api/v1/dead-letters": Operation(
        "deadLetters",
        "What was given up and why, the latest first, in pages.",
        NotificationsPage,
        [_RECEIVER, *span("that it was owed"), *paged("notifications", NOTIFICATIONS, MOST_NOTIFICATIONS)],
        UNCLEAR,
    ),
    "POST /api/v1/dead-letters/replay": Operation(
        "replayDeadLetters",
        "Owe again what was given up, of some ids or of a receiver, unless a later word has made it pointless.",
        Replayed,
        body=Replay,
    ),
}


class Notifications:
    """Answers what became of notifications, and has dead ones tried again.

    Args:
        store: where they are kept.
        receipts: what became of those that were accepted.
        now_s: what time it is.
        on_owed: is told that something is owed again.
    """

    def __init__(
        self, store: AlertHistory, receipts: Receipts, now_s: Callable[[], float], on_owed: Callable[[], None]
    ) -> None:
        self._store = store
        self._receipts = receipts
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
        now_ms = _ms(self._now_s())
        with asking(request.query, now_ms) as asked:
            state, wanted = asked.choice("state", STATES, ""), _search(asked, now_ms)
        return await self._page(wanted._replace(state=state))

    async def dead(self, request: web.Request) -> NotificationsPage:
        """Answer with what was given up."""
        now_ms = _ms(self._now_s())
        with asking(request.query, now_ms) as asked:
            wanted = _search(asked, now_ms)
        return await self._page(wanted._replace(state="dead"))

    async def one(self, request: web.Request) -> NotificationLife:
        """Answer with one notification and the attempts at it."""
        asked = request.match_info["id"]
        entry = await self._store.notification(asked)
        if entry is None:
            raise Refused.at(404, "id", f"expected the id of a notification on record, got {asked[:60]!r}")
        made = await self._store.attempts(entry.seq)
        return NotificationLife(
            notification_view(entry),
            tuple(attempt_view(number, each) for number, each in made),
            tuple(receipt_view(each) for each in await self._receipts.of(asked)),
        )

    async def replay(self, request: web.Request) -> Replayed:
        """Put dead letters back, and answer how many."""
        wanted = _checked(await told(request, _decode_replay))
        replayed = await self._store.replay(self._now_s(), wanted.ids, wanted.receiver)
        self._on_owed()
        return Replayed(replayed)

    async def _page(self, wanted: OutboxSearch) -> NotificationsPage:
        limit = wanted.limit
        found = await self._store.notifications(wanted._replace(limit=limit + 1))
        more = written(AfterNotification(found[limit - 1].seq)) if len(found) > limit else None
        return NotificationsPage(tuple(notification_view(each) for each in found[:limit]), more)


def _search(asked: Asked, now_ms: int) -> OutboxSearch:
    after = asked.after(AfterNotification)
    from_ms, to_ms = asked.span((0, now_ms + DAY_MS))
    return OutboxSearch(
        asked.text("incident"),
        asked.text("receiver"),
        before_seq=after.seq if after else None,
        limit=asked.number("limit", NOTIFICATIONS, MOST_NOTIFICATIONS),
        from_s=from_ms / 1000,
        to_s=to_ms / 1000,
    )


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


def receipt_view(receipt: Receipt) -> ReceiptView:
    """Return a receipt as it is shown."""
    return ReceiptView(
        at_ms=_ms(receipt.at),
        reference=receipt.reference,
        status=receipt.status,
        is_final=receipt.is_final,
        succeeded=receipt.succeeded,
        detail=receipt.detail,
    )


def _ms(at_s: float) -> int:
    return round(at_s * 1000)


def _checked(wanted: Replay) -> Replay:
    if wanted.ids is None and not wanted.receiver:
        raise Refused(400, "expected `ids`, or `receiver`, or both, got neither")
    if wanted.ids is not None and len(wanted.ids) > MOST_REPLAYED:
        raise Refused.at(400, "ids", f"expected at most {MOST_REPLAYED}, got {len(wanted.ids)}")
    return wanted

"""How is kept what is owed to receivers, if nothing needs to outlive the process?

On a plain dictionary, in the order they were owed; held to the same conformance suite as SQLite.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from alerts.delivery import FIRST_ATTEMPTS, LAST_ATTEMPTS, AttemptMade, Fate, Settled, cut_short
from alerts.lanes import rank
from alerts.model import Alert, Notification, NotificationKind, Owed, Waiting
from monitor.store.changing import changed_by
from monitor.store.forgotten import notification_with
from monitor.store.ports import OutboxCounts, OutboxEntry, OutboxSearch, Standing


class OutboxRow(msgspec.Struct):
    """A notification, and how far its delivery has come."""

    seq: int
    notification: Notification
    next_at: float
    state: str = "waiting"
    attempts: int = 0
    last_error: str = ""
    since: float | None = None
    begun_at: float | None = None
    settled_at: float | None = None
    maybe_heard: bool = False
    target: str = ""
    reference: str = ""
    payload_hash: str = ""
    has_fallen_back: bool = False
    made: list[tuple[int, AttemptMade]] = msgspec.field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether it is still owed."""
        return self.state == "waiting"

    @property
    def may_be_known(self) -> bool:
        """Whether the receiver has heard this, or may have."""
        return self.state == "delivered" or self.maybe_heard

    @property
    def makes_pointless(self) -> bool:
        """Whether nothing is to be said any more that was owed before this, or soon will not be."""
        return self.state in ("delivered", "cancelled") or self.begun_at is not None

    def add(self, made: AttemptMade) -> None:
        """Add an attempt; of very many only the first and the last are kept."""
        number = self.made[-1][0] + 1 if self.made else 1
        kept = [each for each in self.made if each[0] <= FIRST_ATTEMPTS or each[0] > number - LAST_ATTEMPTS]
        self.made = [*kept, (number, made)]

    def entry(self) -> OutboxEntry:
        """Return it for people."""
        return OutboxEntry(
            self.seq,
            self.notification,
            self.state,
            self.attempts,
            self.next_at,
            self.settled_at,
            self.last_error,
            self.reference,
            self.payload_hash,
            self.maybe_heard,
        )


class MemoryOutbox:
    """The outbox in memory (`alerts.ports.Outbox`), and what people ask about it."""

    def __init__(self) -> None:
        self.outbox: dict[str, OutboxRow] = {}
        self._last_seq = 0
        self._targets: dict[str, str] = {}

    def owe(self, notification: Notification) -> None:
        """Put a notification into the outbox, unless it is there already."""
        if notification.id not in self.outbox:
            self._last_seq += 1
            self.outbox[notification.id] = OutboxRow(self._last_seq, notification, notification.created_at)

    async def recover(self, now: float) -> int:
        """End the attempts that an earlier life began and did not settle; return how many those were."""
        begun = [row for row in self.outbox.values() if row.begun_at is not None]
        for row in begun:
            row.add(cut_short(row.begun_at or now, now))
            row.maybe_heard, row.begun_at = True, None
        return len(begun)

    async def take_over(self, now: float) -> int:  # noqa: ARG002 - nobody else sends what is in our memory
        """End the attempts of other senders: there are none."""
        return 0

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        """Return of each receiver at most `limit` heads of lanes that want an attempt by `now`, most urgent first."""
        heads = [row for row in self._heads() if row.next_at <= now and row.begun_at is None]
        by_receiver: dict[str, list[OutboxRow]] = {}
        for row in sorted(heads, key=_urgency):
            if row.notification.receiver not in skip:
                by_receiver.setdefault(row.notification.receiver, []).append(row)
        return self._owed(sorted((row for rows in by_receiver.values() for row in rows[:limit]), key=_urgency))

    async def next_due_at(self, after: float, skip: Collection[str] = ()) -> float | None:
        """Return the earliest moment later than `after` at which the head of a lane wants its next attempt."""
        heads = (row for row in self._heads() if row.notification.receiver not in skip)
        return min((row.next_at for row in heads if row.next_at > after), default=None)

    async def begin(self, targets: Mapping[str, str], now: float) -> Collection[str]:
        """Write that attempts begin, of notifications by their id, and where each goes; return which do."""
        found = {key: row for key in targets if (row := self.outbox.get(key)) is not None}
        begun = {key: row for key, row in found.items() if row.waits and row.begun_at is None}
        for key, row in begun.items():
            row.begun_at, row.target = now, targets[key]
        return begun.keys()

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write what became of notifications."""
        for each in settled:
            row = self.outbox.get(each.notification_id)
            if row is not None and each.attempt is not None:
                row.add(each.attempt)
            if row is not None and row.waits:
                _settle(row, each)

    async def overdue(self, receiver: str, before: float, limit: int) -> Sequence[Owed]:
        """Return at most `limit` waiting rows of a receiver whose time began to run before, the oldest first."""
        waiting = [row for row in self.outbox.values() if row.waits and row.notification.receiver == receiver]
        return self._owed([row for row in waiting if _since(row) < before][:limit])

    async def attempted_since(self, since: float) -> Sequence[tuple[str, float]]:
        """Return the receiver of each attempt that ended since, and when, the oldest first."""
        found = [(row.notification.receiver, made.at) for row in self.outbox.values() for _, made in row.made]
        return sorted((each for each in found if each[1] > since), key=lambda each: each[1])

    async def targets(self, present: Mapping[str, str]) -> Mapping[str, str]:
        """Remember the target of each receiver there is; return that of all there ever were."""
        self._targets |= present
        return dict(self._targets)

    async def not_fallen_back(self, limit: int) -> Sequence[Owed]:
        """Return at most `limit` dead rows that nobody else was told of yet, the oldest first."""
        dead = [row for row in self.outbox.values() if row.state == "dead" and not row.has_fallen_back]
        return self._owed(dead[:limit])

    async def fell_back(self, notification_id: str) -> None:
        """Keep that somebody else was told of a dead row."""
        if notification_id in self.outbox:
            self.outbox[notification_id].has_fallen_back = True

    async def replay(self, now: float, ids: Collection[str] | None = None, receiver: str | None = None) -> int:
        """Put dead rows back, all or of these ids or of a receiver, as if owed from now on; return how many."""
        found = [
            row
            for key, row in self.outbox.items()
            if row.state == "dead"
            and (ids is None or key in ids)
            and receiver in (None, row.notification.receiver)
            and not any(later.makes_pointless for later in self._lane(row) if later.seq > row.seq)
        ]
        for row in found:
            row.state, row.next_at, row.since, row.settled_at, row.has_fallen_back = "waiting", now, now, None, False
        return len(found)

    # --- what people ask ---

    async def outbox_counts(self) -> OutboxCounts:
        """Return how many notifications wait, and how many were given up."""
        waiting = [row.notification.created_at for row in self.outbox.values() if row.waits]
        dead = sum(row.state == "dead" for row in self.outbox.values())
        return OutboxCounts(len(waiting), dead, min(waiting, default=None))

    async def dead_since(self, since_s: float) -> int:
        """Return how many notifications were given up since."""
        return sum(row.state == "dead" and (row.settled_at or 0.0) >= since_s for row in self.outbox.values())

    async def drop_said(self, lane: str, before_s: float) -> int:
        """Drop what was owed in a lane before a moment and waits no longer; return how many that were."""

        def is_kept(row: OutboxRow) -> bool:
            return row.waits or row.notification.lane != lane or row.notification.created_at >= before_s

        kept = {key: row for key, row in self.outbox.items() if is_kept(row)}
        dropped, self.outbox = len(self.outbox) - len(kept), kept
        return dropped

    async def standing(self, receiver: str) -> Standing:
        """Return how it goes with a receiver."""
        rows = [row for row in self.outbox.values() if row.notification.receiver == receiver]
        waiting = [row.notification.created_at for row in rows if row.waits]
        made = sorted((each for row in rows for _, each in row.made), key=lambda each: each.at)
        success = next((each for each in reversed(made) if each.outcome == "delivered"), None)
        failure = next((each for each in reversed(made) if each.outcome != "delivered"), None)
        return Standing(
            len(waiting),
            min(waiting, default=None),
            None if success is None else success.at,
            None if failure is None else failure.at,
            "" if failure is None else failure.error,
            sum(row.state == "dead" for row in rows),
        )

    async def notifications(self, search: OutboxSearch) -> Sequence[OutboxEntry]:
        """Return the notifications that are looked for, the latest first."""
        found = [row.entry() for row in reversed(self.outbox.values()) if _is_wanted(row, search)]
        return found[: search.limit]

    async def notification(self, notification_id: str) -> OutboxEntry | None:
        """Return one notification, or None if there is none of this id."""
        row = self.outbox.get(notification_id)
        return None if row is None else row.entry()

    async def attempts(self, seq: int) -> Sequence[tuple[int, AttemptMade]]:
        """Return the attempts at a notification, by its number, each with its own; of many the first and the last."""
        return next((list(row.made) for row in self.outbox.values() if row.seq == seq), [])

    # --- what is dropped, and what forgets ---

    def drop_told_before(self, bound_s: float) -> int:
        """Drop what is older and waits no longer."""
        kept = {k: row for k, row in self.outbox.items() if row.waits or row.notification.created_at >= bound_s}
        dropped, self.outbox = len(self.outbox) - len(kept), kept
        return dropped

    def change_told(self, change: Callable[[Alert], Alert | None], before_s: float | None) -> int:
        """Change the alerts that somebody was told of, and where a time is given only if that is over and older."""

        def told(row: OutboxRow) -> OutboxRow | None:
            is_due = before_s is None or (not row.waits and row.notification.created_at < before_s)
            left = notification_with(row.notification, change) if is_due else row.notification
            if left is None:
                return None
            return row if left == row.notification else msgspec.structs.replace(row, notification=left)

        rows, changed = changed_by(self.outbox.values(), told)
        self.outbox = {row.notification.id: row for row in rows}
        return changed

    # --- lanes ---

    def _lane(self, row: OutboxRow) -> list[OutboxRow]:
        return self._lanes([row])[row.notification.lane]

    def _lanes(self, rows: Iterable[OutboxRow]) -> Mapping[str, list[OutboxRow]]:
        """Return all rows of the lanes of these."""
        lanes: dict[str, list[OutboxRow]] = {row.notification.lane: [] for row in rows}
        for row in self.outbox.values():
            if (lane := row.notification.lane) in lanes:
                lanes[lane].append(row)
        return lanes

    def _heads(self) -> Iterable[OutboxRow]:
        heads: dict[str, OutboxRow] = {}
        for row in self.outbox.values():
            if row.waits:
                heads.setdefault(row.notification.lane, row)
        return heads.values()

    def _owed(self, rows: Sequence[OutboxRow]) -> list[Owed]:
        lanes = self._lanes(rows)
        return [_owed(row, lanes[row.notification.lane]) for row in rows]


def _urgency(row: OutboxRow) -> tuple[int, int]:
    return rank(row.notification), row.seq


def _since(row: OutboxRow) -> float:
    return row.notification.created_at if row.since is None else row.since


def _settle(row: OutboxRow, settled: Settled) -> None:
    became = settled.settlement
    row.state = "waiting" if became.fate is Fate.RETRY else became.fate.value
    row.attempts = max(row.attempts, became.attempts)
    row.next_at = row.next_at if became.next_at is None else became.next_at
    row.settled_at = None if became.fate is Fate.RETRY else became.at
    row.last_error, row.reference = became.last_error, became.reference
    row.maybe_heard = row.maybe_heard or became.maybe_heard
    row.payload_hash = became.payload_hash if became.fate is Fate.DEAD else ""
    row.begun_at = None


def _owed(row: OutboxRow, lane: Sequence[OutboxRow]) -> Owed:
    before = [each for each in lane if each.seq < row.seq]
    kind = row.notification.kind
    references = [each.reference for each in before if each.state == "delivered" and each.reference]
    targets = [each.target for each in (*before, row) if each.may_be_known and each.target]
    # The first word of a lane that is no trigger has outlived what was said before it; then the receiver knows.
    outlived = kind is not NotificationKind.TRIGGER and not before
    return Owed(
        row.notification,
        row.attempts,
        row.next_at,
        row.last_error,
        references[-1] if references else "",
        row.maybe_heard,
        row.since,
        is_known=outlived or any(each.may_be_known for each in before),
        target=targets[-1] if targets else "",
        behind=tuple(
            Waiting(each.notification.id, each.notification.kind) for each in lane if each.seq > row.seq and each.waits
        ),
    )


def _is_wanted(row: OutboxRow, search: OutboxSearch) -> bool:
    told = row.notification
    return (
        search.incident in ("", told.incident.id)
        and search.receiver in ("", told.receiver)
        and search.state in ("", row.state)
        and (search.before_seq is None or row.seq < search.before_seq)
        and search.from_s <= told.created_at < search.to_s
    )

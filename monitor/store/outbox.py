"""How is kept what is owed to receivers?

A row for each notification, in the order they were owed, and a few for the attempts at it.  What waits is found by
receiver and urgency, through indexes that hold nothing else, so that it costs the same whether ten rows wait or fifty
thousand.  A row that cannot be read any more is dead; it keeps nobody waiting behind it.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from alerts.delivery import FIRST_ATTEMPTS, LAST_ATTEMPTS, AttemptMade, Fate, Settled, cut_short
from alerts.lanes import rank
from alerts.model import Notification, NotificationKind, Owed, Waiting
from monitor.store.database import Database
from monitor.store.ports import OutboxCounts, OutboxEntry, OutboxSearch, Standing
from monitor.store.rows import encode

_decode = msgspec.json.Decoder(Notification).decode
_STATES = {fate: "waiting" if fate is Fate.RETRY else fate.value for fate in Fate}

# The receivers to which something is owed: from one to the next in the index, not over all that waits.
_RECEIVERS = """WITH RECURSIVE waiting_for (receiver) AS (
    SELECT MIN(receiver) FROM outbox WHERE state = 'waiting'
    UNION ALL
    SELECT (SELECT MIN(receiver) FROM outbox WHERE state = 'waiting' AND receiver > waiting_for.receiver)
    FROM waiting_for WHERE receiver IS NOT NULL
) """
_IS_HEAD = """NOT EXISTS (SELECT 1 FROM outbox AS earlier
    WHERE earlier.lane = head.lane AND earlier.state = 'waiting' AND earlier.seq < head.seq)"""

# What a row is owed with, and what is known of its lane.  The first word of a lane that is no trigger has outlived what
# was said before it; then the receiver knows.
_OWED = """SELECT head.seq, head.body, head.attempts, head.next_at_s, head.last_error,
    COALESCE((SELECT reference FROM outbox AS said WHERE said.lane = head.lane AND said.seq < head.seq
              AND said.state = 'delivered' AND said.reference <> '' ORDER BY said.seq DESC LIMIT 1), ''),
    head.maybe_heard, head.since_s,
    EXISTS (SELECT 1 FROM outbox AS said WHERE said.lane = head.lane AND said.seq < head.seq
            AND (said.state = 'delivered' OR said.maybe_heard))
        OR (head.kind <> 'trigger'
            AND NOT EXISTS (SELECT 1 FROM outbox AS said WHERE said.lane = head.lane AND said.seq < head.seq)),
    COALESCE((SELECT target FROM outbox AS said WHERE said.lane = head.lane AND said.seq <= head.seq
              AND said.target <> '' AND (said.state = 'delivered' OR said.maybe_heard)
              ORDER BY said.seq DESC LIMIT 1), ''),
    (SELECT json_group_array(json_array(id, kind)) FROM
        (SELECT id, kind FROM outbox AS later WHERE later.lane = head.lane AND later.state = 'waiting'
         AND later.seq > head.seq ORDER BY later.seq))
"""

# S608: of constants.  Left to itself SQLite would sort all that is due by urgency, to find the few most urgent.
_DUE = f"""{_RECEIVERS} {_OWED} FROM waiting_for JOIN outbox AS head ON head.seq IN (
        SELECT head.seq FROM outbox AS head INDEXED BY outbox_by_urgency
        WHERE head.state = 'waiting' AND head.receiver = waiting_for.receiver AND head.next_at_s <= ?
            AND head.begun_at_s IS NULL AND {_IS_HEAD}
        ORDER BY head.rank, head.seq LIMIT ?)
    WHERE waiting_for.receiver NOT IN (SELECT value FROM json_each(?)) ORDER BY head.rank, head.seq"""  # noqa: S608
_NEXT_DUE = f"""{_RECEIVERS} SELECT MIN((
        SELECT next_at_s FROM outbox AS head
        WHERE head.state = 'waiting' AND head.receiver = waiting_for.receiver AND next_at_s > ? AND {_IS_HEAD}
        ORDER BY next_at_s LIMIT 1))
    FROM waiting_for WHERE waiting_for.receiver NOT IN (SELECT value FROM json_each(?))"""  # noqa: S608
_OVERDUE = f"""{_OWED} FROM outbox AS head WHERE head.state = 'waiting' AND head.receiver = ?
    AND COALESCE(head.since_s, head.created_at_s) < ? ORDER BY head.seq LIMIT ?"""
_NOT_FALLEN_BACK = f"""{_OWED} FROM outbox AS head
    WHERE head.state = 'dead' AND NOT head.fallen_back ORDER BY head.seq LIMIT ?"""

_ENTRY = """SELECT seq, body, state, attempts, next_at_s, settled_at_s, last_error, reference, payload_hash,
    maybe_heard FROM outbox """

_BEGIN = """UPDATE outbox SET begun_at_s = ?, target = ?
    WHERE id = ? AND state = 'waiting' AND begun_at_s IS NULL"""
_SETTLE = """UPDATE outbox SET state = ?, attempts = MAX(attempts, ?), next_at_s = COALESCE(?, next_at_s),
    settled_at_s = ?, last_error = ?, reference = ?, maybe_heard = MAX(maybe_heard, ?), payload_hash = ?,
    begun_at_s = NULL WHERE id = ? AND state = 'waiting'"""
_ADD_ATTEMPT = """INSERT INTO attempts (outbox_seq, number, at_s, duration_s, outcome, status, error)
    SELECT seq, (SELECT COALESCE(MAX(number), 0) + 1 FROM attempts WHERE outbox_seq = outbox.seq), ?, ?, ?, ?, ?
    FROM outbox WHERE id = ?"""
_DROP_MIDDLE_ATTEMPTS = """DELETE FROM attempts WHERE outbox_seq = (SELECT seq FROM outbox WHERE id = :id)
    AND number > :first AND number <=
        (SELECT MAX(number) FROM attempts WHERE outbox_seq = (SELECT seq FROM outbox WHERE id = :id)) - :last"""

_REPLAY = """UPDATE outbox SET state = 'waiting', next_at_s = :now, since_s = :now, settled_at_s = NULL, fallen_back = 0
    WHERE state = 'dead' AND (:receiver IS NULL OR receiver = :receiver)
    AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
    AND NOT EXISTS (SELECT 1 FROM outbox AS later WHERE later.lane = outbox.lane AND later.seq > outbox.seq
                    AND (later.state IN ('delivered', 'cancelled') OR later.begun_at_s IS NOT NULL))"""


def add_owed(writer: sqlite3.Connection, notifications: Iterable[Notification]) -> None:
    """Put notifications into the outbox, unless they are there already."""
    writer.executemany(
        "INSERT INTO outbox (id, lane, receiver, kind, incident, rank, next_at_s, created_at_s, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        [
            (n.id, n.lane, n.receiver, n.kind, n.incident.id, rank(n), n.created_at, n.created_at, encode(n))
            for n in notifications
        ],
    )


# Back from the latest on: of a receiver that is told something now and then it is not far.
_LAST_ATTEMPT = """SELECT at_s, error FROM attempts JOIN outbox ON seq = outbox_seq
    WHERE receiver = ? AND (outcome = 'delivered') = ? ORDER BY at_s DESC LIMIT 1"""


class SqliteOutbox:
    """The outbox on SQLite (`alerts.ports.Outbox`), and what people ask about it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recover(self, now: float) -> int:
        """End the attempts that an earlier life began and did not settle; return how many those were."""

        def write(writer: sqlite3.Connection) -> int:
            begun = writer.execute("SELECT id, begun_at_s FROM outbox WHERE begun_at_s IS NOT NULL").fetchall()
            for notification_id, begun_at in begun:
                _add_attempt(writer, notification_id, cut_short(begun_at, now))
            writer.execute("UPDATE outbox SET maybe_heard = 1, begun_at_s = NULL WHERE begun_at_s IS NOT NULL")
            return len(begun)

        return await self._database.write(write)

    async def take_over(self, now: float) -> int:  # noqa: ARG002 - nobody else has the file
        """End the attempts of other senders: there are none."""
        return 0

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        """Return of each receiver at most `limit` heads of lanes that want an attempt by `now`, most urgent first."""
        return await self._owed(_DUE, (now, limit, json.dumps(list(skip))))

    async def next_due_at(self, after: float, skip: Collection[str] = ()) -> float | None:
        """Return the earliest moment later than `after` at which the head of a lane wants its next attempt."""
        ((next_at,),) = await self._database.read(_NEXT_DUE, (after, json.dumps(list(skip))))
        return None if next_at is None else float(next_at)

    async def begin(self, targets: Mapping[str, str], now: float) -> Collection[str]:
        """Write that attempts begin, of notifications by their id, and where each goes; return which do."""
        values = [(now, target, notification_id) for notification_id, target in targets.items()]
        return await self._database.write(
            lambda writer: [each[-1] for each in values if writer.execute(_BEGIN, each).rowcount]
        )

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write what became of notifications, all of it or nothing."""

        def write(writer: sqlite3.Connection) -> None:
            writer.executemany(_SETTLE, [_values_of(each) for each in settled])
            for each in settled:
                if each.attempt is not None:
                    _add_attempt(writer, each.notification_id, each.attempt)

        await self._database.write(write)

    async def overdue(self, receiver: str, before: float, limit: int) -> Sequence[Owed]:
        """Return at most `limit` waiting rows of a receiver whose time began to run before, the oldest first."""
        return await self._owed(_OVERDUE, (receiver, before, limit))

    async def attempted_since(self, since: float) -> Sequence[tuple[str, float]]:
        """Return the receiver of each attempt that ended since, and when, the oldest first."""
        return await self._database.read(
            "SELECT receiver, at_s FROM attempts JOIN outbox ON seq = outbox_seq WHERE at_s > ? ORDER BY at_s", (since,)
        )

    async def targets(self, present: Mapping[str, str]) -> Mapping[str, str]:
        """Remember the target of each receiver there is; return that of all there ever were."""

        def write(writer: sqlite3.Connection) -> dict[str, str]:
            writer.executemany("INSERT OR REPLACE INTO receivers (name, target) VALUES (?, ?)", list(present.items()))
            return dict(writer.execute("SELECT name, target FROM receivers"))

        return await self._database.write(write)

    async def not_fallen_back(self, limit: int) -> Sequence[Owed]:
        """Return at most `limit` dead rows that nobody else was told of yet, the oldest first."""
        return await self._owed(_NOT_FALLEN_BACK, (limit,))

    async def fell_back(self, notification_id: str) -> None:
        """Write that somebody else was told of a dead row."""
        await self._database.write(
            lambda writer: writer.execute("UPDATE outbox SET fallen_back = 1 WHERE id = ?", (notification_id,)).rowcount
        )

    async def replay(self, now: float, ids: Collection[str] | None = None, receiver: str | None = None) -> int:
        """Put dead rows back, all or of these ids or of a receiver, as if owed from now on; return how many."""
        values = {"now": now, "ids": None if ids is None else json.dumps(list(ids)), "receiver": receiver}
        return await self._database.write(lambda writer: writer.execute(_REPLAY, values).rowcount)

    # --- what people ask ---

    async def dead_since(self, since_s: float) -> int:
        """Return how many notifications were given up since."""
        ((dead,),) = await self._database.read(
            "SELECT COUNT(*) FROM outbox WHERE state = 'dead' AND settled_at_s >= ?", (since_s,)
        )
        return int(dead)

    async def outbox_counts(self) -> OutboxCounts:
        """Return how many notifications wait, and how many were given up."""
        ((waiting, oldest),) = await self._database.read(
            "SELECT COUNT(*), MIN(created_at_s) FROM outbox WHERE state = 'waiting'"
        )
        ((dead,),) = await self._database.read("SELECT COUNT(*) FROM outbox WHERE state = 'dead'")
        return OutboxCounts(waiting, dead, oldest)

    async def drop_said(self, lane: str, before_s: float) -> int:
        """Drop what was owed in a lane before a moment and waits no longer; return how many that were."""
        sql = "DELETE FROM outbox WHERE lane = ? AND created_at_s < ? AND state <> 'waiting'"
        return await self._database.write(lambda writer: writer.execute(sql, (lane, before_s)).rowcount)

    async def standing(self, receiver: str) -> Standing:
        """Return how it goes with a receiver."""
        ((waiting, oldest),) = await self._database.read(
            "SELECT COUNT(*), MIN(created_at_s) FROM outbox WHERE state = 'waiting' AND receiver = ?", (receiver,)
        )
        ((dead,),) = await self._database.read(
            "SELECT COUNT(*) FROM outbox WHERE state = 'dead' AND receiver = ?", (receiver,)
        )
        success = await self._database.read(_LAST_ATTEMPT, (receiver, True))
        failure = await self._database.read(_LAST_ATTEMPT, (receiver, False))
        success_at = success[0][0] if success else None
        failure_at, error = failure[0] if failure else (None, "")
        return Standing(waiting, oldest, success_at, failure_at, error, dead)

    async def notifications(self, search: OutboxSearch) -> Sequence[OutboxEntry]:
        """Return the notifications that are looked for, the latest first."""
        wanted = {"incident": search.incident, "receiver": search.receiver, "state": search.state}
        matching: dict[str, str | float] = {f"{name} = ?": value for name, value in wanted.items() if value}
        if search.before_seq is not None:
            matching["seq < ?"] = search.before_seq
        if search.from_s > 0:
            matching["created_at_s >= ?"] = search.from_s
        if search.to_s < float("inf"):
            matching["created_at_s < ?"] = search.to_s
        which = f"WHERE {' AND '.join(matching)}" if matching else ""
        rows = await self._database.read(
            f"{_ENTRY} {which} ORDER BY seq DESC LIMIT ?", (*matching.values(), search.limit)
        )
        return [entry for row in rows if (entry := _entry(row)) is not None]

    async def notification(self, notification_id: str) -> OutboxEntry | None:
        """Return one notification, or None if there is none of this id."""
        rows = await self._database.read(f"{_ENTRY} WHERE id = ?", (notification_id,))
        return _entry(rows[0]) if rows else None

    async def attempts(self, seq: int) -> Sequence[tuple[int, AttemptMade]]:
        """Return the attempts at a notification, by its number, each with its own; of many the first and the last."""
        rows = await self._database.read(
            "SELECT number, at_s, duration_s, outcome, status, error FROM attempts WHERE outbox_seq = ?"
            " ORDER BY number",
            (seq,),
        )
        return [(number, AttemptMade(*rest)) for number, *rest in rows]

    # --- rows ---

    async def _owed(self, question: str, values: Sequence[Any]) -> Sequence[Owed]:
        """Return what rows say; those that cannot be read are dead from now on, and nobody waits behind them."""
        found: list[Owed] = []
        unreadable: list[int] = []
        for seq, body, *rest in await self._database.read(question, values):
            try:
                notification = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                unreadable.append(seq)
            else:
                found.append(_owed(notification, rest))
        if unreadable:
            await self._bury(unreadable)
        return found

    async def _bury(self, unreadable: Sequence[int]) -> None:
        why = "expected a notification in the outbox, got something that cannot be read"
        await self._database.write(
            lambda writer: writer.executemany(
                "UPDATE outbox SET state = 'dead', fallen_back = 1, last_error = ? WHERE seq = ?",
                [(why, seq) for seq in unreadable],
            )
        )


def _owed(notification: Notification, rest: Sequence[Any]) -> Owed:
    attempts, next_at, last_error, reference, maybe_heard, since, is_known, target, behind = rest
    return Owed(
        notification,
        attempts,
        next_at,
        last_error,
        reference,
        bool(maybe_heard),
        since,
        is_known=bool(is_known),
        target=target,
        behind=tuple(Waiting(word, NotificationKind(kind)) for word, kind in json.loads(behind)),
    )


def _entry(row: Sequence[Any]) -> OutboxEntry | None:
    seq, body, state, attempts, next_at, settled_at, error, reference, payload_hash, maybe_heard = row
    try:
        told = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return OutboxEntry(
        seq, told, state, attempts, next_at, settled_at, error, reference, payload_hash, bool(maybe_heard)
    )


def _values_of(settled: Settled) -> tuple[Any, ...]:
    became = settled.settlement
    return (
        _STATES[became.fate],
        became.attempts,
        became.next_at,
        None if became.fate is Fate.RETRY else became.at,
        became.last_error,
        became.reference,
        became.maybe_heard,
        became.payload_hash if became.fate is Fate.DEAD else "",
        settled.notification_id,
    )


def _add_attempt(writer: sqlite3.Connection, notification_id: str, made: AttemptMade) -> None:
    """Add an attempt; of very many only the first and the last are kept."""
    values = (made.at, made.duration_s, made.outcome, made.status, made.error, notification_id)
    writer.execute(_ADD_ATTEMPT, values)
    writer.execute(_DROP_MIDDLE_ATTEMPTS, {"id": notification_id, "first": FIRST_ATTEMPTS, "last": LAST_ATTEMPTS})

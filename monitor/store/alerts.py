"""How are alert states and owed notifications kept?

A judgement is written whole: the states, what changed, and the outbox rows, in one transaction.  Whatever happens
afterwards, a word that was owed when the transaction committed is still owed after a restart, under the same key.
"""

import sqlite3
from collections.abc import Collection, Sequence

import msgspec

from alerts.delivery import Fate, Settlement
from alerts.model import Alert, Judgement, Notification, Owed, Transition
from monitor.store.database import Database
from monitor.store.ports import Ended, OutboxCounts
from monitor.store.rows import encode

_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_transition = msgspec.json.Decoder(Transition).decode
_decode_notification = msgspec.json.Decoder(Notification).decode

# The head of a lane is its first row that still waits.
_HEADS = """FROM outbox AS head WHERE state = 'waiting' AND NOT EXISTS
    (SELECT 1 FROM outbox AS earlier
     WHERE earlier.lane = head.lane AND earlier.state = 'waiting' AND earlier.seq < head.seq)"""
_STATES = {Fate.DELIVERED: "delivered", Fate.DEAD: "dead", Fate.RETRY: "waiting"}


class SqliteAlerts:
    """Alert states and the outbox on SQLite (`monitor.store.ports.AlertHistory`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_alerts(self) -> Sequence[Alert]:
        """Return every alert that is kept: open, or remembered after its end."""
        return [_decode_alert(body) for (body,) in await self._database.read("SELECT body FROM alerts")]

    async def record(self, judgement: Judgement) -> None:
        """Make the whole judgement true, or none of it."""
        bodies = {alert.fingerprint: encode(alert) for alert in judgement.alerts}
        over = [(a.fingerprint,) for a in judgement.alerts if not a.is_kept]
        standing = [(a.fingerprint, bodies[a.fingerprint]) for a in judgement.alerts if a.is_kept]
        transitions = [
            (t.fingerprint, t.rule, t.entity, t.before, t.after, t.at, encode(t), bodies[t.fingerprint])
            for t in judgement.transitions
        ]
        owed = [(n.id, n.lane, n.receiver, n.created_at, n.created_at, encode(n)) for n in judgement.notifications]

        def write(writer: sqlite3.Connection) -> None:
            writer.executemany("DELETE FROM alerts WHERE fingerprint = ?", over)
            writer.executemany("INSERT OR REPLACE INTO alerts (fingerprint, body) VALUES (?, ?)", standing)
            writer.executemany(
                "INSERT INTO transitions (fingerprint, rule, entity, before, after, at_s, body, alert)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                transitions,
            )
            writer.executemany(
                "INSERT INTO outbox (id, lane, receiver, next_at_s, created_at_s, body) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                owed,
            )

        await self._database.write(write)

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        """Return at most `limit` heads of lanes that want an attempt by `now`, oldest first."""
        rows = await self._database.read(
            f"SELECT body, attempts, next_at_s, last_error {_HEADS} AND next_at_s <= ?"
            f" AND receiver NOT IN ({', '.join('?' * len(skip))}) ORDER BY seq LIMIT ?",
            (now, *skip, limit),
        )
        return [Owed(_decode_notification(body), *rest) for body, *rest in rows]

    async def next_due_at(self, after: float) -> float | None:
        """Return the earliest moment later than `after` at which the head of a lane wants its next attempt."""
        ((next_at,),) = await self._database.read(
            f"SELECT MIN(next_at_s) {_HEADS} AND next_at_s > ?",
            (after,),
        )
        return None if next_at is None else float(next_at)

    async def settle(self, notification_id: str, settlement: Settlement) -> None:
        """Write what an attempt came to."""
        values = (
            _STATES[settlement.fate],
            settlement.attempts,
            settlement.next_at,
            None if settlement.fate is Fate.RETRY else settlement.at,
            settlement.last_error,
            notification_id,
        )
        await self._database.write(
            lambda writer: (
                writer.execute(
                    "UPDATE outbox SET state = ?, attempts = ?, next_at_s = COALESCE(?, next_at_s), settled_at_s = ?,"
                    " last_error = ? WHERE id = ?",
                    values,
                ).rowcount
            )
        )

    async def ended(self, since_s: float, limit: int) -> Sequence[Ended]:
        """Return the episodes that ended since, latest first."""
        rows = await self._database.read(
            "SELECT body, alert FROM transitions WHERE at_s >= ? AND before = 'firing' AND after <> 'firing'"
            " ORDER BY at_s DESC, id DESC LIMIT ?",
            (since_s, limit),
        )
        return [Ended(_decode_transition(body), _decode_alert(alert)) for body, alert in rows]

    async def outbox_counts(self) -> OutboxCounts:
        """Return how many notifications wait, and how many were given up."""
        ((waiting, oldest),) = await self._database.read(
            "SELECT COUNT(*), MIN(created_at_s) FROM outbox WHERE state = 'waiting'"
        )
        ((dead,),) = await self._database.read("SELECT COUNT(*) FROM outbox WHERE state = 'dead'")
        return OutboxCounts(waiting, dead, oldest)

"""How are alert states kept, together with what they make us owe?

A judgement is written whole: the states, what changed, and the outbox rows, in one transaction.  Whatever happens
afterwards, a word that was owed when the transaction committed is still owed after a restart, under the same key.
The outbox itself is `monitor.store.outbox`.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from alerts.model import Alert, Judgement, Transition
from monitor.store.groups import write_groups
from monitor.store.outbox import SqliteOutbox, add_owed
from monitor.store.ports import Changed, Ended
from monitor.store.rows import encode

_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_transition = msgspec.json.Decoder(Transition).decode


class SqliteAlerts(SqliteOutbox):
    """Alert states beside the outbox, on SQLite (`monitor.store.ports.AlertHistory`)."""

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

        def write(writer: sqlite3.Connection) -> None:
            writer.executemany("DELETE FROM alerts WHERE fingerprint = ?", over)
            writer.executemany("INSERT OR REPLACE INTO alerts (fingerprint, body) VALUES (?, ?)", standing)
            writer.executemany(
                "INSERT INTO transitions (fingerprint, rule, entity, before, after, at_s, body, alert)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                transitions,
            )
            add_owed(writer, judgement.notifications)
            write_groups(writer, judgement)

        await self._database.write(write)

    async def ended(self, since_s: float, limit: int) -> Sequence[Ended]:
        """Return the episodes that ended since, latest first."""
        rows = await self._database.read(
            "SELECT body, alert FROM transitions WHERE at_s >= ? AND before = 'firing' AND after <> 'firing'"
            " ORDER BY at_s DESC, id DESC LIMIT ?",
            (since_s, limit),
        )
        return [Ended(_decode_transition(body), _decode_alert(alert)) for body, alert in rows]

    async def changes_of(self, fingerprint: str, before_s: float, limit: int) -> Sequence[Changed]:
        """Return the last `limit` changes of an alert's state before a moment, oldest first."""
        rows = await self._database.read(
            "SELECT body, alert FROM transitions WHERE fingerprint = ? AND at_s < ?"
            " ORDER BY at_s DESC, id DESC LIMIT ?",
            (fingerprint, before_s, limit),
        )
        return [Changed(_decode_transition(body), _decode_alert(alert)) for body, alert in reversed(rows)]

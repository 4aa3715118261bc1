"""How are alert states kept, together with what they make us owe?

A judgement is written whole: the states, what changed, and the outbox rows, in one transaction.  Whether that was
committed may remain unknown where the server is lost, so that a judgement written twice is as one written once.
The outbox itself is `monitor.store.postgres.outbox`.
"""

from collections.abc import Sequence

import msgspec

from alerts.model import Alert, Judgement, Transition
from monitor.store.ports import Changed, Ended
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.groups import write_groups
from monitor.store.postgres.outbox import CLAIM_S, PostgresOutbox, add_owed
from monitor.store.postgres.rereading import Rereading
from monitor.store.rows import encode

_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_transition = msgspec.json.Decoder(Transition).decode

_PUT = """
INSERT INTO alerts (fingerprint, body) VALUES ($1, $2) ON CONFLICT (fingerprint) DO UPDATE SET body = excluded.body
"""
_ADD_TRANSITION = """
INSERT INTO transitions (fingerprint, rule, entity, before, after, at_s, body, alert)
SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::float8, $7::bytea, $8::bytea
WHERE NOT EXISTS (SELECT 1 FROM transitions WHERE fingerprint = $1 AND at_s = $6 AND body = $7)
"""


class PostgresAlerts(PostgresOutbox):
    """Alert states beside the outbox, on PostgreSQL (`monitor.store.ports.AlertHistory`)."""

    def __init__(self, database: Database, sender: str, claim_s: float = CLAIM_S) -> None:
        super().__init__(database, sender, claim_s)
        self._alerts = Rereading(database, "alerts", "fingerprint", _decode_alert)

    async def load_alerts(self) -> Sequence[Alert]:
        """Return every alert that is kept: open, or remembered after its end; until one changes, the same object."""
        return await self._alerts.all()

    async def record(self, judgement: Judgement) -> None:
        """Make the whole judgement true, or none of it."""
        bodies = {alert.fingerprint: encode(alert) for alert in judgement.alerts}
        over = texts.array(a.fingerprint for a in judgement.alerts if not a.is_kept)
        standing = sorted((a.fingerprint, bodies[a.fingerprint]) for a in judgement.alerts if a.is_kept)
        transitions = [
            (t.fingerprint, t.rule, t.entity, t.before, t.after, t.at, encode(t), bodies[t.fingerprint])
            for t in judgement.transitions
        ]

        async def write(connection: Connection) -> None:
            await add_owed(connection, judgement.notifications)  # first: of two at a time the second waits here
            await connection.execute("DELETE FROM alerts WHERE fingerprint = ANY($1::text[])", over)
            await connection.executemany(_PUT, standing)
            await connection.executemany(_ADD_TRANSITION, transitions)
            await write_groups(connection, judgement)

        await self._database.write(write)

    async def ended(self, since_s: float, limit: int) -> Sequence[Ended]:
        """Return the episodes that ended since, latest first."""
        rows = await self._database.read(
            "SELECT body, alert FROM transitions WHERE at_s >= $1 AND before = 'firing' AND after <> 'firing'"
            " ORDER BY at_s DESC, id DESC LIMIT $2",
            since_s,
            limit,
        )
        return [Ended(_decode_transition(body), _decode_alert(alert)) for body, alert in rows]

    async def changes_of(self, fingerprint: str, before_s: float, limit: int) -> Sequence[Changed]:
        """Return the last `limit` changes of an alert's state before a moment, oldest first."""
        rows = await self._database.read(
            "SELECT body, alert FROM transitions WHERE fingerprint = $1 AND at_s < $2"
            " ORDER BY at_s DESC, id DESC LIMIT $3",
            fingerprint,
            before_s,
            limit,
        )
        return [Changed(_decode_transition(body), _decode_alert(alert)) for body, alert in reversed(rows)]

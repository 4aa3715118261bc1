"""How are groups of alerts kept, and what became of incidents?

A group is one row while it is there.  An incident is one row for good, as it stood when something was last said of it.
Both are written in the transaction that writes the alerts they are made of.
"""

from collections.abc import Collection, Sequence

import msgspec

from alerts.model import Group, Incident, Judgement, Note
from monitor.store.ports import IncidentsWanted
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.rereading import Rereading
from monitor.store.rows import encode

_decode_group = msgspec.json.Decoder(Group).decode
_decode_incident = msgspec.json.Decoder(Incident).decode

_PUT_GROUP = "INSERT INTO groups (key, body) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
_PUT_INCIDENT = """
INSERT INTO incidents (id, opened_at_s, closed_at_s, said_at_s, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET opened_at_s = excluded.opened_at_s, closed_at_s = excluded.closed_at_s,
    said_at_s = excluded.said_at_s, body = excluded.body
"""
_ADD_NOTE = """
INSERT INTO notes (at_s, fingerprint, group_key, text) SELECT $1::float8, $2::text, $3::text, $4::text
WHERE NOT EXISTS (
    SELECT 1 FROM notes WHERE at_s = $1 AND fingerprint = $2 AND group_key = $3 AND text = $4
)
"""

# What is in the body is looked at last: of each row that the columns leave, up to the limit.  In its names there may be
# a zero character, which no text of PostgreSQL's can have in it.
_WANTED = r"""
SELECT body FROM incidents CROSS JOIN LATERAL (
    SELECT replace(convert_from(body, 'UTF8'), '\u0000', '\u0020')::json AS said) AS told
WHERE opened_at_s >= $1 AND opened_at_s < $2
    AND ($3 OR closed_at_s IS NULL) AND ($4 OR closed_at_s IS NOT NULL)
    AND (opened_at_s, id) < ($5, $6)
    AND ($7::text = '' OR said ->> 'severity' = $7)
    AND ($8::text = ''
        OR EXISTS (SELECT 1 FROM json_array_elements(said -> 'firing') AS alert WHERE alert ->> 'rule' = $8)
        OR EXISTS (SELECT 1 FROM json_array_elements(said -> 'resolved') AS alert WHERE alert ->> 'rule' = $8))
    ORDER BY opened_at_s DESC, id DESC LIMIT $9
"""


async def write_groups(connection: Connection, judgement: Judgement) -> None:
    """Write what a judgement says of groups and incidents; a second time that changes nothing."""
    await connection.execute("DELETE FROM groups WHERE key = ANY($1::text[])", texts.array(judgement.over))
    groups = sorted(judgement.groups, key=lambda group: group.key)
    await connection.executemany(_PUT_GROUP, [(group.key, encode(group)) for group in groups])
    incidents = sorted(judgement.incidents, key=lambda incident: incident.id)
    await connection.executemany(
        _PUT_INCIDENT, [(each.id, each.started_at, each.ended_at, judgement.at, encode(each)) for each in incidents]
    )
    await connection.executemany(
        _ADD_NOTE, [(note.at, note.fingerprint, note.group, note.text) for note in judgement.notes]
    )


class PostgresIncidents:
    """Groups and incidents on PostgreSQL (`monitor.store.ports.IncidentHistory`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups = Rereading(database, "groups", "key", _decode_group)

    async def load_groups(self) -> Sequence[Group]:
        """Return every group that there is; as long as none has changed, the same object."""
        return await self._groups.all()

    async def incidents(self, wanted: IncidentsWanted) -> Sequence[Incident]:
        """Return the incidents that are wanted, the latest first."""
        before_s, before_id = wanted.before or (float("inf"), "")
        rows = await self._database.read(
            _WANTED,
            wanted.from_s,
            wanted.to_s,
            not wanted.is_open_only,
            not wanted.is_over_only,
            before_s,
            before_id,
            wanted.severity,
            wanted.rule,
            wanted.limit,
        )
        return [_decode_incident(body) for (body,) in rows]

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, as it stood when something was last said of it."""
        rows = await self._database.read("SELECT body FROM incidents WHERE id = $1", incident_id)
        return next((_decode_incident(body) for (body,) in rows), None)

    async def incidents_of(self, groups: Collection[str], from_s: float, to_s: float) -> Sequence[Incident]:
        """Return the incidents of groups that went on at some time in [from_s, to_s), oldest first."""
        rows = await self._database.read(
            "SELECT body FROM incidents WHERE opened_at_s < $1 AND (closed_at_s IS NULL OR closed_at_s >= $2)"
            " ORDER BY opened_at_s, id",
            to_s,
            from_s,
        )
        return [each for (body,) in rows if (each := _decode_incident(body)).group in groups]

    async def notes(self, fingerprint: str, from_s: float, to_s: float, limit: int) -> Sequence[Note]:
        """Return at most `limit` notes on an alert in [from_s, to_s), oldest first."""
        rows = await self._database.read(
            "SELECT at_s, fingerprint, group_key, text FROM notes"
            " WHERE fingerprint = $1 AND at_s >= $2 AND at_s < $3 ORDER BY at_s, id LIMIT $4",
            fingerprint,
            from_s,
            to_s,
            limit,
        )
        return [Note(*row) for row in rows]

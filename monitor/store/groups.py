"""How are groups of alerts kept, and what became of incidents?

A group is one row while it is there.  An incident is one row for good, as it stood when something was last said of it.
Both are written in the transaction that writes the alerts they are made of.
"""

import sqlite3
from collections.abc import Collection, Sequence

import msgspec

from alerts.model import Group, Incident, Judgement, Note
from monitor.store.database import Database
from monitor.store.ports import IncidentsWanted
from monitor.store.rows import encode

_decode_group = msgspec.json.Decoder(Group).decode
_decode_incident = msgspec.json.Decoder(Incident).decode

# What is in the body is looked at last: of each row that the columns leave, up to the limit.
_WANTED = """SELECT body FROM incidents WHERE opened_at_s >= :from_s AND opened_at_s < :to_s
    AND (:all_over OR closed_at_s IS NULL) AND (:all_open OR closed_at_s IS NOT NULL)
    AND (opened_at_s, id) < (:before_s, :before_id)
    AND (:severity = '' OR json_extract(CAST(body AS TEXT), '$.severity') = :severity)
    AND (:rule = ''
        OR EXISTS (SELECT 1 FROM json_each(CAST(body AS TEXT), '$.firing') WHERE value ->> '$.rule' = :rule)
        OR EXISTS (SELECT 1 FROM json_each(CAST(body AS TEXT), '$.resolved') WHERE value ->> '$.rule' = :rule))
    ORDER BY opened_at_s DESC, id DESC LIMIT :limit"""


def write_groups(writer: sqlite3.Connection, judgement: Judgement) -> None:
    """Write what a judgement says of groups and incidents."""
    writer.executemany("DELETE FROM groups WHERE key = ?", [(key,) for key in judgement.over])
    writer.executemany(
        "INSERT OR REPLACE INTO groups (key, body) VALUES (?, ?)",
        [(group.key, encode(group)) for group in judgement.groups],
    )
    writer.executemany(
        "INSERT OR REPLACE INTO incidents (id, opened_at_s, closed_at_s, said_at_s, body) VALUES (?, ?, ?, ?, ?)",
        [(each.id, each.started_at, each.ended_at, judgement.at, encode(each)) for each in judgement.incidents],
    )
    writer.executemany(
        "INSERT INTO notes (at_s, fingerprint, group_key, text) VALUES (?, ?, ?, ?)",
        [(note.at, note.fingerprint, note.group, note.text) for note in judgement.notes],
    )


class SqliteIncidents:
    """Groups and incidents on SQLite (`monitor.store.ports.IncidentHistory`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_groups(self) -> Sequence[Group]:
        """Return every group that there is."""
        return [_decode_group(body) for (body,) in await self._database.read("SELECT body FROM groups")]

    async def incidents(self, wanted: IncidentsWanted) -> Sequence[Incident]:
        """Return the incidents that are wanted, the latest first."""
        before_s, before_id = wanted.before or (float("inf"), "")
        asked = {
            "from_s": wanted.from_s,
            "to_s": wanted.to_s,
            "all_over": not wanted.is_open_only,
            "all_open": not wanted.is_over_only,
            "severity": wanted.severity,
            "rule": wanted.rule,
            "before_s": before_s,
            "before_id": before_id,
            "limit": wanted.limit,
        }
        rows = await self._database.read(_WANTED, asked)
        return [_decode_incident(body) for (body,) in rows]

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, as it stood when something was last said of it."""
        rows = await self._database.read("SELECT body FROM incidents WHERE id = ?", (incident_id,))
        return _decode_incident(rows[0][0]) if rows else None

    async def incidents_of(self, groups: Collection[str], from_s: float, to_s: float) -> Sequence[Incident]:
        """Return the incidents of groups that went on at some time in [from_s, to_s), oldest first."""
        rows = await self._database.read(
            "SELECT body FROM incidents WHERE opened_at_s < ? AND (closed_at_s IS NULL OR closed_at_s >= ?)"
            " ORDER BY opened_at_s, id",
            (to_s, from_s),
        )
        return [each for (body,) in rows if (each := _decode_incident(body)).group in groups]

    async def notes(self, fingerprint: str, from_s: float, to_s: float, limit: int) -> Sequence[Note]:
        """Return at most `limit` notes on an alert in [from_s, to_s), oldest first."""
        rows = await self._database.read(
            "SELECT at_s, fingerprint, group_key, text FROM notes"
            " WHERE fingerprint = ? AND at_s >= ? AND at_s < ? ORDER BY at_s, id LIMIT ?",
            (fingerprint, from_s, to_s, limit),
        )
        return [Note(*row) for row in rows]

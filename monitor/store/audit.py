"""How is it kept who changed what?  Row by row: the schema itself refuses to have one rewritten."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import astuple

from monitor.store.database import Database
from monitor.store.ports import AuditEntry, AuditSearch

_COLUMNS = "at_ms, who, role, way, place, did, status, request_id"


class SqliteAudit:
    """The audit log on SQLite (`monitor.store.ports.AuditLog`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> int:
        """Write down that somebody does something; return its number."""
        statement = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - of constants

        def write(writer: sqlite3.Connection) -> int:
            return int(writer.execute(statement, astuple(entry)).lastrowid or 0)

        return await self._database.write(write)

    async def conclude(self, number: int, status: int) -> None:
        """Add what came of it, once."""
        statement = "UPDATE audit SET status = ? WHERE id = ? AND status IS NULL"
        await self._database.write(lambda writer: writer.execute(statement, (status, number)).rowcount)

    async def find(self, search: AuditSearch) -> Sequence[tuple[int, AuditEntry]]:
        """Return entries with their numbers, the latest first."""
        rows = await self._database.read(
            f"SELECT id, {_COLUMNS} FROM audit WHERE at_ms >= :from_ms AND at_ms < :to_ms"  # noqa: S608 - of constants
            " AND (:who = '' OR who = :who) AND (:way = '' OR way = :way) AND instr(did, :did)"
            " AND (NOT :is_failed_only OR status IS NULL OR status >= 400)"
            " AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
            {
                "from_ms": search.from_ms,
                "to_ms": search.to_ms,
                "who": search.who,
                "way": search.way,
                "did": search.did,
                "is_failed_only": search.is_failed_only,
                "before": search.before,
                "limit": search.limit,
            },
        )
        return [(number, AuditEntry(*values)) for number, *values in rows]

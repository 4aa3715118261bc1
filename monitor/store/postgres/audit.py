"""How is it kept who changed what?  Row by row: the schema itself refuses to have one rewritten."""

from collections.abc import Sequence

from msgspec.structs import astuple

from monitor.store.ports import AuditEntry, AuditSearch
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database

_COLUMNS = "at_ms, who, role, way, place, did, status, request_id"


class PostgresAudit:
    """The audit log on PostgreSQL (`monitor.store.ports.AuditLog`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> int:
        """Write down that somebody does something; return its number."""
        statement = f"INSERT INTO audit ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"  # noqa: S608

        async def add(connection: Connection) -> int:
            return int(await connection.fetchval(statement, *astuple(entry)))

        return await self._database.write(add)

    async def conclude(self, number: int, status: int) -> None:
        """Add what came of it, once."""

        async def conclude(connection: Connection) -> None:
            await connection.execute("UPDATE audit SET status = $1 WHERE id = $2 AND status IS NULL", status, number)

        await self._database.write(conclude)

    async def find(self, search: AuditSearch) -> Sequence[tuple[int, AuditEntry]]:
        """Return entries with their numbers, the latest first."""
        rows = await self._database.read(
            f"SELECT id, {_COLUMNS} FROM audit WHERE at_ms >= $1 AND at_ms < $2"  # noqa: S608  # of constants
            " AND ($3 = '' OR who = $3) AND ($4 = '' OR way = $4) AND position($5::text IN did) > 0"
            " AND (NOT $6::boolean OR status IS NULL OR status >= 400)"
            " AND ($7::bigint IS NULL OR id < $7) ORDER BY id DESC LIMIT $8",
            search.from_ms,
            search.to_ms,
            search.who,
            search.way,
            search.did,
            search.is_failed_only,
            search.before,
            search.limit,
        )
        return [(number, AuditEntry(*values)) for number, *values in rows]

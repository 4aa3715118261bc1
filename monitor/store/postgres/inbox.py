"""How does what one replica was told reach the one that can do it?  As a row, which is gone when it is done."""

from collections.abc import Sequence

from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.shared import Letter


class PostgresInbox:
    """The inbox on PostgreSQL (`monitor.store.shared.Inbox`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, body: bytes) -> int:
        """Keep something until it is done; return its number."""

        async def put(connection: Connection) -> int:
            return int(await connection.fetchval("INSERT INTO inbox (body) VALUES ($1) RETURNING number", body))

        return await self._database.write(put)

    async def waiting(self, limit: int) -> Sequence[Letter]:
        """Return at most so many that wait, in the order in which they came."""
        rows = await self._database.read("SELECT number, body FROM inbox ORDER BY number LIMIT $1", limit)
        return [Letter(number, body) for number, body in rows]

    async def waits(self, number: int) -> bool:
        """Whether it still waits to be done."""
        return bool(await self._database.read("SELECT 1 FROM inbox WHERE number = $1", number))

    async def done(self, number: int) -> None:
        """Say that it is done."""

        async def delete(connection: Connection) -> None:
            await connection.execute("DELETE FROM inbox WHERE number = $1", number)

        await self._database.write(delete)

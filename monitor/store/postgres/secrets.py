"""How do replicas agree on the secrets that they make up?  The first one to write it down made it."""

from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database


class PostgresSecrets:
    """Secrets on PostgreSQL (`monitor.store.ports.Secrets`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """Return the secret of a name: the one there is, or `fresh`, which it is from now on."""
        known = await self._database.read("SELECT value FROM secrets WHERE name = $1", name)
        if known:
            return bytes(known[0][0])

        async def settle(connection: Connection) -> bytes:
            # Of two at a time the second waits here for the first, and gets what that one wrote.
            value = await connection.fetchval(
                "INSERT INTO secrets (name, value) VALUES ($1, $2)"
                " ON CONFLICT (name) DO UPDATE SET value = secrets.value RETURNING value",
                name,
                fresh,
            )
            return bytes(value)

        return await self._database.write(settle)

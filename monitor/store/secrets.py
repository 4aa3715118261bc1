"""How are the secrets kept that the daemon makes up for itself?  One row for each, made once and never changed."""

from monitor.store.database import Database


class SqliteSecrets:
    """Secrets on SQLite (`monitor.store.ports.Secrets`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """Return the secret of a name: the one there is, or `fresh`, which it is from now on."""
        known = await self._known(name)
        if known is not None:
            return known  # without a write: a disk may be full when a daemon starts
        statement = "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        await self._database.write(lambda writer: writer.execute(statement, (name, fresh)).rowcount)
        return await self._known(name) or fresh

    async def _known(self, name: str) -> bytes | None:
        rows = await self._database.read("SELECT value FROM secrets WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else None

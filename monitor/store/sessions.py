"""How are login sessions kept?  By the hash of their cookie only, so that the file opens no door."""

from monitor.store.database import Database


class SqliteSessions:
    """Login sessions on SQLite (`monitor.store.ports.SessionStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_session(self, token_hash: str, expires_at_s: float) -> None:
        """Remember a session."""
        statement = "INSERT OR REPLACE INTO login_sessions (token_hash, expires_at_s) VALUES (?, ?)"
        await self._database.write(lambda writer: writer.execute(statement, (token_hash, expires_at_s)).rowcount)

    async def has_session(self, token_hash: str, now_s: float) -> bool:
        """Whether the session exists and has not expired."""
        rows = await self._database.read(
            "SELECT 1 FROM login_sessions WHERE token_hash = ? AND expires_at_s > ?", (token_hash, now_s)
        )
        return bool(list(rows))

    async def remove_session(self, token_hash: str) -> None:
        """Forget a session."""
        statement = "DELETE FROM login_sessions WHERE token_hash = ?"
        await self._database.write(lambda writer: writer.execute(statement, (token_hash,)).rowcount)

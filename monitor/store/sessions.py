"""How are login sessions kept?  By the hash of their cookie only, so that the file opens no door."""

from monitor.roles import Role
from monitor.store.database import Database
from monitor.store.ports import Session


class SqliteSessions:
    """Login sessions on SQLite (`monitor.store.ports.SessionStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_session(self, token_hash: str, session: Session) -> None:
        """Remember a session."""
        row = (token_hash, session.expires_at_s, session.name, session.role.value, session.proof)
        statement = (
            "INSERT OR REPLACE INTO login_sessions (token_hash, expires_at_s, name, role, proof) VALUES (?, ?, ?, ?, ?)"
        )
        await self._database.write(lambda writer: writer.execute(statement, row).rowcount)

    async def session(self, token_hash: str, now_s: float) -> Session | None:
        """Return the session, if there is one that has not expired."""
        rows = await self._database.read(
            "SELECT name, role, proof, expires_at_s FROM login_sessions WHERE token_hash = ? AND expires_at_s > ?",
            (token_hash, now_s),
        )
        return next((Session(name, Role(role), proof, expires_at_s) for name, role, proof, expires_at_s in rows), None)

    async def remove_session(self, token_hash: str) -> bool:
        """Forget a session; return whether there was one."""
        statement = "DELETE FROM login_sessions WHERE token_hash = ?"
        return await self._database.write(lambda writer: writer.execute(statement, (token_hash,)).rowcount) > 0

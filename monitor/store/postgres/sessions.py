"""How do replicas know who is logged in?  By the hash of the cookie, so that the database opens no door."""

from monitor.roles import Role
from monitor.store.ports import Session
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database

_ADD = """
INSERT INTO login_sessions (token_hash, expires_at_s, name, role, proof) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (token_hash) DO UPDATE SET
    expires_at_s = excluded.expires_at_s, name = excluded.name, role = excluded.role, proof = excluded.proof
"""


class PostgresSessions:
    """Login sessions on PostgreSQL (`monitor.store.ports.SessionStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_session(self, token_hash: str, session: Session) -> None:
        """Remember a session."""
        row = (token_hash, session.expires_at_s, session.name, session.role.value, session.proof)

        async def add(connection: Connection) -> None:
            await connection.execute(_ADD, *row)

        await self._database.write(add)

    async def session(self, token_hash: str, now_s: float) -> Session | None:
        """Return the session, if there is one that has not expired."""
        rows = await self._database.read(
            "SELECT name, role, proof, expires_at_s FROM login_sessions WHERE token_hash = $1 AND expires_at_s > $2",
            token_hash,
            now_s,
        )
        return next((Session(name, Role(role), proof, expires_at_s) for name, role, proof, expires_at_s in rows), None)

    async def remove_session(self, token_hash: str) -> bool:
        """Forget a session; return whether there was one."""

        async def remove(connection: Connection) -> bool:
            done = await connection.execute("DELETE FROM login_sessions WHERE token_hash = $1", token_hash)
            return count_of(done) > 0

        return await self._database.write(remove)

"""How do replicas share what may be asked of Twilio?  By a row for each budget, and by the server's clock.

Whoever takes from it locks the row; so it is worth taking some requests at a time.
"""

from typing import Any

from monitor.store.granting import Bucket, granted, paused
from monitor.store.leases import Allowance, Grant
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database

_MAKE = "INSERT INTO budgets (name) VALUES ($1) ON CONFLICT (name) DO NOTHING"
_LOCK = "SELECT tokens, at_s, not_before_s FROM budgets WHERE name = $1 FOR UPDATE"
_NOW = "SELECT extract(epoch FROM clock_timestamp())::double precision"
_KEEP = "UPDATE budgets SET tokens = $2, at_s = $3, not_before_s = $4 WHERE name = $1"


class PostgresBudget:
    """What may still be asked, of all replicas together (`monitor.store.leases.RequestBudget`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, wanted: int, allowance: Allowance) -> Grant:
        """Take as many of the requests that are wanted as there are, at once; what is not sent is lost."""

        async def take(connection: Connection) -> Grant:
            kept, now_s = await _held(connection, name)
            after, grant = granted(kept, wanted, allowance, now_s)
            await connection.execute(_KEEP, name, after.tokens, after.at_s, after.not_before_s)
            return grant

        return await self._database.write(take)

    async def pause(self, name: str, pause_s: float) -> None:
        """Grant none to anybody for so long, as whoever is asked demanded; of two pauses the one that ends later."""

        async def pause(connection: Connection) -> None:
            kept, now_s = await _held(connection, name)
            after = paused(kept, pause_s, now_s)
            await connection.execute(_KEEP, name, after.tokens, after.at_s, after.not_before_s)

        await self._database.write(pause)


async def _held(connection: Connection, name: str) -> tuple[Bucket | None, float]:
    """Return a bucket that nobody else changes until we are done, and what time it is since then."""
    row: Any = await connection.fetchrow(_LOCK, name)
    if row is None:
        await connection.execute(_MAKE, name)
        row = await connection.fetchrow(_LOCK, name)
    now_s = float(await connection.fetchval(_NOW))
    tokens, at_s, not_before_s = row
    return (None if at_s is None else Bucket(tokens, at_s, not_before_s)), now_s

"""How are error budgets kept?  By step, so that only what has changed is written; whoever counts them last is right."""

from collections.abc import Sequence

from monitor.error_budgets import Kept
from monitor.slo import Step
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.slo import KEPT_FOR_S

_SAVE = """
INSERT INTO slo_steps (width_s, at_s, objective, whose, good, bad) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (width_s, at_s, objective, whose) DO UPDATE SET good = excluded.good, bad = excluded.bad
"""


class PostgresSlos:
    """What error budgets count, on PostgreSQL (`monitor.store.ports.SloStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, kept: Sequence[Kept], now_s: float) -> None:
        """Save steps as they stand now, and drop those that no window reaches any more."""
        # Sorted: of two replicas at a time neither waits for the other while the other waits for it.
        rows = sorted((*step[:2], objective, whose, *step[2:]) for objective, whose, step in kept)
        old = [(width_s, now_s - kept_for_s) for width_s, kept_for_s in KEPT_FOR_S.items()]

        async def save(connection: Connection) -> None:
            await connection.executemany(_SAVE, rows)
            await connection.executemany("DELETE FROM slo_steps WHERE width_s = $1 AND at_s < $2::float8", old)

        await self._database.write(save)

    async def load(self) -> Sequence[Kept]:
        """Return the steps that were saved, in the order of time."""
        rows = await self._database.read(
            "SELECT objective, whose, width_s, at_s, good, bad FROM slo_steps ORDER BY width_s, at_s"
        )
        return [Kept(objective, whose, Step(*step)) for objective, whose, *step in rows]

"""How are error budgets kept over a restart?  By step, so that only what has changed is written."""

import sqlite3
from collections.abc import Sequence

from monitor.error_budgets import Kept
from monitor.objectives import BUDGET_DAYS, DAY_S, HOUR_S, LONGEST_WINDOW_S, MINUTE_S
from monitor.slo import Step
from monitor.store.database import Database

#: A step is dropped a day after the longest window that it could be part of.
KEPT_FOR_S = {MINUTE_S: LONGEST_WINDOW_S + DAY_S, HOUR_S: (BUDGET_DAYS + 1) * DAY_S}


class SqliteSlos:
    """What error budgets count, on SQLite (`monitor.store.ports.SloStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, kept: Sequence[Kept], now_s: float) -> None:
        """Save steps as they stand now, and drop those that no window reaches any more."""
        rows = [(*step[:2], objective, whose, *step[2:]) for objective, whose, step in kept]
        old = [(width_s, now_s - kept_for_s) for width_s, kept_for_s in KEPT_FOR_S.items()]

        def write(writer: sqlite3.Connection) -> None:
            writer.executemany("INSERT OR REPLACE INTO slo_steps VALUES (?, ?, ?, ?, ?, ?)", rows)
            writer.executemany("DELETE FROM slo_steps WHERE width_s = ? AND at_s < ?", old)

        await self._database.write(write)

    async def load(self) -> Sequence[Kept]:
        """Return the steps that were saved, in the order of time."""
        rows = await self._database.read(
            "SELECT objective, whose, width_s, at_s, good, bad FROM slo_steps ORDER BY width_s, at_s"
        )
        return [Kept(objective, whose, Step(*step)) for objective, whose, *step in rows]

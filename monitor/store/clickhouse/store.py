"""How do samples and rollups in ClickHouse come together?"""

import asyncio
from typing import Self

from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.rollups import ClickHouseRollups
from monitor.store.clickhouse.samples import ClickHouseSamples
from monitor.store.clickhouse.schema import PLAIN, Engine, migrate
from monitor.store.scopes import SCOPES, Scopes
from monitor.store.segments import SegmentedLog


class ClickHouseHistory:
    """What was measured, and what it adds up to, beside a log that is somewhere else."""

    def __init__(self, clickhouse: Client, log: SegmentedLog, scopes: Scopes = SCOPES) -> None:
        self._clickhouse = clickhouse
        turn = asyncio.Lock()  # of those who move samples, or drop them: one at a time
        self.samples = ClickHouseSamples(clickhouse, log, scopes, turn)
        self.rollups = ClickHouseRollups(clickhouse, log, scopes, turn)

    @classmethod
    async def open(cls, address: Address, log: SegmentedLog, engine: Engine = PLAIN, scopes: Scopes = SCOPES) -> Self:
        """Bring the tables up to date.

        Raises:
            StoreFailed: ClickHouse does not answer, or its tables are those of a newer Roomwatch.
        """
        clickhouse = Client(address)
        try:
            await migrate(clickhouse, engine)
        except BaseException:
            await clickhouse.close()
            raise
        return cls(clickhouse, log, scopes)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._clickhouse.close()

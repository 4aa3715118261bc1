"""How do samples and rollups in ClickHouse come together?"""

import asyncio
from typing import Self

from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.rollup_writing import last_segment
from monitor.store.clickhouse.rollups import ClickHouseRollups
from monitor.store.clickhouse.samples import ClickHouseSamples
from monitor.store.clickhouse.schema import PLAIN, Engine, migrate
from monitor.store.ports import StoreFailed
from monitor.store.scopes import SCOPES, Scopes
from monitor.store.segments import SegmentedLog


class ClickHouseHistory:
    """What was measured, and what it adds up to, beside a log that is somewhere else.

    Before the tables are prepared nothing is settled, and what the log has is told as while ClickHouse is away.
    """

    def __init__(self, clickhouse: Client, log: SegmentedLog, scopes: Scopes = SCOPES) -> None:
        self._clickhouse = clickhouse
        self._log = log
        turn = asyncio.Lock()  # of those who move samples, or drop them: one at a time
        self.samples = ClickHouseSamples(clickhouse, log, scopes, turn)
        self.rollups = ClickHouseRollups(clickhouse, log, scopes, turn)

    @classmethod
    async def open(cls, address: Address, log: SegmentedLog, engine: Engine = PLAIN, scopes: Scopes = SCOPES) -> Self:
        """Open a ClickHouse that must be there, and prepare it.

        Raises:
            StoreFailed: it does not answer, or is not ours.
        """
        history = cls(Client(address), log, scopes)
        try:
            await history.prepare(engine)
        except BaseException:
            await history.close()
            raise
        return history

    async def prepare(self, engine: Engine = PLAIN) -> None:
        """Bring the tables up to date, and see that they are of this log.

        Raises:
            StoreFailed: ClickHouse does not answer, or its tables are those of a newer Roomwatch, or of another log.
        """
        await migrate(self._clickhouse, engine)
        last = await last_segment(self._clickhouse)
        async with self._log.moment() as moment:
            if last >= moment.before:  # what it numbers anew would be taken for what is there
                raise StoreFailed(
                    f"ClickHouse: expected a log that goes on after segment {last}, got one that goes on with"
                    f" {moment.before}; where it was brought back from a backup, let its numbers begin higher"
                )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._clickhouse.close()

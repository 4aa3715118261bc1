"""How do samples and rollups in ClickHouse come together?"""

import asyncio
from collections.abc import Collection
from typing import Self

from monitor.store.clickhouse import erasure
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.forgetting import forget_where, forget_who
from monitor.store.clickhouse.rollup_writing import last_segment
from monitor.store.clickhouse.rollups import ClickHouseRollups
from monitor.store.clickhouse.samples import ClickHouseSamples
from monitor.store.clickhouse.schema import PLAIN, Engine, NotOurs, migrate
from monitor.store.forgotten import StandIn
from monitor.store.person import Person
from monitor.store.scopes import SCOPES, Scopes
from monitor.store.segments import SegmentedLog


class ClickHouseHistory:
    """What was measured, and what it adds up to, beside a log that is somewhere else.

    ClickHouse may be away.  Before the tables are prepared nothing is settled, and what the log has is told as while
    ClickHouse is away; whoever settles prepares them.
    """

    def __init__(
        self,
        clickhouse: Client,
        log: SegmentedLog,
        scopes: Scopes = SCOPES,
        engine: Engine = PLAIN,
        turn: asyncio.Lock | None = None,
    ) -> None:
        self._clickhouse = clickhouse
        self._log = log
        self._scopes = scopes
        self._engine = engine
        self._turn = turn or asyncio.Lock()  # of those who move samples, or drop them: one at a time
        self._is_prepared = False
        self.samples = ClickHouseSamples(clickhouse, log, scopes, self._turn, self._be_ready)
        self.rollups = ClickHouseRollups(clickhouse, log, scopes, self._turn)

    @classmethod
    async def open(cls, address: Address, log: SegmentedLog, engine: Engine = PLAIN, scopes: Scopes = SCOPES) -> Self:
        """Open a ClickHouse that must be there, and prepare it.

        Raises:
            StoreFailed: it does not answer, or is not ours.
        """
        history = cls(Client(address), log, scopes, engine)
        try:
            await history.prepare()
        except BaseException:
            await history.close()
            raise
        return history

    def over(self, log: SegmentedLog) -> "ClickHouseHistory":
        """Return the same history over another way to the same log; it need not be closed."""
        return ClickHouseHistory(self._clickhouse, log, self._scopes, self._engine, self._turn)

    async def prepare(self) -> None:
        """Bring the tables up to date, and see that they are of this log.

        Raises:
            NotOurs: its tables are those of a newer Roomwatch, or of another log.
            StoreFailed: ClickHouse does not answer, or does not do it.
        """
        await migrate(self._clickhouse, self._engine)
        last = await last_segment(self._clickhouse)
        async with self._log.moment() as moment:
            if last >= moment.before:  # what it numbers anew would be taken for what is there
                raise NotOurs(
                    f"ClickHouse: expected a log that goes on after segment {last}, got one that goes on with"
                    f" {moment.before}; where it was brought back from a backup, let its numbers begin higher"
                )
        self._is_prepared = True

    async def _be_ready(self) -> None:
        if not self._is_prepared:
            await self.prepare()

    # --- what is to be forgotten ----------------------------------------------------------------------------

    async def forget(self, who_before_ms: int, where_before_ms: int, stand_in: StandIn) -> dict[str, int]:
        """Forget who measured something and from where, on days that were over before a moment; rows stay.

        Returns:
            Of how many rows each was forgotten.

        Raises:
            StoreFailed: not all of it is forgotten.
        """
        async with self._turn:
            await self._be_ready()
            async with self._log.moment() as moment:
                who = await forget_who(self._clickhouse, moment, who_before_ms, stand_in)
            return {"identities": who, "addresses": await forget_where(self._clickhouse, where_before_ms)}

    async def sids_of(self, names: Collection[str]) -> set[str]:
        """Return the participant SIDs under which somebody of these names measured something."""
        await self._be_ready()
        return await erasure.sids_of(self._clickhouse, names)

    async def rooms_of(self, person: Person) -> set[str]:
        """Return the rooms in which a person measured something."""
        return await erasure.rooms_of(self._clickhouse, person)

    async def count(self, person: Person) -> dict[str, int]:
        """Return how many rows of each kind are about a person."""
        return await erasure.count(self._clickhouse, person)

    async def erase_samples(self, person: Person) -> None:
        """Erase all about a person but the rows that their names lead to."""
        async with self._turn:
            await erasure.erase_samples(self._clickhouse, person)

    async def erase_names(self, person: Person) -> None:
        """Erase who they were, when nothing else is left that only this leads to."""
        async with self._turn:
            await erasure.erase_names(self._clickhouse, person)

    async def rooms_told_by(self, text: str) -> Collection[str]:
        """Return the rooms in which somebody measured something under this name or SID."""
        found = await self._clickhouse.query(
            "SELECT DISTINCT room FROM series"
            " WHERE participant = {text:String} OR tupleElement(identity, 2) = {text:String}",
            {"text": text},
        )
        return list(found[0]) if found else []

    async def size_bytes(self) -> int:
        """Return what the tables take on ClickHouse's disk."""
        found = await self._clickhouse.query(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase()"
        )
        return int(found[0][0] or 0) if found else 0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._clickhouse.close()

"""How do PostgreSQL and ClickHouse become the one memory of several replicas?

What must be true is in PostgreSQL, the log of everything accepted included; what is counted is moved from there to
ClickHouse, a segment of the log at a time.  So what is acknowledged depends on PostgreSQL alone: while ClickHouse is
away the log grows, and answers about what was measured say what is missing in them (`monitor.store.ports.Lacking`).
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from logging import getLogger
from typing import TYPE_CHECKING, Self

from monitor.store.backfilling import CarriedRollups, CarriedSamples
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.schema import PLAIN, Engine, NotOurs
from monitor.store.clickhouse.store import ClickHouseHistory
from monitor.store.keeping import Keeping
from monitor.store.leases import Lease
from monitor.store.person import Person
from monitor.store.ports import Erased, Size, StoreFailed
from monitor.store.postgres.archive import PostgresArchive
from monitor.store.postgres.database import CONNECTIONS, TIMEOUT_S, Database
from monitor.store.postgres.erasure import erase, learn
from monitor.store.postgres.leases import fence
from monitor.store.postgres.moving import Backfill, refuse_unfinished
from monitor.store.postgres.segments import PostgresSegments
from monitor.store.postgres.store import PostgresStore
from monitor.store.scopes import SCOPES, Scopes

__all__ = ["Address", "ClusterStore", "Engine"]  # all that it takes to open one

SIZE_WITHIN_S = 1.0  # scrapes ask for it, and must not wait for a ClickHouse that hangs

_log = getLogger(__name__)


class ClusterStore(PostgresStore):
    """The whole memory of several replicas (`monitor.store.ports.Store`)."""

    def __init__(
        self, database: Database, replica: str, segments: PostgresSegments, history: ClickHouseHistory
    ) -> None:
        super().__init__(database, replica)
        self._segments = segments
        self._history = history
        self._backfill = Backfill(database)
        self.samples = CarriedSamples(history.samples, self._backfill.lacks)
        self.rollups = CarriedRollups(history.rollups, self._backfill.lacks)
        self.archive = PostgresArchive(database, history.rooms_told_by, self._backfill.lacks)

    @classmethod
    async def connect(
        cls,
        postgres: str,
        clickhouse: Address,
        *,
        replica: str,
        engine: Engine = PLAIN,
        scopes: Scopes = SCOPES,
        connections: int = CONNECTIONS,
        timeout_s: float = TIMEOUT_S,
    ) -> Self:
        """Connect to the primary and to ClickHouse, which may be away, and bring both up to date.

        No other `replica` that lives may have the name of this one.  Samples are added up by the scopes given.

        Raises:
            SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
            StoreFailed: no primary can be reached, or what is there is not of this Roomwatch.
        """
        database = await Database.open(postgres, connections=connections, timeout_s=timeout_s)
        segments = PostgresSegments(database, replica)
        store = cls(database, replica, segments, ClickHouseHistory(Client(clickhouse), segments, scopes, engine))
        try:
            await store._prepare()
        except BaseException:
            await store.close()
            raise
        return store

    async def _prepare(self) -> None:
        try:
            await self._history.prepare()
        except NotOurs:
            raise
        except StoreFailed as error:
            _log.warning("what is measured stays in the log until ClickHouse answers: %s", error)

    def under(self, lease: Lease) -> "ClusterStore":
        """Return this store for whoever has a duty: what is written there is refused once somebody else has it."""
        database = self._database.fenced(fence(lease))
        segments = self._segments.on(database)
        return ClusterStore(database, self._replica, segments, self._history.over(segments))

    async def retain(self, now_ms: int, keeping: Keeping) -> Mapping[str, int]:
        """Drop or forget what is older than its class is kept; return of each class how many rows that were.

        What is in PostgreSQL goes first, also while ClickHouse is away.
        """
        bounds_ms = keeping.bounds_ms(now_ms)
        dropped = await super().retain(now_ms, keeping)
        await self._segments.drop_settled()
        raw = await self._history.samples.drop_before(bounds_ms["raw"])
        rollups = await self._history.rollups.drop_before(bounds_ms["rollups"])
        forgotten = await self._history.forget(bounds_ms["identities"], bounds_ms["addresses"], self._stand_in)
        there = {"raw": raw, "rollups": rollups, **forgotten}
        return {name: dropped.get(name, 0) + there.get(name, 0) for name in {**dropped, **there}}

    async def erase(self, names: Collection[str], *, is_dry_run: bool = False) -> Erased:
        """Erase everything about the person who had these identities; a dry run only counts it.

        Raises:
            StoreFailed: a replica lives, or not all was erased; erase again then.
        """
        if not is_dry_run:
            await self._refuse_replicas()
            await refuse_unfinished(self._database)
        sids = (await learn(self._database, names)).sids | await self._history.sids_of(names)
        person = Person(frozenset(names), frozenset(sids))
        rooms, counted = await self._history.rooms_of(person), await self._history.count(person)
        if not is_dry_run:
            await self._history.erase_samples(person)
        erased = await erase(self._database, names, is_dry_run=is_dry_run, sids=sids, rooms=rooms)
        if not is_dry_run:
            await self._history.erase_names(person)
        return Erased(erased.stays, {**erased.rows, **counted})

    async def _refuse_replicas(self) -> None:
        rows = await self._database.read(
            "SELECT holder FROM leases WHERE until > clock_timestamp()"
            " UNION SELECT name FROM replicas WHERE until > clock_timestamp() ORDER BY 1"
        )
        if rows:
            raise StoreFailed(
                f"expected all replicas to be stopped, got {', '.join(name for (name,) in rows)}, at work or stopped"
                " just now; nothing was erased"
            )

    async def size(self) -> Size:
        """Return what the databases take on both servers' disks; while ClickHouse is away, on PostgreSQL's."""
        size, elsewhere_bytes = await super().size(), 0
        with suppress(StoreFailed, TimeoutError):
            async with asyncio.timeout(SIZE_WITHIN_S):
                elsewhere_bytes = await self._history.size_bytes()
        return size._replace(
            database_bytes=size.database_bytes + elsewhere_bytes,
            unsettled_since_ms=await self._segments.unsettled_since_ms(),
        )

    async def close(self) -> None:
        """Finish what is under way and let go of the servers."""
        await self._history.close()
        await super().close()


if TYPE_CHECKING:
    from monitor.store.shared import SharedStore

    _SHARED: type[SharedStore] = ClusterStore  # what a replica is given (`monitor.company`) has all that it needs

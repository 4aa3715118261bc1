"""How does the file of one daemon get what is in a cluster, so that the daemon goes on from it?

While all replicas are stopped.  Segments that were sealed are settled first; then everything is read from both
databases into a new file (`monitor.store.moving_target`), of the log what is in no segment.  The cluster stays what it
is.  It is a new file each time, also where one was moved into the cluster: what was erased since is in that one still.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.store.clickhouse import returning as from_clickhouse
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.comparing import compare_rollups, compare_samples
from monitor.store.clickhouse.partitions import kept_since
from monitor.store.clickhouse.schema import Engine
from monitor.store.clickhouse.store import ClickHouseHistory
from monitor.store.cluster import ClusterStore
from monitor.store.cluster_moving import Tell
from monitor.store.comparing import Verified
from monitor.store.moving_source import TABLES, Source
from monitor.store.moving_target import Reach, Target
from monitor.store.ports import Resolve, StoreFailed
from monitor.store.postgres import returning as from_postgres
from monitor.store.postgres.database import Database
from monitor.store.postgres.moving import compare_tables
from monitor.store.postgres.returning import Standing
from monitor.store.postgres.segments import PostgresSegments
from monitor.store.scopes import Scopes

__all__ = ["Address", "Engine", "Returned", "Returning", "opened"]

_NAME = "copy"  # as which segments are claimed


class Returned(NamedTuple):
    """How many rows of each table, samples and rollups were written."""

    rows: dict[str, int]
    samples: int
    rollups: int


class Returning:
    """Both databases of a cluster whose replicas are stopped, as they are copied into a file."""

    def __init__(self, database: Database, clickhouse: Client, scopes: Scopes, engine: Engine) -> None:
        self._database = database
        self._clickhouse = clickhouse
        segments = PostgresSegments(database, _NAME)
        self.store = ClusterStore(database, _NAME, segments, ClickHouseHistory(clickhouse, segments, scopes, engine))

    async def copy(self, file: Path, resolve: Resolve, tell: Tell) -> Returned:
        """Write all that is in the cluster into a file that is not there yet.

        Raises:
            StoreFailed: a replica is at work, or something is not settled, or the file is there or cannot be written;
                there is no such file then.
        """
        with Target.written(file) as target:
            await self._settle(resolve)
            standing = await from_postgres.standing(self._database)
            if standing.unsettled:
                raise StoreFailed(
                    f"{self._database.where}: expected all segments to be settled, got {standing.unsettled} that are"
                    " not; nothing was copied"
                )
            copied = Returned(
                await self._rows(target, standing, tell),
                await self._samples(target, standing, tell),
                await self._rollups(target, tell),
            )
            raw_since_ms = max(standing.raw_since_ms, await kept_since(self._clickhouse))
            last_audit_id = await from_postgres.last_audit_id(self._database)
            target.finish(Reach(standing.through, standing.sealed, raw_since_ms), last_audit_id)
            if await from_postgres.standing(self._database) != standing:
                raise StoreFailed(
                    f"{self._database.where}: expected no replica at work meanwhile, got one that was;"
                    " nothing was copied"
                )
        return copied

    async def _settle(self, resolve: Resolve) -> None:
        """Move the segments that are sealed; nothing is sealed for that."""
        if (await from_postgres.standing(self._database)).unsettled:
            await from_postgres.let_go(self._database)
        await self.store.samples.settle(0, 0, resolve)

    async def _rows(self, target: Target, standing: Standing, tell: Tell) -> dict[str, int]:
        expected, counted = await from_postgres.count(self._database), dict[str, int]()
        for table in TABLES:
            counted[table] = 0
            columns = target.columns(table)
            async for page in from_postgres.rows(self._database, table, columns, standing.sealed):
                await asyncio.to_thread(target.add_rows, table, page)
                counted[table] += len(page)
                tell("rows", len(page), expected)
        return counted

    async def _samples(self, target: Target, standing: Standing, tell: Tell) -> int:
        expected, count = await from_clickhouse.count_samples(self._clickhouse, standing.last_segment), 0
        async for some in from_clickhouse.lines(self._clickhouse, standing.last_segment):
            await asyncio.to_thread(target.add_lines, some)
            more = sum(line.samples.count for line in some)
            count += more
            tell("samples", more, expected)
        return count

    async def _rollups(self, target: Target, tell: Tell) -> int:
        expected, count = await from_clickhouse.count_rollups(self._clickhouse), 0
        async for some in from_clickhouse.rollups(self._clickhouse):
            await asyncio.to_thread(target.add_rollups, some)
            count += len(some)
            tell("rollups", len(some), expected)
        return count

    async def verify(self, file: Path, rollups_since_ms: int) -> Verified:
        """Compare a file that was copied with the cluster, both of which have been at rest since.

        Raises:
            StoreFailed: one of them has not, or a database does not answer.
        """
        with Source.opened(file) as source:
            standing, at = await from_postgres.standing(self._database), source.position
            if (at.through, at.settled, at.last_log_id) != (standing.through, standing.sealed, standing.last_id):
                raise StoreFailed(
                    f"{self._database.where}: expected {file} as it was copied from there, got another file, or one of"
                    " them has been written to since"
                )
            return Verified(
                await compare_tables(self._database, source),
                await compare_samples(self._clickhouse, source, standing.last_segment),
                await compare_rollups(self._clickhouse, source, rollups_since_ms, is_all=True),
            )


@asynccontextmanager
async def opened(postgres: str, clickhouse: Address, engine: Engine, scopes: Scopes) -> AsyncIterator[Returning]:
    """Connect to both databases, and bring them up to date.

    Raises:
        SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
        StoreFailed: one of them does not answer, or is one of something else.
    """
    database = await Database.open(postgres, connections=2)
    try:
        client = Client(clickhouse)
        try:
            yield Returning(database, client, scopes, engine)
        finally:
            await client.close()
    finally:
        await database.close()

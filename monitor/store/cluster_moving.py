"""How does a cluster get what was in the file of one daemon?

In two steps.  First what must be true, in one transaction, while neither is at work (`monitor.store.postgres.moving`);
then the history, while replicas take telemetry (`monitor.store.clickhouse.carrying`).  The file is only read.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.store.clickhouse import schema as clickhouse_schema
from monitor.store.clickhouse.carrying import carry_rollups, carry_samples, refuse_what_is_there
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.comparing import compare_rollups, compare_samples
from monitor.store.clickhouse.schema import Engine
from monitor.store.comparing import Verified
from monitor.store.lock import locked
from monitor.store.moving_source import TABLES, Source
from monitor.store.postgres import moving
from monitor.store.postgres.database import Database
from monitor.store.postgres.moving import Copied, compare_tables, has_gone_on, known_as, move_of

__all__ = ["Address", "Carried", "Copied", "Engine", "Moving", "Tell", "Verified", "opened"]

Tell = Callable[[str, int, int], None]  # of what, how many rows or samples more there are now, and of how many


class Carried(NamedTuple):
    """How many samples and rollups of the file are in the cluster now, and how many chunks and rollups were damaged."""

    samples: int
    rollups: int
    damaged: int


class Moving:
    """Both databases of a cluster, as a file is moved into them."""

    def __init__(self, database: Database, clickhouse: Client, where: str) -> None:
        self._database = database
        self._clickhouse = clickhouse
        self._where = where

    async def copy(self, file: Path, tell: Tell) -> Copied:
        """Copy what must be true from a file that no daemon has, into a cluster in which nothing is.

        Raises:
            StoreFailed: a daemon has the file, or something is in the cluster; nothing was copied.
        """
        with locked(file), Source.opened(file) as source:
            if await move_of(self._database) is None:
                await refuse_what_is_there(self._clickhouse, self._where)
            expected = sum(source.count(table) for table in TABLES)
            return await moving.copy(self._database, source, lambda rows: tell("rows", rows, expected))

    async def backfill(self, file: Path, tell: Tell) -> Carried:
        """Carry the history of the file that was copied, as far as that was not done.

        Raises:
            StoreFailed: it was not copied, or was written to since, or a database does not answer; to do it again goes
                on where this ended.
        """
        with Source.opened(file) as source:
            move = known_as(await move_of(self._database), source, self._database.where)
            rollups, samples = source.rollup_rows(), source.samples_before(source.position.last_chunk + 1)
            if move.is_finished:
                return Carried(samples, rollups, 0)
            damaged = await carry_rollups(self._clickhouse, source, lambda rows: tell("rollups", rows, rollups))
            tell("samples", samples - source.samples_before(move.chunks_from), samples)

            async def carried(chunks_from: int, count: int) -> None:
                await moving.carried(self._database, chunks_from)
                tell("samples", count, samples)

            damaged += await carry_samples(self._clickhouse, source, move.chunks_from, carried)
            await moving.finish(self._database)
            return Carried(samples, rollups, damaged)

    async def abandon(self, file: Path) -> None:
        """Say that what was not carried is not wanted.

        Raises:
            StoreFailed: the file was not copied.
        """
        with Source.opened(file) as source:
            known_as(await move_of(self._database), source, self._database.where)
            await moving.finish(self._database)

    async def verify(self, file: Path, rollups_since_ms: int) -> Verified:
        """Compare what was copied, as long as nothing was added to it, and what was carried, once all of it was.

        Raises:
            StoreFailed: the file was not copied, or was written to since, or a database does not answer.
        """
        with Source.opened(file) as source:
            move = known_as(await move_of(self._database), source, self._database.where)
            tables = samples = rollups = None
            if not await has_gone_on(self._database, move):
                tables = await compare_tables(self._database, source)
            if move.is_finished:
                samples = await compare_samples(self._clickhouse, source)
                rollups = await compare_rollups(self._clickhouse, source, rollups_since_ms)
            return Verified(tables, samples, rollups)


@asynccontextmanager
async def opened(postgres: str, clickhouse: Address, engine: Engine) -> AsyncIterator[Moving]:
    """Connect to both databases, and bring them up to date.

    Raises:
        SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
        StoreFailed: one of them does not answer, or is one of something else.
    """
    database = await Database.open(postgres, connections=2)
    try:
        client = Client(clickhouse)
        try:
            await clickhouse_schema.migrate(client, engine)
            yield Moving(database, client, str(clickhouse))
        finally:
            await client.close()
    finally:
        await database.close()

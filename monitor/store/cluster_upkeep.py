"""How are the databases of a cluster looked at and brought up to date, by whoever runs them?

Nothing here changes anything but `migrate`.
"""

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from monitor.store.clickhouse import schema as clickhouse_schema
from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.schema import Engine
from monitor.store.postgres import schema as postgres_schema
from monitor.store.postgres.database import Database
from monitor.store.schema import SchemaTooNew

__all__ = ["OfClickHouse", "OfPostgres", "inspect_clickhouse", "inspect_postgres", "migrate"]

SETTINGS = ("fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names", "wal_level")
_DURABLE = ("levels", "media", "minutes", "people", "series", "sketches")
_WINDOW = re.compile(r"\b(?:non_)?replicated_deduplication_window = (\d+)")


class OfPostgres(NamedTuple):
    """How a PostgreSQL is set; `ahead_s` is its clock less ours, give or take `unsure_s`.

    `standbys` are those that commits wait for and that are there; None: the user may not know.
    """

    version: int  # 150004 is 15.4
    settings: Mapping[str, str]
    standbys: int | None
    ahead_s: float
    unsure_s: float


class OfClickHouse(NamedTuple):
    """How a ClickHouse is set; of each table that counts, its engine and how many blocks it knows again."""

    version: str
    engines: Mapping[str, str]
    windows: Mapping[str, int]
    ahead_s: float
    unsure_s: float


async def inspect_postgres(address: str) -> OfPostgres:
    """Ask the primary how it is set.

    Raises:
        StoreFailed: no primary can be reached.
    """
    database = await Database.connect(address, connections=1)
    try:
        settings = await database.read("SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])", SETTINGS)
        standbys = await database.read("SELECT sync_state FROM pg_stat_replication")
        before_s = time.time()
        ((version, at_s),) = await database.read(
            "SELECT current_setting('server_version_num')::integer, extract(epoch FROM clock_timestamp())::float8"
        )
        after_s = time.time()
    finally:
        await database.close()
    states = [state for (state,) in standbys]
    synchronous = None if None in states else sum(state in ("sync", "quorum") for state in states)
    return OfPostgres(version, dict(map(tuple, settings)), synchronous, *_ahead(before_s, at_s, after_s))


async def inspect_clickhouse(address: Address) -> OfClickHouse:
    """Ask a ClickHouse how it is set.

    Raises:
        StoreFailed: it does not answer.
    """
    async with _client(address) as client:
        ((version,),) = await client.query("SELECT version()")
        before_s = time.time()
        ((at_ms,),) = await client.query("SELECT toUnixTimestamp64Milli(now64(3))")
        after_s = time.time()
        tables = await client.query(
            "SELECT name, engine, engine_full FROM system.tables"
            " WHERE database = currentDatabase() AND has({names:Array(String)}, name)",
            {"names": list(_DURABLE)},
        )
    rows = list(zip(*tables, strict=True))
    return OfClickHouse(
        str(version),
        {name: engine for name, engine, _ in rows},
        {name: int(told[1]) if (told := _WINDOW.search(full)) else 0 for name, _, full in rows},
        *_ahead(before_s, at_ms / 1000, after_s),
    )


def _ahead(before_s: float, at_s: float, after_s: float) -> tuple[float, float]:
    return at_s - (before_s + after_s) / 2, (after_s - before_s) / 2


# --- migrations -------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    where: str
    have: int
    names: Sequence[str]


async def migrate(postgres: str, clickhouse: Address, engine: Engine, *, is_dry_run: bool) -> AsyncIterator[str]:
    """Bring both databases up to date, or only say what that would take; yield a line for each thing that is so.

    Raises:
        SchemaTooNew: one of them is of a newer Roomwatch; nothing of it was changed.
        StoreFailed: one of them does not answer, or is one of something else, or refuses.
    """
    database = await Database.connect(postgres, connections=1)
    try:
        async with _client(clickhouse) as client:
            of_postgres, of_clickhouse = await _of_postgres(database), await _of_clickhouse(client, clickhouse)
            for line in _told(of_postgres, is_dry_run=is_dry_run):
                yield line
            if not is_dry_run:
                await database.migrate()
                yield f"{of_postgres.where}: schema {len(of_postgres.names)}"
            for line in _told(of_clickhouse, is_dry_run=is_dry_run):
                yield line
            if not is_dry_run:
                await clickhouse_schema.migrate(client, engine)
                yield f"{of_clickhouse.where}: schema {len(of_clickhouse.names)}"
    finally:
        await database.close()


def _told(step: _Step, *, is_dry_run: bool) -> list[str]:
    would = "would be done" if is_dry_run else "to do"
    due = step.names[step.have :]
    if not due:
        return [f"{step.where}: schema {step.have}, as this version has it"] if is_dry_run else []
    return [f"{step.where}: schema {step.have}, {would}: {name}" for name in due]


async def _of_postgres(database: Database) -> _Step:
    async with database.reading() as connection:
        have = await postgres_schema.version_of(connection, database.where) or 0
    return _known(_Step(database.where, have, postgres_schema.names()))


async def _of_clickhouse(client: Client, address: Address) -> _Step:
    have = 0 if await clickhouse_schema.is_empty(client) else await clickhouse_schema.version_of(client)
    return _known(_Step(str(address), have, clickhouse_schema.names()))


def _known(step: _Step) -> _Step:
    if step.have > len(step.names):
        raise SchemaTooNew(
            f"{step.where}: expected schema {len(step.names)} or older, got {step.have}; upgrade Roomwatch"
        )
    return step


@asynccontextmanager
async def _client(address: Address) -> AsyncIterator[Client]:
    client = Client(address)
    try:
        yield client
    finally:
        await client.close()

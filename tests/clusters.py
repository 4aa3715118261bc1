"""The store of a cluster for tests: a real PostgreSQL, and the engine of ClickHouse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from monitor.store.clickhouse.client import Address, Client
from monitor.store.cluster import ClusterStore
from monitor.store.scopes import SCOPES, Scopes
from tests.history_elsewhere import TABLES, UNSYNCED
from tests.postgres_server import PostgresServer

DATABASE = "of_a_cluster"
_NUMBERS_A_STORE = 10_000
_numbers = count(1)  # of all stores of a test run: they are settled in one ClickHouse, which knows repeats by number


@asynccontextmanager
async def opened(server: PostgresServer, port: int) -> AsyncIterator[ClusterStore]:
    """Give an empty store; whoever has it closes it."""
    async with emptied(server, port) as postgres:
        yield await connect(postgres, port)


@asynccontextmanager
async def emptied(server: PostgresServer, port: int) -> AsyncIterator[str]:
    """Give the address of a database with nothing in it, beside a ClickHouse with nothing in it."""
    async with server.emptied_database() as postgres:
        await let_numbers_begin(postgres)
        clickhouse = Client(Address("127.0.0.1", port))
        await clickhouse.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        for table in TABLES:
            await clickhouse.command(f"TRUNCATE TABLE IF EXISTS {DATABASE}.{table}")
        await clickhouse.close()
        yield postgres


def address(port: int) -> Address:
    """Return where the ClickHouse of stores is."""
    return Address("127.0.0.1", port, DATABASE)


async def connect(postgres: str, port: int, *, replica: str = "one", scopes: Scopes = SCOPES) -> ClusterStore:
    """Open the store of a replica."""
    return await ClusterStore.connect(postgres, address(port), replica=replica, engine=UNSYNCED, scopes=scopes)


async def let_numbers_begin(postgres: str) -> None:
    """Let segments be numbered from where none was before in this test run."""
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute("UPDATE segment_head SET last_number = $1", next(_numbers) * _NUMBERS_A_STORE)
    finally:
        await connection.close()

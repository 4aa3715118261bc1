"""A store in memory whose samples and rollups are in ClickHouse."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.schema import Engine
from monitor.store.clickhouse.store import ClickHouseHistory
from monitor.store.keeping import Keeping
from monitor.store.memory import MemoryStore
from tests.segments import MemorySegments

TABLES = ("series", "media", "levels", "minutes", "sketches", "people", "bounds")
UNSYNCED = Engine(is_synced=False)  # hundreds of tables for tests: what is on the disk is another test's


class StoreWithClickHouse(MemoryStore):
    """A memory store in which ClickHouse has the history."""

    history: ClickHouseHistory
    segments: MemorySegments

    @classmethod
    async def open(cls, address: Address) -> Self:
        store = cls()
        store.segments = MemorySegments(store)
        store.history = await ClickHouseHistory.open(address, store.segments, UNSYNCED)
        store.samples, store.rollups = store.history.samples, store.history.rollups
        return store

    async def retain(self, now_ms: int, keeping: Keeping) -> Mapping[str, int]:
        bounds_ms = keeping.bounds_ms(now_ms)
        dropped = await super().retain(now_ms, keeping)
        samples = await self.samples.drop_before(bounds_ms["raw"])
        rollups = await self.rollups.drop_before(bounds_ms["rollups"])
        return {**dropped, "raw": dropped["raw"] + samples, "rollups": rollups}

    async def close(self) -> None:
        await self.history.close()


@asynccontextmanager
async def opened(port: int) -> AsyncIterator[StoreWithClickHouse]:
    """Open such a store on an engine whose tables are empty."""
    address = Address("127.0.0.1", port, "roomwatch")
    client = Client(Address("127.0.0.1", port))
    await client.command("CREATE DATABASE IF NOT EXISTS roomwatch")
    store = await StoreWithClickHouse.open(address)
    for table in TABLES:
        await client.command(f"TRUNCATE TABLE roomwatch.{table}")
    await client.close()
    yield store
    await store.close()

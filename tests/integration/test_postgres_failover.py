"""The primary dies, its standby takes its place, and of what was acknowledged nothing is missing."""

import asyncio

import pytest

from monitor.store.ports import Entry, StoreFailed
from monitor.store.postgres.store import PostgresStore
from tests.builders import NOW_MS, batch, level
from tests.postgres_server import running_pair
from tests.stored import posts

pytestmark = pytest.mark.cluster

BEFORE, AFTER = 20, 20


class Client:
    """Posts what is numbered one after the other, each until it is told that it is stored."""

    def __init__(self, store: PostgresStore, session: str) -> None:
        self._store = store
        self._session = session
        self.acknowledged = 0
        self.failures: list[str] = []

    async def post(self) -> None:
        while True:
            told = batch(level(1), session=self._session, seq=self.acknowledged)
            try:
                await self._store.log.append([Entry(told)], NOW_MS)
            except StoreFailed as failed:
                self.failures.append(str(failed))
                await asyncio.sleep(0.05)
            else:
                self.acknowledged += 1


async def test_of_what_was_acknowledged_nothing_is_lost_when_the_primary_dies() -> None:
    with running_pair() as pair:
        stores = [await PostgresStore.open(pair.address, timeout_s=20.0) for _ in range(2)]
        clients = [Client(store, f"{number}-{each}") for number, store in enumerate(stores) for each in range(3)]
        posting = [asyncio.create_task(client.post()) for client in clients]
        await acknowledged(clients, BEFORE)
        await asyncio.to_thread(pair.fail_over)
        before = {client: client.acknowledged for client in clients}
        await acknowledged(clients, max(before.values()) + AFTER)
        for each in posting:
            each.cancel()
        await asyncio.gather(*posting, return_exceptions=True)
        stored = [(each.session, each.seq) for each in await posts(stores[1])]
        assert len(stored) == len(set(stored)), "something was stored twice"
        wanted = {(client._session, seq) for client in clients for seq in range(client.acknowledged)}
        assert wanted <= set(stored)
        assert all("PostgreSQL at " in failure or "PostgreSQL: " in failure for c in clients for failure in c.failures)
        for store in stores:
            await store.close()


async def acknowledged(clients: list[Client], number: int) -> None:
    async with asyncio.timeout(120):
        while min(client.acknowledged for client in clients) < number:
            await asyncio.sleep(0.02)

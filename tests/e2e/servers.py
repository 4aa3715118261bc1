"""The servers of a cluster for tests: one PostgreSQL and one engine of ClickHouse a process that runs tests.

They are started when the first test wants a cluster, and each cluster has databases of its own.
"""

import asyncio
import os
import tempfile
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from tests import clickhouse_engine
from tests.clickhouse_engine import Engine
from tests.postgres_server import PostgresServer, running_server

ON_CLUSTER = os.environ.get("ROOMWATCH_E2E_ON", "file") == "cluster"
Databases = dict[str, str]  # what `[cluster]` says of them


class Servers:
    """Both of them, as soon as somebody asks."""

    def __init__(self) -> None:
        self._life = ExitStack()
        self._numbers = count(1)
        self._both: tuple[PostgresServer, Engine] | None = None

    def databases(self) -> Databases:
        """Return new databases with nothing in them."""
        postgres, clickhouse = self._both = self._both or self._started()
        name, url = f"e2e_{next(self._numbers)}", f"http://127.0.0.1:{clickhouse.port}"
        aside(postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0"))
        aside(create_database(clickhouse.port, name))
        return {"postgres": postgres.address(name), "clickhouse": url, "clickhouse_database": name}

    def _started(self) -> tuple[PostgresServer, Engine]:
        folder = Path(self._life.enter_context(tempfile.TemporaryDirectory(prefix="clickhouse-")))
        clickhouse = self._life.enter_context(clickhouse_engine.running(folder / "data"))
        return self._life.enter_context(running_server()), clickhouse

    def close(self) -> None:
        """End them."""
        self._life.close()
        self._both = None


SERVERS = Servers()


async def create_database(port: int, name: str) -> None:
    """Have ClickHouse make a database."""
    from monitor.store.clickhouse.client import Address, Client  # noqa: PLC0415  # with a driver that not everybody has

    client = Client(Address("127.0.0.1", port))
    await client.command(f"CREATE DATABASE {name}")
    await client.close()


async def asked(address: str, question: str) -> Sequence[Any]:
    """Return what PostgreSQL answers."""
    connection = await asyncpg.connect(address)
    try:
        rows: Sequence[Any] = await connection.fetch(question)
        return rows
    finally:
        await connection.close()


def aside(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what comes of asynchronous work, wherever an event loop may be running already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()

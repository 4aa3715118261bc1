"""What the conformance suites run on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

EVERY_STORE = ("sqlite", "memory")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on every store; on PostgreSQL without ClickHouse where its suite is about ports that are there.

    A suite says so by `ON_POSTGRES = True`; a test in it that is about samples, too, by the marker `samples`.
    """
    if "store" in metafunc.fixturenames:
        stores: list[object] = [*EVERY_STORE]
        is_about_samples = metafunc.definition.get_closest_marker("samples") is not None
        if getattr(metafunc.module, "ON_POSTGRES", False) and not is_about_samples:
            stores.append(pytest.param("postgres", marks=pytest.mark.cluster))
        stores.append(pytest.param("cluster", marks=[pytest.mark.cluster, pytest.mark.clickhouse]))
        metafunc.parametrize("store", stores, indirect=True)


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Every store there is, empty."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            opened: Store = MemoryStore()
        elif request.param == "sqlite":
            opened = await SqliteStore.open(tmp_path / "roomwatch.db")
        elif request.param == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            opened = await stack.enter_async_context(server.store())
        else:
            engine = request.getfixturevalue("engine")
            from tests import clusters  # noqa: PLC0415  # needs both drivers

            server = request.getfixturevalue("postgres_server")
            opened = await stack.enter_async_context(clusters.opened(server, engine.port))
        yield opened
        await opened.close()

"""What the conformance suites run on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore

SUITES_OF_SAMPLES = {"test_sample_stores", "test_sample_ranges", "test_rollup_stores"}  # which ClickHouse fills, too

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

EVERY_STORE = ("sqlite", "memory")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on every store; on PostgreSQL or ClickHouse alone where its suite is about ports that are there.

    A suite says so by `ON_POSTGRES = True`; a test in it that is about samples, too, by the marker `samples`.
    """
    if "store" in metafunc.fixturenames:
        stores: list[object] = [*EVERY_STORE]
        is_about_samples = metafunc.definition.get_closest_marker("samples") is not None
        if getattr(metafunc.module, "ON_POSTGRES", False) and not is_about_samples:
            stores.append(pytest.param("postgres", marks=pytest.mark.cluster))
        if metafunc.module.__name__.rpartition(".")[2] in SUITES_OF_SAMPLES:
            stores.append(pytest.param("clickhouse", marks=pytest.mark.clickhouse))
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
        elif request.param == "cluster":
            engine = request.getfixturevalue("engine")
            from tests import clusters  # noqa: PLC0415  # needs both drivers

            server = request.getfixturevalue("postgres_server")
            opened = await stack.enter_async_context(clusters.opened(server, engine.port))
        else:
            engine = request.getfixturevalue("engine")
            from tests import history_elsewhere  # noqa: PLC0415  # needs the driver

            yield await stack.enter_async_context(history_elsewhere.opened(engine.port))
            return
        yield opened
        await opened.close()

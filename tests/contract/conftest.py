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
    """Run a test on every store; on PostgreSQL where its suite says that the ports it is about are there.

    A suite says so by `ON_POSTGRES = True`; a test in it that is about samples, too, by the marker `samples`.
    """
    if "store" in metafunc.fixturenames:
        has_ports = getattr(metafunc.module, "ON_POSTGRES", False)
        is_about_samples = metafunc.definition.get_closest_marker("samples") is not None
        postgres = [pytest.param("postgres", marks=pytest.mark.cluster)] if has_ports and not is_about_samples else []
        metafunc.parametrize("store", [*EVERY_STORE, *postgres], indirect=True)


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Every store there is, empty."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            opened: Store = MemoryStore()
        elif request.param == "sqlite":
            opened = await SqliteStore.open(tmp_path / "roomwatch.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            opened = await stack.enter_async_context(server.store())
        yield opened
        await opened.close()

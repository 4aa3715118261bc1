"""What the conformance suites run on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore
from tests import clickhouse_engine

SUITES_OF_SAMPLES = {"test_sample_stores", "test_sample_ranges", "test_rollup_stores"}  # which ClickHouse fills, too


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each suite on every store there is of its sort."""
    if "store" in metafunc.fixturenames:
        stores = [*("sqlite", "memory")]
        if metafunc.module.__name__.rpartition(".")[2] in SUITES_OF_SAMPLES:
            stores.append(pytest.param("clickhouse", marks=pytest.mark.cluster))
        metafunc.parametrize("store", stores, indirect=True)


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clickhouse_engine.Engine]:
    """The engine of ClickHouse, behind its HTTP interface."""
    with clickhouse_engine.running(tmp_path_factory.mktemp("clickhouse") / "data") as engine:
        yield engine


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Every store there is, empty."""
    if request.param == "clickhouse":
        engine = request.getfixturevalue("clickhouse")
        from tests import history_elsewhere  # noqa: PLC0415  # needs the driver

        async with history_elsewhere.opened(engine.port) as with_clickhouse:
            yield with_clickhouse
        return
    opened: Store = MemoryStore() if request.param == "memory" else await SqliteStore.open(tmp_path / "roomwatch.db")
    yield opened
    await opened.close()

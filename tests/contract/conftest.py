"""What the conformance suites run on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Every store there is, empty."""
    opened: Store = MemoryStore() if request.param == "memory" else await SqliteStore.open(tmp_path / "roomwatch.db")
    yield opened
    await opened.close()

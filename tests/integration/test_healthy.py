"""Whoever looks after the daemon from outside is told the truth, cheaply."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.healthy import fault_at, fault_of
from tests.conftest import Start


async def test_a_daemon_at_work_is_found_by_its_database(start: Start, tmp_path: Path) -> None:
    database = tmp_path / "roomwatch.db"
    running = await start(storage={"path": str(database)})
    assert await asyncio.to_thread(fault_of, database) is None
    running.daemon.is_ready = False
    fault = await asyncio.to_thread(fault_of, database) or ""
    assert fault.endswith("/-/ready to answer 200, got 503: expected to be ready, and am not")


async def test_a_daemon_at_work_is_found_by_its_address(start: Start) -> None:
    running = await start()
    assert await asyncio.to_thread(fault_at, f"{running.private}/") is None
    running.daemon.is_ready = False
    assert "/-/ready to answer 200, got 503" in (await asyncio.to_thread(fault_at, running.private) or "")
    await running.stop()
    assert "refused" in (fault_at(running.private) or "")


async def test_a_daemon_that_has_stopped_is_not_at_work(start: Start, tmp_path: Path) -> None:
    database = tmp_path / "roomwatch.db"
    running = await start(storage={"path": str(database)})
    access = (tmp_path / "roomwatch.db.access").read_bytes()
    await running.stop()
    assert fault_of(database) == f"expected a daemon that serves {database}, found none"
    (tmp_path / "roomwatch.db.access").write_bytes(access)  # as one leaves it that was killed
    assert "refused" in (fault_of(database) or "")


@pytest.mark.parametrize("left", [b"", b"{}", b"[]", b'{"url": "nowhere", "token": ""}'])
def test_a_word_that_nobody_of_ours_left_is_no_daemon(left: bytes, tmp_path: Path) -> None:
    (tmp_path / "roomwatch.db.access").write_bytes(left)
    assert fault_of(tmp_path / "roomwatch.db") is not None


def test_asking_loads_nothing_that_takes_long(tmp_path: Path) -> None:
    told = "import sys, monitor.healthy; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert not {"aiohttp", "msgspec", "numpy", "pydantic", "twilio"} & set(done.stdout.split())

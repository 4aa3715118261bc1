"""What if the daemon finds a disk that cannot be written, or a database that something has written over?"""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store.sqlite import SqliteStore
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.fault_table import Observe
from tests.small_disk import small_disk

pytestmark = pytest.mark.crash

DISK_BYTES = 64_000_000
PAGE_BYTES = 16_384
WAY_BACK = "roomwatch restore"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_BYTES) as mounted:
        yield mounted


def forbid_writing(disk: Path) -> None:
    subprocess.run(("mount", "-o", "remount,ro", str(disk)), check=True)


async def refusal(folder: Path, database: Path) -> str:
    """Start a daemon that cannot start, and return what it says."""
    given = settings(public={"port": free_port()}, storage={"path": str(database), "reserve_bytes": 0}, accounts=[])
    daemon = await DaemonProcess.spawn(write_config(folder / "config.toml", given))
    try:
        assert await daemon.ended() == 1, daemon.said
    finally:
        await daemon.kill()
    return daemon.said


async def made(database: Path) -> None:
    """Make a database, with everything in the one file."""
    await (await SqliteStore.open(database)).close()


def root_of(database: Path, table: str) -> int:
    """Return where in the file a table begins."""
    with closing(sqlite3.connect(database)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
    return (int(page) - 1) * PAGE_BYTES


def write_over(database: Path, at: int, size_bytes: int) -> None:
    with database.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * size_bytes)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "the header": lambda database: write_over(database, 0, 100),
    "the schema": lambda database: write_over(database, 100, PAGE_BYTES - 100),
    "the rooms": lambda database: write_over(database, root_of(database, "rooms"), PAGE_BYTES),
    "the end": lambda database: os.truncate(database, 10 * PAGE_BYTES),
}


@pytest.mark.fault(
    "database on a disk mounted read-only, at the start",
    expected="exit code 1 and one line that names the file and what is wrong",
)
async def test_a_daemon_that_cannot_write_its_database_says_so_in_a_line_and_ends(
    tmp_path: Path, disk: Path, observed: Observe
) -> None:
    database = disk / "roomwatch.db"
    await made(database)
    forbid_writing(disk)
    said = await refusal(tmp_path, database)
    assert len(said.strip().splitlines()) == 1, said
    assert str(database) in said
    assert "ead-only" in said
    observed(said.strip().replace(str(disk), "DISK"))


@pytest.mark.fault(
    "database written over or cut short, at the start",
    expected="exit code 1, and a last line that names the file, what is wrong and the way back",
)
async def test_a_daemon_whose_database_is_damaged_says_so_with_the_way_back_and_ends(
    tmp_path: Path, observed: Observe
) -> None:
    for number, (what, damage) in enumerate(DAMAGES.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        database = folder / "roomwatch.db"
        await made(database)
        damage(database)
        *logged, said = (await refusal(folder, database)).strip().splitlines()
        assert all("level=error" in line and WAY_BACK in line for line in logged), (what, logged)
        assert "roomwatch.db" in said
        assert WAY_BACK in said, (what, said)
    observed(f"{', '.join(DAMAGES)}: each refused, with the way back")

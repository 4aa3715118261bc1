"""Is a backup whole, wherever it is taken, and does it come back?"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from monitor.cli import main
from monitor.commands.options import CONFIG, FAILED, OK
from monitor.store.backup import back_up
from monitor.store.ports import Entry, StoreFailed
from monitor.store.restore import restore
from monitor.store.schema import SchemaTooNew, newest
from monitor.store.sqlite import SqliteStore
from tests.builders import INGEST_KEY, NOW_MS, batch, level, post, quality
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


async def filled(database: Path, posts: int = 3) -> Path:
    """Return a database with so many posts in it."""
    store = await SqliteStore.open(database)
    try:
        await store.log.append([Entry(batch(level(3), session="s", seq=seq)) for seq in range(posts)], NOW_MS)
    finally:
        await store.close()
    return database


def ids(database: Path) -> list[int]:
    """Return the ids of all events in the log."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT id, events FROM ingest_log ORDER BY id").fetchall()
    return [log_id for last, count in rows for log_id in range(last - count + 1, last + 1)]


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    return await filled(tmp_path / "roomwatch.db")


# --- backup ---


def test_a_backup_is_one_sound_file_that_only_its_owner_can_read(database: Path, tmp_path: Path) -> None:
    before = names(tmp_path)
    copy = back_up(database, tmp_path / "copy.db")
    assert (copy.file.name, copy.schema) == ("copy.db", newest())
    assert mode_of(copy.file) == 0o600
    assert copy.size_bytes == copy.file.stat().st_size
    assert ids(copy.file) == [1, 2, 3]
    made = names(tmp_path) - before - {"roomwatch.db-wal", "roomwatch.db-shm"}  # which SQLite makes in order to read
    assert made == {"copy.db"}


def test_a_backup_takes_neither_free_pages_nor_what_was_deleted(database: Path, tmp_path: Path) -> None:
    secret = b"somebody who is forgotten" * 10_000
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO alerts VALUES ('x', ?)", (secret,))
        connection.commit()
        connection.execute("DELETE FROM alerts")
    copy = back_up(database, tmp_path / "copy.db")
    assert copy.size_bytes < database.stat().st_size
    assert b"somebody who is forgotten" not in copy.file.read_bytes()


def test_the_backup_of_a_file_that_cannot_give_pages_back_can(tmp_path: Path, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;")
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    copy = back_up(database, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy.file)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_what_is_there_is_replaced_only_by_force(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("dear to somebody")
    with pytest.raises(StoreFailed, match="--force"):
        back_up(database, file)
    assert file.read_text() == "dear to somebody"
    assert ids(back_up(database, file, force=True).file) == [1, 2, 3]


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", ".lock", ".reserve"])
def test_no_force_overwrites_the_database_itself(database: Path, suffix: str, tmp_path: Path) -> None:
    link = tmp_path / "by-another-name"
    link.symlink_to(tmp_path)
    with pytest.raises(StoreFailed, match="expected another file than the database itself"):
        back_up(database, link / f"roomwatch.db{suffix}", force=True)


def test_there_has_to_be_something_to_back_up_and_somewhere_to_put_it(database: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"nothing\.db: expected a database, got nothing"):
        back_up(tmp_path / "nothing.db", tmp_path / "copy.db")
    with pytest.raises(StoreFailed, match="expected a folder that can be written, got No such file"):
        back_up(database, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StoreFailed, match="expected the name of a file, got a folder"):
        back_up(database, tmp_path, force=True)


def test_a_database_of_something_else_is_no_backup(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE contacts (name TEXT)")
    with pytest.raises(StoreFailed, match="got one of something else"):
        back_up(other, tmp_path / "copy.db")
    with pytest.raises(StoreFailed, match="got one of something else"):
        restore(other, tmp_path / "roomwatch.db", NOW)
    assert names(tmp_path) == {"other.db", "roomwatch.db.lock"}


def test_an_unsound_database_gives_no_backup(database: Path, tmp_path: Path) -> None:
    spoil(database)
    with pytest.raises(StoreFailed, match=r"malformed|expected a sound database"):
        back_up(database, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".*.part"))


def spoil(database: Path) -> None:
    """Overwrite every page of a file but the first."""
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(16_384)
        file.write(os.urandom(size - 16_384))


def test_the_commands_say_what_they_did(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path / "config.toml", settings(storage={"path": str(database)}))
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy), "--config", str(config)]) == OK
    assert f"{copy}: a backup of {database}" in capsys.readouterr().out
    assert main(["backup", str(copy), "--config", str(config)]) == FAILED
    assert "--force replaces it" in capsys.readouterr().err
    assert main(["restore", str(copy), "--config", str(config)]) == OK
    assert f"{database}: restored from {copy}" in capsys.readouterr().out


def test_where_nothing_is_kept_there_is_nothing_to_back_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path / "config.toml", settings())
    for command in ("backup", "restore"):
        assert main([command, str(tmp_path / "copy.db"), "--config", str(config)]) == CONFIG
        assert "storage.path: expected a file" in capsys.readouterr().err


# --- restore ---


async def test_what_was_there_gets_another_name_with_its_log(database: Path, tmp_path: Path) -> None:
    backup = back_up(database, tmp_path / "copy.db").file
    store = await SqliteStore.open(database)
    await store.log.append([Entry(batch(level(3), session="s", seq=7))], NOW_MS)
    for suffix in ("", "-wal", "-shm"):  # as a kill leaves them
        shutil.copy(f"{database}{suffix}", tmp_path / f"killed{suffix}")
    await store.close()
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"killed{suffix}").rename(f"{database}{suffix}")
    restored = restore(backup, database, NOW)
    assert restored.aside == tmp_path / "roomwatch.db.replaced-20261121T120000Z"
    assert not (tmp_path / "roomwatch.db-wal").exists(), "it would be read into the wrong file"
    assert ids(database) == [1, 2, 3]
    assert ids(restored.aside) == [1, 2, 3, 4]
    assert mode_of(database) == 0o600


async def test_a_restored_database_is_lived_on(database: Path, tmp_path: Path) -> None:
    backup = back_up(database, tmp_path / "copy.db").file
    other = tmp_path / "elsewhere" / "new.db"
    assert restore(backup, other, NOW).aside is None
    store = await SqliteStore.open(other)
    try:
        again = [Entry(batch(level(3), session="s", seq=seq)) for seq in (2, 3)]
        assert await store.log.append(again, NOW_MS) == [None, 4]
    finally:
        await store.close()


async def test_what_a_log_beside_the_backup_holds_is_restored_too(database: Path, tmp_path: Path) -> None:
    store = await SqliteStore.open(database)
    await store.log.append([Entry(batch(level(3), session="s", seq=7))], NOW_MS)
    for suffix in ("", "-wal"):
        shutil.copy(f"{database}{suffix}", tmp_path / f"taken-by-cp{suffix}")
    await store.close()
    restore(tmp_path / "taken-by-cp", tmp_path / "other.db", NOW)
    assert ids(tmp_path / "other.db") == [1, 2, 3, 4]


def test_an_unsound_or_newer_backup_leaves_the_database_alone(database: Path, tmp_path: Path) -> None:
    backup = back_up(database, tmp_path / "copy.db").file
    before = database.read_bytes()
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaTooNew, match="got 99"):
        restore(backup, database, NOW)
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute(f"PRAGMA user_version = {newest()}")
    spoil(backup)
    with pytest.raises(StoreFailed):
        restore(backup, database, NOW)
    backup.write_text("no database at all" * 1000)
    with pytest.raises(StoreFailed, match="got file is not a database"):
        restore(backup, database, NOW)
    assert database.read_bytes() == before
    assert not list(tmp_path.glob("*replaced*"))


def test_a_database_is_not_restored_from_itself(database: Path) -> None:
    with pytest.raises(StoreFailed, match="got the database itself"):
        restore(database, database, NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_is_the_daemons(database: Path, tmp_path: Path) -> None:
    backup = back_up(database, tmp_path / "copy.db").file
    os.chown(database, 12_345, 12_345)
    restore(backup, database, NOW)
    assert database.stat().st_uid == 12_345
    assert (tmp_path / "roomwatch.db.lock").stat().st_uid == 12_345
    assert backup.stat().st_uid == 0


# --- with a daemon ---


@pytest.fixture
async def daemons() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


class Site:
    """A daemon, and people who post to it as fast as it answers."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "roomwatch.db"
        self.port = free_port()
        self.taken = 0
        storage = {"path": str(self.database), "reserve_bytes": 1_000_000}
        self.config = write_config(
            folder / "config.toml", settings(public={"port": self.port}, storage=storage, accounts=[])
        )

    async def post_for_ever(self) -> None:
        url, headers = f"http://127.0.0.1:{self.port}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        async with aiohttp.ClientSession() as http:
            while True:
                report = post(quality(3), session="s", seq=self.taken)
                async with http.post(url, json=report, headers=headers) as answer:
                    assert answer.status == 202
                    self.taken += 1


async def test_a_backup_under_a_daemon_that_writes_is_one_moment_of_it(tmp_path: Path, daemons: AsyncExitStack) -> None:
    site = Site(tmp_path)
    daemon = await DaemonProcess.start(site.config)
    daemons.push_async_callback(daemon.kill)
    posting = asyncio.create_task(site.post_for_ever())
    for number in range(3):
        await asyncio.sleep(0.2)
        before = site.taken
        copy = await asyncio.to_thread(back_up, site.database, tmp_path / f"copy-{number}.db")
        found = ids(copy.file)
        assert before <= len(found) <= site.taken + 1
        assert found == list(range(1, len(found) + 1))
    posting.cancel()
    with suppress(asyncio.CancelledError):
        await posting


async def test_nothing_is_restored_under_a_daemon_and_a_killed_one_leaves_no_lock(
    tmp_path: Path, daemons: AsyncExitStack
) -> None:
    site = Site(tmp_path)
    daemon = await DaemonProcess.start(site.config)
    daemons.push_async_callback(daemon.kill)
    backup = back_up(site.database, tmp_path / "copy.db").file
    with pytest.raises(StoreFailed, match=f"alone, but process {daemon.pid} has it; stop that daemon first"):
        await asyncio.to_thread(restore, backup, site.database, NOW)
    await daemon.kill()
    assert restore(backup, site.database, NOW).aside is not None


async def test_a_second_daemon_on_a_database_ends_and_says_who_has_it(tmp_path: Path, daemons: AsyncExitStack) -> None:
    site = Site(tmp_path)
    daemon = await DaemonProcess.start(site.config)
    daemons.push_async_callback(daemon.kill)
    other = await DaemonProcess.spawn(site.config)
    daemons.push_async_callback(other.kill)
    assert await other.ended() == 1
    assert f"process {daemon.pid} has it; stop that daemon first" in other.said

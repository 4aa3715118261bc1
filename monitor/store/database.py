"""How is the SQLite file opened, written and brought up to date?

One connection writes, one reads.  Both live on threads of their own, so the event loop never waits for the disk.  The
write lock makes every transaction whole: nobody else's statements slip in between its first and its last.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Self

import aiosqlite

from monitor.store.ports import Size, StoreFailed

_BUSY_TIMEOUT_S = 10.0


class SchemaTooNew(Exception):
    """The file was written by a newer Roomwatch; using it could lose what this one does not understand."""


class Database:
    """An open file: `transaction()` to write, `read()` to query."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, synchronous: str = "full") -> Self:
        """Open or create the file and bring its schema up to date.

        Raises:
            SchemaTooNew: the file has a schema that this version does not know.
            StoreFailed: the file cannot be opened, or is not a database.
        """
        try:
            await asyncio.to_thread(_make_private_file, path)
            writer = await aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        except (OSError, sqlite3.Error) as error:
            raise StoreFailed(f"{path}: expected a writable database file, got {error}") from error
        try:
            await writer.executescript(
                f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 4000;"
            )
            await migrate(writer, path)
            reader = await aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        except BaseException as error:
            await writer.close()
            if isinstance(error, sqlite3.Error):
                raise StoreFailed(f"{path}: expected a Roomwatch database, got {error}") from error
            raise
        await reader.execute("PRAGMA query_only = ON")
        return cls(path, writer, reader)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Yield the writer inside a transaction that commits at the end, or leaves no trace of an error.

        Raises:
            StoreFailed: SQLite refused; nothing was kept.
        """
        async with self._lock:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.execute("COMMIT")
            except BaseException as error:
                await self._roll_back()
                if isinstance(error, sqlite3.Error):
                    raise StoreFailed(f"{self.path.name}: {error}") from error
                raise

    async def _roll_back(self) -> None:
        if self._writer.in_transaction:
            # Shielded: a cancelled caller must not leave its transaction open for the next one to inherit.
            await asyncio.shield(self._writer.rollback())

    async def read(self, sql: str, values: Sequence[Any] = ()) -> Iterable[sqlite3.Row]:
        """Return the rows of a query.

        Raises:
            StoreFailed: SQLite refused.
        """
        try:
            return await self._reader.execute_fetchall(sql, values)
        except sqlite3.Error as error:
            raise StoreFailed(f"{self.path.name}: {error}") from error

    def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        wal = self.path.with_name(self.path.name + "-wal")
        return Size(*(file.stat().st_size if file.exists() else 0 for file in (self.path, wal)))

    async def close(self) -> None:
        """Let go of the file, after the transaction under way."""
        async with self._lock:
            await self._reader.close()
            await self._writer.close()


def _make_private_file(path: Path) -> None:
    """Create the file for its owner only: it holds names and addresses of people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


async def migrate(writer: aiosqlite.Connection, path: Path) -> None:
    """Bring the schema up to date, one numbered file a transaction.

    Raises:
        SchemaTooNew: the file is ahead of this version.
    """
    scripts = _scripts()
    ((version,),) = await writer.execute_fetchall("PRAGMA user_version")
    if version > len(scripts):
        raise SchemaTooNew(f"{path}: expected schema {len(scripts)} or older, got {version}; upgrade Roomwatch")
    for number, script in enumerate(scripts[version:], start=version + 1):
        await writer.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _scripts() -> list[str]:
    folder = resources.files("monitor.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text(encoding="utf-8") for file in files]

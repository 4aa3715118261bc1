"""How is the SQLite file opened, written and brought up to date?

One thread writes, another reads, so the event loop never waits for the disk.  A piece of writing is a plain function of
the connection: it runs whole, inside a transaction, on the writing thread, and nobody else's statements slip in between
its first and its last.  One visit to that thread a transaction is also what makes a small commit cheap.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from monitor.store.fullness import checkpoint_pages, is_lack_of_room
from monitor.store.lock import Lock
from monitor.store.packing import pack
from monitor.store.ports import Size, StoreFailed, StoreFull
from monitor.store.reserve import Reserve
from monitor.store.schema import SchemaTooNew, check_is_ours, migrate

T = TypeVar("T")

_BUSY_TIMEOUT_S = 10.0
_PAGE_BYTES = 16_384


class Database:
    """An open file that no other process has: `write()` to change it, `read()` to query it."""

    def __init__(
        self,
        path: Path,
        lock: Lock,
        reserve: Reserve,
        writer: sqlite3.Connection,
        thread: ThreadPoolExecutor,
        reader: aiosqlite.Connection,
    ) -> None:
        self.path = path
        self.reserve = reserve
        self._lock = lock
        self._writer = writer
        self._thread = thread
        self._reader = reader

    @classmethod
    async def open(cls, path: Path, synchronous: str = "full", reserve_bytes: int = 0) -> Self:
        """Open or create the file and bring its schema up to date.

        Raises:
            SchemaTooNew: the file has a schema that this version does not know.
            StoreFailed: the file cannot be opened, another process has it, or it is not a database.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        loop, reserve = asyncio.get_running_loop(), Reserve(path, reserve_bytes)
        try:
            lock, writer = await loop.run_in_executor(thread, _open_alone, path, synchronous, reserve_bytes)
            await loop.run_in_executor(thread, reserve.hold)
            reader = await aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        await reader.execute("PRAGMA query_only = ON")
        return cls(path, lock, reserve, writer, thread, reader)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` inside a transaction and return what it returns; it is done whole or leaves no trace.

        It is done once more from the beginning where it found no room on the disk, and there is some now.

        Raises:
            StoreFailed: SQLite refused; nothing was kept.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, work)

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._transact(work)
        except StoreFull:
            self._make_room()
            return self._transact(work)

    def _make_room(self) -> None:
        self.reserve.let_go()
        with suppress(sqlite3.Error):
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")  # the write-ahead log begins anew in its old room

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        writer = self._writer
        try:
            writer.execute("BEGIN IMMEDIATE")
            result = work(writer)
            writer.execute("COMMIT")
        except BaseException as error:
            if writer.in_transaction:
                writer.rollback()
            if isinstance(error, sqlite3.Error):
                lacks_room = is_lack_of_room(getattr(error, "sqlite_errorname", ""))
                raise (StoreFull if lacks_room else StoreFailed)(f"{self.path.name}: {error}") from error
            raise
        return result

    async def alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do on the writing thread what cannot be done inside a transaction, such as `VACUUM`.

        Raises:
            StoreFailed: SQLite refused.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do_alone, work)

    def _do_alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._writer)
        except sqlite3.Error as error:
            raise StoreFailed(f"{self.path.name}: {error}") from error

    async def read(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Sequence[Any]:
        """Return the rows of a query.

        Raises:
            StoreFailed: SQLite refused.
        """
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise StoreFailed(f"{self.path.name}: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of its own to a thread that reads for longer than a query."""
        reader = sqlite3.connect(self.path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        try:
            reader.execute("PRAGMA query_only = ON")
            yield reader
        except sqlite3.Error as error:
            raise StoreFailed(f"{self.path.name}: {error}") from error
        finally:
            reader.close()

    async def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        wal = self.path.with_name(self.path.name + "-wal")
        database_bytes, wal_bytes = (file.stat().st_size if file.exists() else 0 for file in (self.path, wal))
        ((free_pages,),) = await self.read("PRAGMA freelist_count")
        ((page_bytes,),) = await self.read("PRAGMA page_size")
        return Size(database_bytes, wal_bytes, free_pages * page_bytes, self.reserve.is_full)

    async def close(self) -> None:
        """Let go of the file, after the transactions under way."""
        await self._reader.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown()
        self._lock.release()


def _open_alone(path: Path, synchronous: str, reserve_bytes: int) -> tuple[Lock, sqlite3.Connection]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFailed(f"{path}: expected a writable database file, got {error}") from error
    lock = Lock.take(path)
    try:
        return lock, _open_writer(path, synchronous, checkpoint_pages(reserve_bytes, _PAGE_BYTES))
    except BaseException:
        lock.release()
        raise


def _open_writer(path: Path, synchronous: str, log_pages: int) -> sqlite3.Connection:
    """Open the file for its owner only: it holds names and addresses of people."""
    try:
        path.touch(mode=0o600, exist_ok=True)
        writer = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
    except (OSError, sqlite3.Error) as error:
        raise StoreFailed(f"{path}: expected a writable database file, got {error}") from error
    try:
        check_is_ours(writer, path)
        writer.executescript(
            # Large pages suit a log of large rows, and free ones can be given back; a file that exists stays as it is.
            f"PRAGMA page_size = {_PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
            f"PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = {log_pages};"
        )
        writer.create_function("pack", 1, pack, deterministic=True)  # for migrations
        migrate(writer, path)
    except sqlite3.Error as error:
        writer.close()
        raise StoreFailed(f"{path}: expected a Roomwatch database, got {error}") from error
    except (SchemaTooNew, StoreFailed):
        writer.close()
        raise
    return writer

"""How is the SQLite file opened, written and brought up to date?

One thread writes, another reads, so the event loop never waits for the disk.  A piece of writing is a plain function of
the connection: it runs whole, inside a transaction, on the writing thread, and nobody else's statements slip in between
its first and its last.  One visit to that thread a transaction is also what makes a small commit cheap.
"""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from monitor.packing import pack
from monitor.store.copying import faults_in
from monitor.store.damage import Damages, said
from monitor.store.fullness import checkpoint_pages, is_lack_of_room
from monitor.store.lock import Lock
from monitor.store.ports import Size, StoreFailed, StoreFull, Writing
from monitor.store.refusals import is_of_the_disk
from monitor.store.reserve import Reserve
from monitor.store.schema import SchemaTooNew, check_is_ours, migrate
from monitor.store.worker import Worker

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_BUSY_TIMEOUT_S = 10.0
_PAGE_BYTES = 16_384
_LOG_HEADER_BYTES = 32
_LOG_SALTS = slice(12, 24)  # of that: the number of the checkpoint, and two salts


class Database:
    """An open file that no other process has: `write()` to change it, `read()` to query it."""

    def __init__(
        self,
        path: Path,
        lock: Lock,
        reserve: Reserve,
        writer: sqlite3.Connection,
        worker: Worker,
        reader: aiosqlite.Connection,
    ) -> None:
        self.path = path
        self.reserve = reserve
        self.damages = Damages(path.name)
        self.refusal = ""  # set by the thread that writes: why the disk takes nothing, in SQLite's words
        self._lock = lock
        self._writer = writer
        self._worker = worker
        self._reader = reader
        self._waiting = 0
        self._write_began_s: float | None = None
        self._writer_thread = 0
        self._log_number = _log_number(path)
        self._log_began_at_s: float | None = None

    @classmethod
    async def open(cls, path: Path, synchronous: str = "full", reserve_bytes: int = 0) -> Self:
        """Open or create the file and bring its schema up to date.

        Raises:
            SchemaTooNew: the file has a schema that this version does not know.
            StoreFailed: the file cannot be opened, another process has it, or it is not a database.
        """
        worker, reserve = Worker("writer"), Reserve(path, reserve_bytes)
        try:
            lock, writer = await worker.do(_open_alone, path, synchronous, reserve_bytes)
            await worker.do(reserve.hold)
            reader = await aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        except BaseException:
            worker.close()
            raise
        await reader.execute("PRAGMA query_only = ON")
        return cls(path, lock, reserve, writer, worker, reader)

    async def write(self, work: Work[T]) -> T:
        """Do `work` inside a transaction and return what it returns; it is done whole or leaves no trace.

        It is done once more from the beginning where it found no room on the disk, and there is some now.

        Raises:
            StoreFailed: SQLite refused; nothing was kept.
        """
        return await self._by_the_writer(self._write, work)

    async def try_disk(self) -> None:
        """Write something for real that changes nothing, and see whether the disk takes it; `refusal` tells.

        Raises:
            StoreFailed: it does not.
        """
        await self._by_the_writer(self._try_disk, _write_the_header_again)

    def _try_disk(self, work: Work[None]) -> None:
        self._write(work)
        self.refusal = ""  # the header counts as no change

    async def _by_the_writer(self, do: Callable[[Work[T]], T], work: Work[T]) -> T:
        self._waiting += 1
        try:
            return await self._worker.do(self._timed, do, work)
        finally:
            self._waiting -= 1

    def _timed(self, do: Callable[[Work[T]], T], work: Work[T]) -> T:
        self._writer_thread, self._write_began_s = threading.get_ident(), time.monotonic()
        try:
            return do(work)
        finally:
            self._write_began_s = None

    @property
    def writing(self) -> Writing:
        """Return what is written just now, and how many wait behind it."""
        began_s = self._write_began_s
        return Writing(max(0, self._waiting - (began_s is not None)), began_s, self._writer_thread)

    def _write(self, work: Work[T]) -> T:
        try:
            return self._transact(work)
        except StoreFull:
            self._make_room()
            return self._transact(work)

    def _make_room(self) -> None:
        self.reserve.let_go()
        with suppress(sqlite3.Error):
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")  # the write-ahead log begins anew in its old room

    def _transact(self, work: Work[T]) -> T:
        writer = self._writer
        changes_before = writer.total_changes
        try:
            writer.execute("BEGIN IMMEDIATE")
            result = work(writer)
            writer.execute("COMMIT")
        except BaseException as error:
            if writer.in_transaction:
                writer.rollback()
            if isinstance(error, sqlite3.Error):
                self.damages.meet(error)
                name = getattr(error, "sqlite_errorname", "")
                if is_of_the_disk(name):
                    self.refusal = str(error)
                lacks_room = is_lack_of_room(name)
                raise (StoreFull if lacks_room else StoreFailed)(f"{self.path.name}: {said(error)}") from error
            raise
        if writer.total_changes > changes_before:  # one that changed nothing has not been to the disk
            self.refusal = ""
        return result

    async def alone(self, work: Work[T]) -> T:
        """Do on the writing thread what cannot be done inside a transaction, such as `VACUUM`.

        Raises:
            StoreFailed: SQLite refused.
        """
        return await self._by_the_writer(self._do_alone, work)

    def _do_alone(self, work: Work[T]) -> T:
        try:
            return work(self._writer)
        except sqlite3.Error as error:
            self.damages.meet(error)
            raise StoreFailed(f"{self.path.name}: {said(error)}") from error

    async def read(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Sequence[Any]:
        """Return the rows of a query.

        Raises:
            StoreFailed: SQLite refused.
        """
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            self.damages.meet(error)
            raise StoreFailed(f"{self.path.name}: {said(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of its own to a thread that reads for longer than a query."""
        reader = sqlite3.connect(self.path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)
        try:
            reader.execute("PRAGMA query_only = ON")
            yield reader
        except sqlite3.Error as error:
            self.damages.meet(error)
            raise StoreFailed(f"{self.path.name}: {said(error)}") from error
        finally:
            reader.close()

    async def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        wal = _log_of(self.path)
        if (number := _log_number(self.path)) != self._log_number:
            self._log_number, self._log_began_at_s = number, time.time()
        database_bytes, wal_bytes = (file.stat().st_size if file.exists() else 0 for file in (self.path, wal))
        ((free_pages,),) = await self.read("PRAGMA freelist_count")
        ((page_bytes,),) = await self.read("PRAGMA page_size")
        disk_free_bytes = shutil.disk_usage(self.path.parent).free
        free_bytes, is_full = free_pages * page_bytes, self.reserve.is_full
        return Size(
            database_bytes,
            wal_bytes,
            free_bytes,
            is_full,
            disk_free_bytes,
            self._log_began_at_s,
            self.damages.count,
        )

    def look_for_damage(self, patience_s: float) -> None:
        """Have SQLite look over one table after the other, each for so long; what takes longer is left out.

        For a thread of its own.  What is found is met like any other damage.

        Raises:
            StoreFailed: the tables cannot be told.
        """
        with self.reading() as reader:
            for (table,) in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                for fault in _faults_of(reader, table, patience_s):
                    self.damages.find(fault)

    async def close(self) -> None:
        """Let go of the file, after the transactions under way."""
        await self._reader.close()
        await self._worker.do(self._writer.close)
        self._worker.close()
        self._lock.release()


def _faults_of(reader: sqlite3.Connection, table: str, patience_s: float) -> list[str]:
    alarm = threading.Timer(patience_s, reader.interrupt)
    alarm.start()
    try:
        return faults_in(reader, "quick_check", table)
    except sqlite3.OperationalError:
        return []
    finally:
        alarm.cancel()
        alarm.join()  # so that it interrupts nothing that comes after


def _write_the_header_again(writer: sqlite3.Connection) -> None:
    # SQLite writes the page, whatever the number was before.
    ((version,),) = writer.execute("PRAGMA user_version").fetchall()
    writer.execute(f"PRAGMA user_version = {int(version)}")


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _log_number(path: Path) -> bytes:
    """Return by what one write-ahead log differs from the one before: salts in its header, new each time it begins."""
    try:
        with _log_of(path).open("rb") as log:
            return log.read(_LOG_HEADER_BYTES)[_LOG_SALTS]
    except OSError:
        return b""


def _open_alone(path: Path, synchronous: str, reserve_bytes: int) -> tuple[Lock, sqlite3.Connection]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFailed(f"{path}: expected a writable database file, got {error}") from error
    lock = Lock.take(path)
    try:
        return lock, open_writer(path, synchronous, checkpoint_pages(reserve_bytes, _PAGE_BYTES))
    except BaseException:
        lock.release()
        raise


def open_writer(path: Path, synchronous: str, log_pages: int) -> sqlite3.Connection:
    """Open or create a file that nobody else has, for its owner only: it holds names and addresses of people.

    Raises:
        SchemaTooNew: the file has a schema that this version does not know.
        StoreFailed: it cannot be opened, or is not a database of ours.
    """
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
        raise StoreFailed(f"{path}: expected a Roomwatch database, got {said(error)}") from error
    except (SchemaTooNew, StoreFailed):
        writer.close()
        raise
    return writer

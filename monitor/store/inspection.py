"""What can be told of a database from outside, whether a daemon has it or not?

Everything is read and nothing is changed: no migration, no file that was not there.  A check that would take too long
is broken off.
"""

import sqlite3
import stat
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from monitor.store.copying import faults_in, opened_to_read
from monitor.store.lock import holder
from monitor.store.ports import StoreFailed
from monitor.store.schema import size_of, version_of

_INTERRUPTS_EVERY_S = 0.001


class Unsaved(NamedTuple):
    """What the log has beyond the saved picture: how many rows, and when the first of them came."""

    rows: int
    oldest_at_ms: int | None


class Inspection(NamedTuple):
    """A database as it was found; `faults` is None where there was no time to look for all of them."""

    holder: str | None
    schema: int
    mode: int
    size_bytes: int
    free_bytes: int
    wal_bytes: int
    faults: list[str] | None
    unsaved: Unsaved | None


def inspect(database: Path, patience_s: float) -> Inspection:
    """Look at a database that exists.

    Raises:
        SchemaTooNew: it is of a newer version.
        StoreFailed: it cannot be read, or is none of ours.
    """
    wal = database.resolve().with_name(database.resolve().name + "-wal")
    wal_bytes, held_by = wal.stat().st_size if wal.exists() else 0, holder(database)
    # Where nobody has the database and nothing waits in its log, SQLite need make no files beside it in order to read.
    with opened_to_read(database, at_rest=held_by is None and wal_bytes == 0) as connection:
        try:
            schema, faults = version_of(connection, database), _faults(connection, patience_s)
            unsaved = None if faults else _unsaved(connection)
            size_bytes, free_bytes = size_of(connection), _free_bytes(connection)
        except sqlite3.Error as error:
            raise StoreFailed(f"{database}: expected a readable Roomwatch database, got {error}") from error
    mode = stat.S_IMODE(database.stat().st_mode)
    return Inspection(held_by, schema, mode, size_bytes, free_bytes, wal_bytes, faults, unsaved)


def _faults(connection: sqlite3.Connection, patience_s: float) -> list[str] | None:
    is_done = Event()

    def break_off() -> None:
        is_done.wait(patience_s)
        while not is_done.wait(_INTERRUPTS_EVERY_S):  # one that comes before the check has begun is lost
            connection.interrupt()

    alarm = Thread(target=break_off)
    alarm.start()
    try:
        return faults_in(connection, "quick_check")
    except sqlite3.OperationalError:
        return None
    finally:
        is_done.set()
        alarm.join()  # so that it interrupts nothing that comes after


def _unsaved(connection: sqlite3.Connection) -> Unsaved:
    return Unsaved(
        *connection.execute(
            "SELECT COUNT(*), MIN(received_at_ms) FROM ingest_log WHERE id > (SELECT through FROM checkpoint)"
        ).fetchone()
    )


def _free_bytes(connection: sqlite3.Connection) -> int:
    ((pages,),), ((page_bytes,),) = connection.execute("PRAGMA freelist_count"), connection.execute("PRAGMA page_size")
    return int(pages * page_bytes)

"""How is a database copied while a daemon writes to it?

By `VACUUM INTO`, from a connection of its own that only reads.  It sees one moment of the file, however long it takes:
writers go on, and the write-ahead log keeps what they write until it is done.  SQLite's backup API would copy page by
page: it takes as long, begins anew whenever somebody writes unless it, too, keeps to one moment, and takes free pages
along, and with them what was deleted, which is not to live on in backups.  This copy has none.  It is one file without
a write-ahead log, and can give pages back later (`auto_vacuum = INCREMENTAL`) also where the source cannot.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from monitor.sizes import in_words
from monitor.store.ports import StoreFailed
from monitor.store.private_files import create_part
from monitor.store.schema import version_of

_STEPS_A_LOOK = 1_000  # of SQLite's machine, between two looks at how far the copy is
_FAULTS_NAMED = 3

Progress = Callable[[int, int], None]  # bytes copied, and bytes to copy
Check = Literal["quick_check", "integrity_check"]


def untold(done_bytes: int, wanted_bytes: int) -> None:
    """Tell nobody."""


class Copy(NamedTuple):
    """A copy of a database, whole and checked."""

    file: Path
    schema: int
    size_bytes: int


@contextmanager
def compact_copy(database: Path, beside: Path, check: Check, on_progress: Progress = untold) -> Iterator[Copy]:
    """Yield a checked copy under a passing name beside another file; it is gone at the end unless it was renamed.

    Raises:
        SchemaTooNew: the database is of a newer version.
        StoreFailed: it cannot be read or is not sound, or the copy cannot be written.
    """
    with opened_to_read(database) as source, _part(beside) as part:
        with understood(f"{database}: expected a readable Roomwatch database"):
            schema = version_of(source, database)
        with understood(f"{database}: expected to copy it to {beside.parent}"):
            _copy(source, part, on_progress)
        refuse_faults(part, database, check)
        yield Copy(part, schema, part.stat().st_size)


@contextmanager
def opened_to_read(
    database: Path, *, at_rest: bool = False, of_one_thread: bool = True
) -> Iterator[sqlite3.Connection]:
    """Open a database that exists, and change nothing; one `at_rest` is known to be changed by nobody else either.

    Raises:
        StoreFailed: there is none, or it cannot be read.
    """
    if not database.is_file():
        raise StoreFailed(f"{database}: expected a database, got {'no file' if database.exists() else 'nothing'}")
    address = f"{database.resolve().as_uri()}?mode=ro" + ("&immutable=1" if at_rest else "")
    with understood(f"{database}: expected a readable database"):
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=of_one_thread)
    with closing(connection):
        yield connection


def refuse_faults(copy: Path, database: Path, check: Check) -> None:
    """See whether a copy that nobody else has is sound.

    Raises:
        StoreFailed: it is not, which is the fault of what it was copied from.
    """
    with opened_to_read(copy, at_rest=True) as connection:
        faults = faults_in(connection, check)
    if faults:
        raise StoreFailed(f"{database}: expected a sound database, got {'; '.join(faults)}")


def faults_in(connection: sqlite3.Connection, check: Check, table: str = "") -> list[str]:
    """Return the first faults that SQLite finds in a database, or in one table of it."""
    try:
        found = connection.execute(f"PRAGMA {check}({table or _FAULTS_NAMED})")
        said = [text for (text,) in islice(found, _FAULTS_NAMED)]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            raise
        return [str(error)]  # so unsound that even the check gives up
    return [] if said == ["ok"] else said


@contextmanager
def understood(expected: str) -> Iterator[None]:
    """Say what was expected where SQLite refuses."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreFailed(f"{expected}, got {error}") from error


@contextmanager
def _part(beside: Path) -> Iterator[Path]:
    try:
        part = create_part(beside)
    except OSError as error:
        raise StoreFailed(f"{beside}: expected a folder that can be written, got {error.strerror}") from error
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, part: Path, on_progress: Progress) -> None:
    wanted_bytes = _bytes_in_use(source)
    free_bytes = shutil.disk_usage(part.parent).free
    if free_bytes < wanted_bytes:
        raise StoreFailed(
            f"{part.parent}: expected {in_words(wanted_bytes)} of free disk for the copy, got {in_words(free_bytes)}"
        )

    def look() -> int:
        on_progress(part.stat().st_size, wanted_bytes)
        return 0  # go on

    source.set_progress_handler(look, _STEPS_A_LOOK)
    ((auto_vacuum,),) = source.execute("PRAGMA auto_vacuum")
    if auto_vacuum == 0:
        source.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of the copy: the source, opened to read, stays as it is
    source.execute("VACUUM INTO ?", (str(part),))
    source.set_progress_handler(None, 0)


def _bytes_in_use(source: sqlite3.Connection) -> int:
    pages, free_pages, page_bytes = (
        source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free_pages) * page_bytes)

"""Which schema has a file, and how is it brought up to date?

One numbered file a transaction, forward only.  Before the first of them what is there is copied to
`NAME.schema-N.bak`, page by page, and kept: the way back to the version before.
"""

import shutil
import sqlite3
from contextlib import closing
from importlib import resources
from logging import getLogger
from pathlib import Path

from monitor.failures import Failure
from monitor.sizes import in_words
from monitor.store.ports import StoreFailed
from monitor.store.private_files import create_part, hand_over, put_in_place

_log = getLogger(__name__)

ROOM_FOR_MIGRATION = 2  # sizes of the database: one for the copy, and one for what a migration may write anew
_OURS = {"checkpoint", "outbox"}  # tables of every schema there has been
_SOMETHING_ELSE = "one of something else"


class SchemaTooNew(Failure):
    """The file was written by a newer Roomwatch; using it could lose what this one does not understand."""


def newest() -> int:
    """Return the schema that this version writes."""
    return len(_scripts())


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema of a Roomwatch database that has one.

    Raises:
        SchemaTooNew: this version does not know it.
        StoreFailed: it is a database of something else.
    """
    check_is_ours(connection, path)
    version = _version(connection)
    if version == 0 or not _tables(connection) >= _OURS:
        raise StoreFailed(f"{path}: expected a Roomwatch database, got {_SOMETHING_ELSE}")
    return version


def check_is_ours(connection: sqlite3.Connection, path: Path) -> None:
    """See that a file is new, or can be read here, before anything in it is changed.

    Raises:
        SchemaTooNew: the file is ahead of this version.
        StoreFailed: it is a database of something else.
    """
    version = _version(connection)
    if version > newest():
        raise SchemaTooNew(f"{path}: expected schema {newest()} or older, got {version}; upgrade Roomwatch")
    if version == 0 and _tables(connection):
        raise StoreFailed(f"{path}: expected a Roomwatch database, got {_SOMETHING_ELSE}")


def migrate(writer: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date, after a copy of what was there.

    Raises:
        StoreFailed: there is no room for the copy; nothing was changed.
    """
    version, scripts = _version(writer), _scripts()
    if 0 < version < len(scripts):
        _keep_a_copy(writer, path, version)
    for number, script in enumerate(scripts[version:], start=version + 1):
        writer.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def copy_before_migration(path: Path, version: int) -> Path:
    """Return where the file as it was is kept."""
    return path.with_name(f"{path.name}.schema-{version}.bak")


def size_of(connection: sqlite3.Connection) -> int:
    """Return how many bytes the pages of a database are."""
    ((pages,),), ((page_bytes,),) = connection.execute("PRAGMA page_count"), connection.execute("PRAGMA page_size")
    return int(pages * page_bytes)


def _keep_a_copy(writer: sqlite3.Connection, path: Path, version: int) -> None:
    wanted, free = ROOM_FOR_MIGRATION * size_of(writer), shutil.disk_usage(path.parent).free
    if free < wanted:
        raise StoreFailed(
            f"{path}: expected {in_words(wanted)} of free disk to go from schema {version} to {newest()},"
            f" half of it for a copy of the file as it is, got {in_words(free)}"
        )
    copy = copy_before_migration(path, version)
    part = create_part(copy)
    try:
        with closing(sqlite3.connect(part)) as target:
            target.execute("PRAGMA synchronous = OFF")  # it is synced as a whole before it gets its name
            writer.backup(target)
        hand_over(part, path)
        put_in_place(part, copy)
    finally:
        part.unlink(missing_ok=True)
    _log.info("schema %d becomes %d; the file as it was is kept as %s", version, newest(), copy)


def _version(connection: sqlite3.Connection) -> int:
    ((version,),) = connection.execute("PRAGMA user_version")
    return int(version)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _scripts() -> list[str]:
    folder = resources.files("monitor.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text(encoding="utf-8") for file in files]

"""How does a backup become the database?

Nothing is touched before a checked copy of the backup lies beside the database, and nothing is deleted: the old file
gets another name, with its write-ahead log, which holds a part of it.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from monitor.store.copying import compact_copy
from monitor.store.lock import locked
from monitor.store.ports import StoreFailed
from monitor.store.private_files import hand_over, put_in_place


class Restored(NamedTuple):
    """What was put in place, and where the old database is, if there was one."""

    schema: int
    size_bytes: int
    aside: Path | None


def restore(backup: Path, database: Path, now: datetime) -> Restored:
    """Put a backup in the place of a database that no daemon has.

    Raises:
        SchemaTooNew: the backup is of a newer version.
        StoreFailed: a daemon has the database, or the backup is not sound; all is as it was.
    """
    database = database.resolve()
    if backup.resolve() == database:
        raise StoreFailed(f"{backup}: expected a backup, got the database itself")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with locked(database), compact_copy(backup, database, "integrity_check") as copy:
            hand_over(copy.file, database)
            aside = _aside(database, now) if database.exists() else None
            put_in_place(copy.file, database)
    except OSError as error:
        raise StoreFailed(f"{database}: expected a place that can be written, got {error.strerror}") from error
    return Restored(copy.schema, copy.size_bytes, aside)


def _aside(database: Path, now: datetime) -> Path:
    """Give the database a second name, and its write-ahead log the name that goes with it.

    A link, so that its first name is never without a file: a daemon that came upon none would begin a new one.
    """
    aside = database.with_name(f"{database.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    os.link(database, aside)
    for suffix in ("-wal", "-shm"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside

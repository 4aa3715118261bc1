"""How is a backup made?  A checked copy under a passing name, given its own name when it is whole and on disk."""

from pathlib import Path

from monitor.store.copying import Copy, Progress, compact_copy, untold
from monitor.store.ports import StoreFailed
from monitor.store.private_files import put_in_place

_COMPANIONS = ("", "-wal", "-shm", ".lock", ".reserve")  # files that belong to a database


def back_up(database: Path, file: Path, *, force: bool = False, on_progress: Progress = untold) -> Copy:
    """Copy a database, also under a running daemon, to a file that only its owner can read.

    Args:
        database: what is copied.
        file: where to; nothing is there, or else it is replaced by `force`.
        force: replace what is there.
        on_progress: told now and then how far it is.

    Raises:
        SchemaTooNew: the database is of a newer version.
        StoreFailed: there is no backup, and what was at `file` is as it was.
    """
    refuse_its_own_files(database, file)
    refuse_to_overwrite(file, force=force)
    with compact_copy(database, file, "quick_check", on_progress) as copy:
        refuse_to_overwrite(file, force=force)  # somebody else may have been quicker
        try:
            put_in_place(copy.file, file)
        except OSError as error:
            raise StoreFailed(f"{file}: expected to write the backup, got {error.strerror}") from error
    return copy._replace(file=file)


def refuse_its_own_files(database: Path, file: Path) -> None:
    """See that a file is none of those that make up a database.

    Raises:
        StoreFailed: it is.
    """
    real = database.resolve()
    if file.resolve() in {real.with_name(real.name + suffix) for suffix in _COMPANIONS}:
        raise StoreFailed(f"{file}: expected another file than the database itself and what belongs to it")


def refuse_to_overwrite(file: Path, *, force: bool) -> None:
    """See that nothing is at a place, or that it may be replaced.

    Raises:
        StoreFailed: something is.
    """
    if file.is_dir():
        raise StoreFailed(f"{file}: expected the name of a file, got a folder")
    if file.exists() and not force:
        raise StoreFailed(f"{file}: expected a name that is free, got a file; --force replaces it")

"""Does the disk refuse what is written?  Pure.

SQLite fails for many reasons, most of which concern one statement.  These concern every write until somebody, or the
disk itself, puts it right: it is full, it was mounted read-only, it answers with errors, or it is not there any more.
"""

_OF_THE_DISK = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")


def is_of_the_disk(error_name: str) -> bool:
    """Whether a write that failed with this code of SQLite, by its name, failed because the disk takes none."""
    return error_name.startswith(_OF_THE_DISK)

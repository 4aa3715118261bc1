"""Who has the database?  One daemon at a time.

SQLite itself would let two in, and they would number the same log twice and page twice.  So whoever opens a database
to live on it locks a file beside it, `NAME.lock`.  The lock is the kernel's and ends with the process, however that
ends; the file stays and means nothing by itself.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from monitor.store.ports import StoreFailed
from monitor.store.private_files import hand_over

PATIENCE_S = 1.0  # a daemon that is just ending may still have it
_PAUSE_S = 0.05


class Lock:
    """The right to a database, held until released or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path, patience_s: float = PATIENCE_S) -> Self:
        """Wait for the lock, not for long, and take it.

        Raises:
            StoreFailed: another process has it, or there can be none here.
        """
        file = lock_file(database)
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreFailed(f"{file}: expected a writable folder, got {error.strerror}") from error
        try:
            hand_over(file, database.resolve())
            _wait_for(descriptor, database, patience_s)
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)  # for people: whom to ask
        return cls(descriptor)

    def release(self) -> None:
        """Let others have it."""
        os.close(self._descriptor)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Have the database to oneself for the length of a block."""
    lock = Lock.take(database)
    try:
        yield
    finally:
        lock.release()


def holder(database: Path) -> str | None:
    """Return which process has the database, or None if none does, as far as can be seen from here."""
    try:
        descriptor = os.open(lock_file(database), os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else _named(descriptor)
    finally:
        os.close(descriptor)


def lock_file(database: Path) -> Path:
    """Return the file that is locked: one for each database, by whichever name it is opened."""
    real = database.resolve()
    return real.with_name(real.name + ".lock")


def _wait_for(descriptor: int, database: Path, patience_s: float) -> None:
    give_up_at_s = time.monotonic() + patience_s
    while not _try(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= give_up_at_s:
            raise StoreFailed(
                f"{database}: expected to have the database alone, but {_named(descriptor)} has it;"
                " stop that daemon first"
            )
        time.sleep(_PAUSE_S)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StoreFailed(
            f"expected a file system with locks, got {error.strerror}: keep it on a local disk"
        ) from error
    return True


def _named(descriptor: int) -> str:
    said = os.pread(descriptor, 20, 0).strip()
    return f"process {said.decode()}" if said.isdigit() else "another process"

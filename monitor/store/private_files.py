"""How are files made that hold names and addresses of people, and how do they survive a power cut?

For their owner only.  What root makes beside a database of somebody else is given to that somebody: the daemon that
runs as that user must be able to open it.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def create_part(file: Path) -> Path:
    """Create an empty file beside `file` under a name that nobody else uses, to be renamed when it is whole."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", suffix=".part", dir=file.parent)  # with mode 0600
    os.close(descriptor)
    return Path(name)


def hand_over(file: Path, database: Path) -> None:
    """Give what root made to whoever owns the database, or its folder where there is none yet."""
    if os.geteuid() == 0:
        owner = (database if database.exists() else database.parent).stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def put_in_place(part: Path, file: Path) -> None:
    """Rename a file that is whole, so that even a power cut leaves the old one or the new one."""
    sync(part)
    part.replace(file)
    sync(file.parent)


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Give an empty file beside `file`, which takes its place at the end; where that is not reached, it is gone."""
    part = create_part(file)
    try:
        yield part
        put_in_place(part, file)
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the disk write a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What is still written when the disk is full?

Alerts, who is owed a word, and callbacks: a file beside the database, `NAME.reserve`, holds some room on the disk that
is let go when a write finds none.  Telemetry, which is most of what is written and which its senders send again, is
refused from that moment until there is room for the reserve and more; then it is taken back.
"""

import os
import shutil
from contextlib import suppress
from logging import getLogger
from pathlib import Path

from monitor.sizes import in_words
from monitor.store.fullness import has_room_again, wanted_bytes
from monitor.store.private_files import hand_over

_log = getLogger(__name__)

_ZEROS = bytes(1_048_576)


class Reserve:
    """Room on the disk that is held for what cannot be sent again."""

    def __init__(self, database: Path, size_bytes: int) -> None:
        self._database = database.resolve()
        self._file = self._database.with_name(self._database.name + ".reserve")
        self._size_bytes = size_bytes
        self.is_full = False  # set by the thread that writes, looked at by all

    def hold(self) -> None:
        """Take the room, or go without telemetry until there is some; a file of before may hold it already."""
        if not self._take():
            self.is_full = True
            _log.error("%s, and none for the reserve; %s", self._no_room(), self._until_there_is())

    def let_go(self) -> None:
        """Give the room to those who need it now: a write has found none."""
        if not self.is_full:
            self.is_full = True
            with suppress(OSError):
                os.truncate(self._file, 0)
            _log.error("%s; %s", self._no_room(), self._until_there_is())

    def look(self) -> None:
        """Take the room back if there is enough of it again."""
        if self.is_full and has_room_again(self._free_bytes(), self._size_bytes) and self._take():
            self.is_full = False
            _log.warning("there is room on the disk of %s again; telemetry is taken", self._database.parent)

    def _take(self) -> bool:
        if self._size_bytes == 0:
            self._file.unlink(missing_ok=True)
            return True
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            _fill(descriptor, self._size_bytes)
        except OSError:
            os.ftruncate(descriptor, 0)
            return False
        finally:
            os.close(descriptor)
        hand_over(self._file, self._database)
        return True

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._database.parent).free

    def _no_room(self) -> str:
        return f"no room on the disk of {self._database.parent}"

    def _until_there_is(self) -> str:
        return f"telemetry is refused until {in_words(wanted_bytes(self._size_bytes))} are free"


def _fill(descriptor: int, size_bytes: int) -> None:
    """Have a file take its room on the disk for real."""
    os.ftruncate(descriptor, min(size_bytes, os.fstat(descriptor).st_size))  # it may have been larger
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size_bytes)
        return
    missing_bytes = size_bytes - os.lseek(descriptor, 0, os.SEEK_END)
    while missing_bytes > 0:
        missing_bytes -= os.write(descriptor, _ZEROS[:missing_bytes])

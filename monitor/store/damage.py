"""What if something of the file cannot be read any more?

A disk may have changed a byte.  In a chunk, these samples are lost, and nothing else is: whoever asks gets all others,
and the log says which are missing.  `roomwatch doctor` tells whether the rest of the file is sound.  Where it is not,
whoever reads SQLite's word for it is told the way back, too.
"""

import sqlite3
import threading
from logging import getLogger

import numpy as np

from monitor.history.chunks import Malformed, Media, decode, media_in
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, Samples

_log = getLogger(__name__)

_NO_TIMES = np.empty(0, np.int64)
_NOTHING = Samples(_NO_TIMES, np.empty((0, len(MEDIA_FIELDS))), _NO_TIMES, np.empty((0, len(LEVEL_FIELDS))))


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOW_BYTE = 0xFF  # of SQLite's codes: what kind of error; the others say which one of it


_WAY_BACK = "`roomwatch doctor` says how bad it is, `roomwatch restore` brings a backup back"


def said(error: sqlite3.Error) -> str:
    """Return what SQLite says, and what to do where it says that the file is damaged."""
    return f"{error}; {_WAY_BACK}" if is_of_damage(error) else str(error)


def is_of_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file is damaged."""
    return getattr(error, "sqlite_errorcode", 0) & _LOW_BYTE in _DAMAGED


class Damages:
    """How often a page of an open file could not be made sense of; said loudly the first time, and counted.

    Readers and the writer are threads of their own.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._turn = threading.Lock()
        self.count = 0

    def meet(self, error: sqlite3.Error) -> None:
        """Take note of an error of SQLite's, if it is of damage."""
        if is_of_damage(error):
            self.find(str(error))

    def find(self, what: str) -> None:
        """Take note of damage."""
        with self._turn:
            self.count += 1
            is_first = self.count == 1
        if is_first:
            _log.error("the database %s is damaged: %s; %s", self._file, what, _WAY_BACK)


def readable(body: bytes, whose: str) -> Samples:
    """Return the samples in a chunk, or none, and say so, where it is damaged."""
    try:
        return decode(body)
    except Malformed as error:
        _say_lost(whose, error)
        return _NOTHING


def readable_media(body: bytes, whose: str) -> Media | None:
    """Return the media samples in a chunk as they are kept, or None, and say so, where it is damaged."""
    try:
        return media_in(body)
    except Malformed as error:
        _say_lost(whose, error)
        return None


def _say_lost(whose: str, error: Malformed) -> None:
    _log.error("samples of %s are lost, the chunk is damaged: %s", whose, error)

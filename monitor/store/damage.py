"""What if something of the file cannot be read any more?

A disk may have changed a byte.  In a chunk, these samples are lost, and nothing else is: whoever asks gets all others,
and the log says which are missing.  `roomwatch doctor` tells whether the rest of the file is sound.  Where it is not,
whoever reads SQLite's word for it is told the way back, too.
"""

import sqlite3
from logging import getLogger

import numpy as np

from monitor.history.chunks import Malformed, decode
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, Samples

_log = getLogger(__name__)

_NO_TIMES = np.empty(0, np.int64)
_NOTHING = Samples(_NO_TIMES, np.empty((0, len(MEDIA_FIELDS))), _NO_TIMES, np.empty((0, len(LEVEL_FIELDS))))


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOW_BYTE = 0xFF  # of SQLite's codes: what kind of error; the others say which one of it


def said(error: sqlite3.Error) -> str:
    """Return what SQLite says, and what to do where it says that the file is damaged."""
    if getattr(error, "sqlite_errorcode", 0) & _LOW_BYTE in _DAMAGED:
        return f"{error}; `roomwatch doctor` says how bad it is, `roomwatch restore` brings a backup back"
    return str(error)


def readable(body: bytes, whose: str, only: str = "") -> Samples:
    """Return the samples in a chunk, or none, and say so, where it is damaged."""
    try:
        return decode(body, only)
    except Malformed as error:
        _log.error("samples of %s are lost, the chunk is damaged: %s", whose, error)
        return _NOTHING

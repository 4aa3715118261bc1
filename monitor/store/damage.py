"""What if a chunk cannot be read any more?

A disk may have changed a byte of it.  Then these samples are lost, and nothing else is: whoever asks gets all others,
and the log says which are missing.  `roomwatch doctor` tells whether the rest of the file is sound.
"""

from logging import getLogger

import numpy as np

from monitor.history.chunks import Malformed, decode
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, Samples

_log = getLogger(__name__)

_NO_TIMES = np.empty(0, np.int64)
_NOTHING = Samples(_NO_TIMES, np.empty((0, len(MEDIA_FIELDS))), _NO_TIMES, np.empty((0, len(LEVEL_FIELDS))))


def readable(body: bytes, whose: str, only: str = "") -> Samples:
    """Return the samples in a chunk, or none, and say so, where it is damaged."""
    try:
        return decode(body, only)
    except Malformed as error:
        _log.error("samples of %s are lost, the chunk is damaged: %s", whose, error)
        return _NOTHING

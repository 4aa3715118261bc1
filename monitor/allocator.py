"""How does the process come to give back what it no longer needs?

What Python allocates beyond 512 bytes comes from the C library.  That of GNU gives each thread an arena of its own, and
keeps large blocks that were freed once, on the guess that they are wanted again.  A daemon that reads and packs on
threads is left with tens of megabytes of holes so, and grows for hours.  Few arenas, and large blocks straight from the
system, cost next to nothing here.  Whoever sets one of glibc's own variables (`MALLOC_ARENA_MAX` and so on) knows
better, and is left alone.
"""

import ctypes
import os
from collections.abc import Mapping

ARENAS = 2
LARGE_BYTES = 128 * 1024

# Of malloc.h: which setting, by what it is called in the environment, and what it becomes.
_SETTINGS = {
    "MALLOC_ARENA_MAX": (-8, ARENAS),
    "MALLOC_MMAP_THRESHOLD_": (-3, LARGE_BYTES),
    "MALLOC_TRIM_THRESHOLD_": (-1, LARGE_BYTES),
}


def keep_little(environment: Mapping[str, str] = os.environ) -> bool:
    """Have freed memory go back; return whether this is a C library that can be told.  Before there are threads."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False
    if not any(name in environment for name in (*_SETTINGS, "GLIBC_TUNABLES")):
        for setting, value in _SETTINGS.values():
            libc.mallopt(setting, value)
    return True

"""How does the process come to give back what it no longer needs?

What Python allocates beyond 512 bytes comes from the C library.  That of GNU gives each thread an arena of its own, and
what one thread freed is of no use to another.  A daemon that reads and packs on half a dozen threads is left with
megabytes of holes in each.  Two arenas are enough: threads rarely allocate at the same time where there is one
interpreter lock.  Whoever sets one of glibc's own variables (`MALLOC_ARENA_MAX` and so on) knows better, and is left
alone.
"""

import ctypes
import os
from collections.abc import Mapping

ARENAS = 2

_ARENA_MAX = -8  # of malloc.h
_SETTINGS = "MALLOC_"
_TUNABLES = "GLIBC_TUNABLES"


def keep_little(environment: Mapping[str, str] = os.environ) -> bool:
    """Have freed memory go back; return whether this is a C library that can be told.  Before there are threads."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False
    if not any(name.startswith(_SETTINGS) or name == _TUNABLES for name in environment):
        libc.mallopt(_ARENA_MAX, ARENAS)
    return True

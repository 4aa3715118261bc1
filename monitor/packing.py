"""How are bytes kept small on disk?

With zstd.  A record of ours is JSON that says the same words again and again, and comes out at a tenth even at its
quickest, in less time than writing the rest would take.

What packs and unpacks keeps its memory from one call to the next and may not be shared between threads, and samples are
read in one thread while another settles them; so each thread has its own.
"""

import threading

import zstandard

QUICKEST = 1


class _Own(threading.local):
    """What one thread packs and unpacks with."""

    def __init__(self) -> None:
        self.unpack = zstandard.ZstdDecompressor().decompress
        self.packers: dict[int, zstandard.ZstdCompressor] = {}


_own = _Own()


def pack(body: bytes, level: int = QUICKEST) -> bytes:
    """Return bytes made small; a higher level takes longer and comes out smaller."""
    packer = _own.packers.get(level)
    if packer is None:
        packer = _own.packers[level] = zstandard.ZstdCompressor(level=level)
    return packer.compress(body)


def unpack(body: bytes) -> bytes:
    """Return bytes as they were.

    Raises:
        zstandard.ZstdError: they are damaged, or never were packed.
    """
    return _own.unpack(body)

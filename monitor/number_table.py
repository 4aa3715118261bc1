"""How are a few numbers remembered of each of very many, without an object for any?

As a processor's cache does it.  The hash of a key says in which of many small sets its row may be; where all rows of
the set are taken, the one with the earliest moment makes way.  All of it is one stretch of memory that never grows, and
to find somebody takes one or two lines of it.  A dictionary takes half a dozen, all over the memory; and each object
that is replaced in one leaves a hole, into which what is made for a moment has to be fitted afterwards.

A key is known by the 64 bits of its hash alone.  Python keeps to itself how it hashes texts, so nobody outside can tell
who shares a set with whom.
"""

from collections.abc import Hashable
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

ROWS_A_SET = 4
SETS = 1 << 16  # of a hundred thousand keys, one of sixty finds no row that is free
NOWHERE = -1

_NUMBER_BYTES = 8


class NumberTable:
    """Rows of whole numbers of 64 bits, the first of which is a moment, above 0.

    They are in `numbers`, one behind the other, to be read and changed there.

    Args:
        width: how many there are in a row.
        sets: how many sets of rows there are, a power of two.
    """

    __slots__ = ("_mask", "_row", "_set", "numbers")

    def __init__(self, width: int, sets: int = SETS) -> None:
        self._row = 1 + width  # the hash of its key comes first
        self._set = ROWS_A_SET * self._row
        self._mask = sets - 1
        # It takes memory only where something has been written.
        data = mmap(-1, sets * self._set * _NUMBER_BYTES, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self.numbers = memoryview(data).cast("q")

    def find(self, key: Hashable) -> int:
        """Return where the row of a key begins in `numbers`, or `NOWHERE`."""
        known, numbers = hash(key), self.numbers
        at = (known & self._mask) * self._set
        for place in range(at, at + self._set, self._row):
            if numbers[place] == known and numbers[place + 1]:
                return place + 1
        return NOWHERE

    def of(self, key: Hashable) -> int:
        """Return where the row of a key begins in `numbers`: zeros, if the key is new."""
        known, numbers = hash(key), self.numbers
        at = (known & self._mask) * self._set
        places = range(at, at + self._set, self._row)
        for place in places:
            if numbers[place] == known:
                return place + 1
        _, place = min((numbers[place + 1], place) for place in places)
        for each in range(place, place + self._row):
            numbers[each] = 0
        numbers[place] = known
        return place + 1

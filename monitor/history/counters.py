"""How are many counters, most of them zero, kept and added up?

A rollup has thousands of places where something may be counted, and something in a few hundred of them.  Those of many
rollups are three columns: whose counter, at which place, how many.  On disk each owner's are varints, the step from the
last place and then the count: numbers are small, so nearly all take a byte.  Everything is done for all owners at once,
since a loop over rollups would cost more than the samples that went into them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

_SPARSE = 16
_LONGEST_VARINT = 9


class Malformed(Exception):
    """Bytes that are no counters."""


class Counters(NamedTuple):
    """Counters that are not zero, each once, in the order of owners and then of places."""

    owner: Whole
    place: Whole
    number: Whole


NONE = Counters(*(np.empty(0, np.int64) for _ in range(3)))


def summed(owner: Whole, place: Whole, number: Whole) -> Counters:
    """Return counters out of entries in any order."""
    if not len(owner):
        return NONE
    used = np.flatnonzero(np.bincount(place))  # of all places there are, few: the table is as much smaller
    nth_used = np.zeros(used[-1] + 1, np.int64)
    nth_used[used] = np.arange(len(used))
    cells = owner * len(used) + nth_used[place]
    cells, number = (_counted if cells.max() < _SPARSE * len(cells) else _sorted)(cells, number)
    owner, place = np.divmod(cells, len(used))
    return Counters(owner, used[place], number)


def _counted(cells: Whole, number: Whole) -> tuple[Whole, Whole]:
    totals = np.bincount(cells, weights=number)  # as floats, which are exact up to nine million billions
    found = np.flatnonzero(totals != 0)
    return found, totals[found].astype(np.int64)


def _sorted(cells: Whole, number: Whole) -> tuple[Whole, Whole]:
    order = np.argsort(cells)
    cells = cells[order]
    starts = starts_of(cells)
    return cells[starts], np.add.reduceat(number[order], starts)


def starts_of(column: Whole) -> NDArray[np.intp]:
    """Return where a new value begins in a column that is in order."""
    return np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1]))[: len(column)])


# --- as bytes ---------------------------------------------------------------------------------------------


def pack(counters: Counters, owners: int) -> list[bytes]:
    """Return the counters of each owner as bytes."""
    numbers = np.empty(2 * len(counters.owner), np.int64)
    numbers[0::2] = _steps(counters)
    numbers[1::2] = counters.number
    packed, ends = _varints(numbers)
    ends_of_counters = np.concatenate(([0], ends[1::2]))
    bounds = ends_of_counters[np.searchsorted(counters.owner, np.arange(owners + 1))]
    return [packed[start:end] for start, end in pairwise(bounds.tolist())]


def unpack(bodies: Sequence[bytes], width: int) -> Counters:
    """Return the counters in bytes, owned by number.

    Raises:
        Malformed: there are none in them.
    """
    numbers, ends = _numbers(np.frombuffer(b"".join(bodies), np.uint8))
    of_body = np.searchsorted(ends, np.cumsum([len(body) for body in bodies]), side="right")
    if len(numbers) % 2 or np.any(of_body % 2):
        raise Malformed("expected counters in pairs of place and count, got an odd number")
    owner = np.repeat(np.arange(len(bodies)), np.diff(of_body, prepend=0) // 2)
    place = _walked(owner, numbers[0::2])
    if np.any((place < 0) | (place >= width)):
        raise Malformed(f"expected counters at places below {width}, got one outside")
    return Counters(owner, place, numbers[1::2])


def _steps(counters: Counters) -> Whole:
    steps = np.diff(counters.place, prepend=0)
    first = starts_of(counters.owner)
    steps[first] = counters.place[first]
    return steps


def _walked(owner: Whole, steps: Whole) -> Whole:
    walked = np.cumsum(steps)
    first = starts_of(owner)
    before = walked[first] - steps[first]
    return walked - np.repeat(before, np.diff(first, append=len(owner)))


def _varints(numbers: Whole) -> tuple[bytes, Whole]:
    """Return numbers as bytes of seven bits, the lowest first and the last without its eighth; and where each ends."""
    lengths = np.ones(len(numbers), np.int64)
    for more in range(1, _LONGEST_VARINT):
        lengths += numbers >> (7 * more) > 0
    ends = np.cumsum(lengths)
    packed = np.zeros(ends[-1] if len(ends) else 0, np.uint8)
    for nth in range(int(lengths.max(initial=0))):
        (having,) = np.nonzero(lengths > nth)
        is_not_last = (lengths[having] > nth + 1).astype(np.int64)
        packed[ends[having] - lengths[having] + nth] = (numbers[having] >> (7 * nth)) & 0x7F | (is_not_last << 7)
    return packed.tobytes(), ends


def _numbers(packed: NDArray[np.uint8]) -> tuple[Whole, Whole]:
    """Return the numbers that varints stand for, and where each ends."""
    ends = np.flatnonzero(packed < 0x80) + 1
    starts = np.concatenate(([0], ends))[: len(ends)]
    lengths = ends - starts
    if len(packed) != (ends[-1] if len(ends) else 0) or lengths.max(initial=0) > _LONGEST_VARINT:
        raise Malformed("expected numbers as bytes of seven bits, got one without an end")
    numbers = (packed[starts] & 0x7F).astype(np.int64)
    for nth in range(1, int(lengths.max(initial=0))):
        (having,) = np.nonzero(lengths > nth)
        numbers[having] |= (packed[starts[having] + nth] & 0x7F).astype(np.int64) << (7 * nth)
    return numbers, ends

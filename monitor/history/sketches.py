"""What is the 95th percentile of a million values, if only a few dozen counters of them were kept?

A quantile sketch counts values in bins, each four per cent wider than the last, so that the middle of a bin is within
two per cent of everything in it.  The bins are those of DDSketch, whose mapping is the library's; a sketch is no more
than how many values fell into each, so to merge two is to add them, in any order.  Here thousands of sketches are the
rows of one table, and asked at once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ddsketch import LogarithmicMapping
from numpy.typing import NDArray

RELATIVE_ERROR = 0.02
LOWEST, HIGHEST = 5e-5, 1e10  # less counts as zero, being less than any of our numbers resolves; more as the highest

_mapping = LogarithmicMapping(RELATIVE_ERROR)
_FIRST_KEY = _mapping.key(LOWEST)
_KEYS_A_DOUBLING = 1 / np.log2(_mapping.gamma)

BINS = _mapping.key(HIGHEST) - _FIRST_KEY + 2  # the first is for zeros
_MIDDLES = np.array([0.0, *(_mapping.value(key) for key in range(_FIRST_KEY, _FIRST_KEY + BINS - 1))])


def bins_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each value; all must be known, and none below zero."""
    keys = np.ceil(np.log2(np.clip(values, LOWEST, HIGHEST)) * _KEYS_A_DOUBLING).astype(np.int64)
    bins: NDArray[np.int64] = np.where(values < LOWEST, 0, np.clip(keys - _FIRST_KEY + 1, 1, BINS - 1))
    return bins


def sketched(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the sketch of values, leaving out what is not known."""
    sketch: NDArray[np.int64] = np.bincount(bins_of(values[~np.isnan(values)]), minlength=BINS)
    return sketch


def quantiles(sketches: NDArray[Any], wanted: Sequence[float], first_bin: int = 0) -> list[tuple[float | None, ...]]:
    """Return the wanted quantiles of each sketch, a row of the table; None of one that is empty.

    The table may leave out bins at either end that no sketch has anything in.
    """
    running = np.cumsum(sketches, axis=1)
    counts = running[:, -1]
    found = [_MIDDLES[first_bin + _bin_at(running, each * (counts - 1))].tolist() for each in wanted]
    return [
        row if count else (None,) * len(wanted)
        for row, count in zip(zip(*found, strict=True), counts.tolist(), strict=True)
    ]


def _bin_at(running: NDArray[Any], rank: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first bin in each row that reaches past a rank."""
    found: NDArray[np.intp] = np.argmax(running > rank[:, np.newaxis], axis=1)
    return found

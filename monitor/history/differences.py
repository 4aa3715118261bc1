"""Which of these samples are not known yet?

Somebody brings samples of which some may be here already, in whatever order and under other numbers of words.  Two
samples are the same if they have the same moment and the same values.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, NOTHING, Field, Samples, Table, Times

_UNKNOWN = -1.0  # no value is: NaN is not even itself


def lacking(known: Samples, told: Samples) -> Samples:
    """Return those of the samples told that are not among those known, each as often as it is told more than known."""
    numbers: dict[str | bytes, int] = {}
    media, levels = (
        [not each for each in _are_known(known_rows, told_rows)]
        for known_rows, told_rows in zip(_rows(known, numbers), _rows(told, numbers), strict=True)
    )
    stats = tuple(each for each, is_new in zip(told.stats, levels, strict=False) if is_new)
    return Samples(
        told.at_ms[media], told.media[media], told.level_at_ms[levels], told.levels[levels], told.words, stats
    )


def pieces(samples: Samples, most: int) -> Iterator[Samples]:
    """Yield samples in pieces, none with more rows than that in either table."""
    for start in range(0, max(len(samples.at_ms), len(samples.level_at_ms)), most):
        part = slice(start, start + most)
        yield Samples(
            samples.at_ms[part],
            samples.media[part],
            samples.level_at_ms[part],
            samples.levels[part],
            samples.words,
            samples.stats[part],
        )


def _are_known(known: Sequence[bytes], told: Sequence[bytes]) -> Iterator[bool]:
    left = Counter(known)
    for row in told:
        yield left[row] > 0
        left[row] -= 1


def _rows(samples: Samples, numbers: dict[str | bytes, int]) -> tuple[list[bytes], list[bytes]]:
    """Return media samples and levels as bytes that are alike where they are; words are numbered in one way for all."""
    words = np.array([numbers.setdefault(word, len(numbers)) for word in samples.words], np.float64)
    stats = samples.stats or (NOTHING,) * len(samples.level_at_ms)
    numbered = np.array([numbers.setdefault(each, len(numbers)) for each in stats], np.float64)
    return (
        _as_bytes(samples.at_ms, _with_words(samples.media, MEDIA_FIELDS, words)),
        _as_bytes(samples.level_at_ms, _with_words(samples.levels, LEVEL_FIELDS, words), numbered),
    )


def _with_words(table: Table, fields: Sequence[Field], words: Table) -> Table:
    known = np.where(np.isnan(table), _UNKNOWN, table)
    for place in (place for place, each in enumerate(fields) if each.is_word):
        is_told = known[:, place] != _UNKNOWN
        known[is_told, place] = words[known[is_told, place].astype(int)]
    return known


def _as_bytes(at_ms: Times, *columns: Table) -> list[bytes]:
    rows = np.column_stack([at_ms.astype(np.float64), *columns])
    return [row.tobytes() for row in rows]

"""How do samples become few bytes, and samples again?

A column is kept as whole steps of its field, with zero for "not known", so what nobody reports costs nothing.
Neighbours are alike: of each row but the first only a difference is kept, to the row before where a value wanders, to
the first row where it jitters.  The bytes of the differences are laid out as planes, all lowest bytes of a column, then
all of the next: planes that hold nothing are left out, and a general compressor does well on the rest.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, MEDIA_STEPS, PLACE_OF, Samples, Table, Times

MAX_ROWS = 100_000  # a day and more of samples every second: what is to become one chunk must not be longer
QUICK, THOROUGH = 3, 9  # of zstd: the second is for what is written once and kept for months

_COLUMNS = 1 + len(MEDIA_FIELDS)  # the moment comes first
_ALL = np.arange(_COLUMNS)
_IS_WANDERING = np.array([True, *(each.wanders for each in MEDIA_FIELDS)])
_WANDERING = np.flatnonzero(_IS_WANDERING)

_Whole = NDArray[np.int64]

_compress = {level: zstandard.ZstdCompressor(level=level).compress for level in (QUICK, THOROUGH)}
_decompress = zstandard.ZstdDecompressor().decompress


class _Media(msgspec.Struct, array_like=True):
    """Whole numbers: the first row, which byte planes of the differences hold anything, and those planes."""

    rows: Annotated[int, msgspec.Meta(ge=0, le=MAX_ROWS)]
    first: tuple[int, ...]
    is_kept: bytes
    planes: bytes


class _Chunk(msgspec.Struct, array_like=True):
    """Levels are few, and plain columns: steps of time, and one more than the value of each field."""

    media: _Media
    levels: tuple[tuple[int, ...], ...]
    words: tuple[str, ...]
    stats: tuple[bytes, ...]


_encode_chunk = msgspec.msgpack.Encoder().encode
_decode_chunk = msgspec.msgpack.Decoder(_Chunk).decode


class Malformed(Exception):
    """Bytes that are no chunk."""


def encode(samples: Samples, level: int = QUICK) -> bytes:
    """Return samples as the bytes that the store keeps; numbers are rounded to the steps of their field."""
    media = _packed(_whole(samples.at_ms, samples.media))
    return _compress[level](_encode_chunk(_Chunk(media, _level_columns(samples), samples.words, samples.stats)))


def decode(body: bytes, only: str = "") -> Samples:
    """Return the samples in a chunk; where `only` one media field is asked for, other fields and levels are left out.

    Raises:
        Malformed: it is none.
    """
    try:
        chunk = _decode_chunk(_decompress(body))
        columns = np.array([0, 1 + PLACE_OF[only]]) if only else _ALL
        whole = _unpacked(chunk.media, columns)
        level_at_ms, levels = _levels(((), (), ()) if only else chunk.levels)
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError, IndexError, OverflowError) as error:
        raise Malformed(f"expected a chunk of samples, got something else: {error}") from error
    stats = () if only else chunk.stats
    return Samples(whole[:, 0], _values(whole, columns[1:] - 1), level_at_ms, levels, chunk.words, stats)


# --- numbers as whole steps -------------------------------------------------------------------------------


def _whole(at_ms: Times, media: Table) -> _Whole:
    whole = np.empty((len(at_ms), _COLUMNS), np.int64)
    whole[:, 0] = at_ms
    steps = np.rint(media * MEDIA_STEPS)
    steps += 1
    whole[:, 1:] = np.where(np.isnan(steps), 0, steps)
    return whole


def _values(whole: _Whole, places: NDArray[np.intp]) -> Table:
    steps = whole[:, 1:]
    values: Table = (steps - 1) / MEDIA_STEPS[places]  # divided, since a tenth is no binary fraction
    values[steps == 0] = np.nan
    if len(places) == len(MEDIA_FIELDS):
        return values
    table = np.full((len(whole), len(MEDIA_FIELDS)), np.nan)
    table[:, places] = values
    return table


# --- whole numbers as planes of bytes ---------------------------------------------------------------------


def _packed(whole: _Whole) -> _Media:
    if not len(whole):
        return _Media(0, (), b"", b"")
    differences = whole - whole[0]
    differences[1:, _WANDERING] = whole[1:, _WANDERING] - whole[:-1, _WANDERING]
    folded = (differences << 1) ^ (differences >> 63)  # small in either direction is small: 0, -1, 1, -2 are 0, 1, 2, 3
    planes = folded.astype("<i8", copy=False).view(np.uint8).reshape(len(whole), -1).T
    is_kept = planes.any(axis=1)
    return _Media(len(whole), tuple(whole[0].tolist()), np.packbits(is_kept).tobytes(), planes[is_kept].tobytes())


def _unpacked(media: _Media, columns: NDArray[np.intp]) -> _Whole:
    """Return some columns, in their order."""
    if not media.rows:
        return np.empty((0, len(columns)), np.int64)
    is_kept = np.unpackbits(np.frombuffer(media.is_kept, np.uint8))[: 8 * _COLUMNS].astype(bool)
    kept = np.frombuffer(media.planes, np.uint8).reshape(-1, media.rows)
    wanted = (8 * columns[:, np.newaxis] + np.arange(8)).ravel()  # where their planes would be if all were kept
    is_there = is_kept[wanted]
    planes = np.zeros((len(wanted), media.rows), np.uint8)
    planes[is_there] = kept[(np.cumsum(is_kept) - 1)[wanted[is_there]]]
    folded = np.ascontiguousarray(planes.T).view("<u8").reshape(media.rows, len(columns))
    differences = (folded >> 1).astype(np.int64) ^ -(folded & 1).astype(np.int64)
    wandering = np.flatnonzero(_IS_WANDERING[columns])
    differences[:, wandering] = np.cumsum(differences[:, wandering], axis=0)
    return differences + np.array(media.first, np.int64)[columns]


# --- levels -----------------------------------------------------------------------------------------------


def _level_columns(samples: Samples) -> tuple[tuple[int, ...], ...]:
    steps_ms = samples.level_at_ms.copy()
    steps_ms[1:] -= samples.level_at_ms[:-1]
    values = samples.levels + 1
    values[np.isnan(values)] = 0
    return tuple(steps_ms.tolist()), *map(tuple, values.T.astype(np.int64).tolist())


def _levels(columns: Sequence[Sequence[int]]) -> tuple[Times, Table]:
    steps_ms, *values = (np.array(column, np.int64) for column in columns)
    if [len(column) for column in values] != [len(steps_ms)] * len(LEVEL_FIELDS):
        raise ValueError(f"expected {len(LEVEL_FIELDS)} fields of {len(steps_ms)} levels")
    levels: Table = np.array(values).T.astype(np.float64)
    levels[levels == 0] = np.nan
    return np.cumsum(steps_ms), levels - 1

"""How do samples become few bytes, and samples again?

A column is kept as whole steps of its field, with zero for "not known", so what nobody reports costs nothing.
Neighbours are alike: of each row but the first only a difference is kept, to the row before where a value wanders, to
the first row where it jitters.  The bytes of the differences are laid out as planes, all lowest bytes of a column, then
all of the next: planes that hold nothing are left out, and a general compressor does well on the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, MEDIA_STEPS, PLACE_OF, Samples, Table, Times
from monitor.packing import pack, unpack

MAX_ROWS = 100_000  # a day and more of samples every second: what is to become one chunk must not be longer
QUICK, THOROUGH = 3, 9  # of zstd: the second is for what is written once and kept for months

_COLUMNS = 1 + len(MEDIA_FIELDS)  # the moment comes first
_IS_WANDERING = np.array([True, *(each.wanders for each in MEDIA_FIELDS)])
_WANDERING = np.flatnonzero(_IS_WANDERING)

_PLANES = 8  # bytes of a difference
# Which planes of a column are kept, by the byte that says so: the lowest plane first.
_KEPT_PLANES = [tuple(plane for plane in range(_PLANES) if byte & (0x80 >> plane)) for byte in range(256)]

_Whole = NDArray[np.int64]
_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Bytes = NDArray[np.uint8]


class Media(msgspec.Struct, array_like=True):
    """Whole numbers: the first row, which byte planes of the differences hold anything, and those planes."""

    rows: Annotated[int, msgspec.Meta(ge=0, le=MAX_ROWS)]
    first: tuple[_Int64, ...]
    is_kept: bytes
    planes: bytes


class _OnlyMedia(msgspec.Struct, array_like=True):
    """A chunk of which the rest does not matter."""

    media: Media


class _Chunk(msgspec.Struct, array_like=True):
    """Levels are few, and plain columns: steps of time, and one more than the value of each field."""

    media: Media
    levels: tuple[Sequence[int], ...]
    words: tuple[str, ...]
    stats: tuple[bytes, ...]


_NO_MEDIA = Media(0, (), b"", b"")

_encode_chunk = msgspec.msgpack.Encoder().encode
_decode_chunk = msgspec.msgpack.Decoder(_Chunk).decode
_decode_media = msgspec.msgpack.Decoder(_OnlyMedia).decode
# Of memory there is not enough for the length that damaged bytes may say they have.
_UNREADABLE = (zstandard.ZstdError, msgspec.MsgspecError, ValueError, IndexError, OverflowError, MemoryError)


class Malformed(Exception):
    """Bytes that are no chunk."""


def encode(samples: Samples, level: int = QUICK) -> bytes:
    """Return samples as the bytes that the store keeps; numbers are rounded to the steps of their field."""
    (body,) = encoded([samples], level)
    return body


def encoded(parts: Sequence[Samples], level: int = QUICK) -> list[bytes]:
    """Return the chunk of each; most is done to all at once, since ten minutes of one person are few numbers."""
    whole = _whole(np.concatenate([each.at_ms for each in parts]), np.concatenate([each.media for each in parts]))
    media = _packed(whole, np.array([len(each.at_ms) for each in parts]))
    return [
        pack(_encode_chunk(_Chunk(numbers, levels, each.words, each.stats)), level)
        for each, numbers, levels in zip(parts, media, _level_columns(parts), strict=True)
    ]


def decode(body: bytes) -> Samples:
    """Return the samples in a chunk.

    Raises:
        Malformed: it is none.
    """
    try:
        chunk = _decode_chunk(unpack(body))
        whole = _unpacked(chunk.media)
        level_at_ms, levels = _levels(chunk.levels)
    except _UNREADABLE as error:
        raise _malformed(error) from error
    return Samples(whole[:, 0], _values(whole[:, 1:], MEDIA_STEPS), level_at_ms, levels, chunk.words, chunk.stats)


def media_in(body: bytes) -> Media:
    """Return the media samples of a chunk as they are kept, for `column_of` and `moments_of`.

    Raises:
        Malformed: it is none.
    """
    try:
        media = _decode_media(unpack(body)).media
        _check_planes(media)
    except _UNREADABLE as error:
        raise _malformed(error) from error
    return media


def column_of(chunks: Iterable[Media], name: str) -> NDArray[np.float64]:
    """Return the values of one media field, those of one chunk after those of the other; NaN: not known.

    Of thousands of chunks it is the number of calls that counts, not that of bytes, so many are read as one.
    """
    place = PLACE_OF[name]
    return _values(_column(chunks, 1 + place), MEDIA_STEPS[place])


def moments_of(chunks: Iterable[Media]) -> Times:
    """Return when the media samples of several chunks were taken, those of one chunk after those of the other."""
    return _column(chunks, 0)


def _malformed(error: Exception) -> Malformed:
    return Malformed(f"expected a chunk of samples, got something else: {error}")


# --- numbers as whole steps -------------------------------------------------------------------------------


def _whole(at_ms: Times, media: Table) -> _Whole:
    whole = np.empty((len(at_ms), _COLUMNS), np.int64)
    whole[:, 0] = at_ms
    steps = media * MEDIA_STEPS
    np.rint(steps, out=steps)
    steps += 1
    steps[np.isnan(steps)] = 0
    whole[:, 1:] = steps
    return whole


def _values(whole: _Whole, steps: NDArray[np.float64] | np.float64) -> Table:
    values: Table = (whole - 1) / steps  # divided, since a tenth is no binary fraction
    values[whole == 0] = np.nan
    return values


# --- whole numbers as planes of bytes ---------------------------------------------------------------------


def _packed(whole: _Whole, lengths: _Whole) -> Iterator[Media]:
    """Return the rows of several people, those of one after those of another."""
    starts = _starts(lengths)
    differences = whole - np.repeat(whole[starts], lengths[lengths > 0], axis=0)
    differences[1:, _WANDERING] = whole[1:, _WANDERING] - whole[:-1, _WANDERING]
    differences[starts] = 0
    folded = differences >> 63  # small in either direction is small: 0, -1, 1, -2 are 0, 1, 2, 3
    differences <<= 1
    folded ^= differences
    planes = _as_bytes(folded)
    is_kept = _as_bytes(np.bitwise_or.reduceat(folded, starts)) != 0
    told = zip(whole[starts].tolist(), np.packbits(is_kept, axis=1), is_kept, strict=True)
    return (_media(planes[rows], *next(told)) if rows.start < rows.stop else _NO_MEDIA for rows in _slices(lengths))


def _media(rows: _Bytes, first: Sequence[int], marks: _Bytes, is_kept: NDArray[np.bool_]) -> Media:
    return Media(len(rows), tuple(first), marks.tobytes(), rows.T[is_kept].tobytes())


def _as_bytes(folded: _Whole) -> _Bytes:
    return folded.astype("<i8", copy=False).view(np.uint8)


def _starts(lengths: _Whole) -> _Whole:
    """Return where the rows of each begin who has any."""
    starts: _Whole = (np.cumsum(lengths) - lengths)[lengths > 0]
    return starts


def _slices(lengths: _Whole) -> Iterator[slice]:
    return (slice(end - length, end) for length, end in zip(lengths.tolist(), np.cumsum(lengths).tolist(), strict=True))


def _unpacked(media: Media) -> _Whole:
    """Return all columns."""
    if not media.rows:
        return np.empty((0, _COLUMNS), np.int64)
    is_kept = np.unpackbits(np.frombuffer(media.is_kept, np.uint8))[: 8 * _COLUMNS].astype(bool)
    planes = np.zeros((len(is_kept), media.rows), np.uint8)
    planes[is_kept] = np.frombuffer(media.planes, np.uint8).reshape(-1, media.rows)
    folded = np.ascontiguousarray(planes.T).view("<u8").reshape(media.rows, _COLUMNS)
    differences = _unfolded(folded)
    differences[:, _WANDERING] = np.cumsum(differences[:, _WANDERING], axis=0)
    return differences + np.array(media.first, np.int64)


def _check_planes(media: Media) -> None:
    """Raise `ValueError` where there are not as many columns and planes as there have to be."""
    if not media.rows:
        return
    if not len(media.first) == len(media.is_kept) == _COLUMNS:
        raise ValueError(f"expected {_COLUMNS} columns, got {len(media.first)} and {len(media.is_kept)}")
    expected = media.rows * _bits(media.is_kept)
    if len(media.planes) != expected:
        raise ValueError(f"expected {expected} bytes in planes, got {len(media.planes)}")


def _column(chunks: Iterable[Media], column: int) -> _Whole:
    """Return one column of several chunks; a byte of `is_kept` tells of its planes, the lowest first."""
    chunks = [each for each in chunks if each.rows]
    rows = np.array([each.rows for each in chunks], np.int64)
    ends = np.cumsum(rows)
    total = int(rows.sum())
    planes = [bytearray() for _ in range(_PLANES)]  # those that nobody keeps stay empty
    end = 0
    for each in chunks:
        start, end = end, end + each.rows
        place = each.rows * _bits(each.is_kept[:column])
        for plane in _KEPT_PLANES[each.is_kept[column]]:
            if not planes[plane]:
                planes[plane] = bytearray(total)
            planes[plane][start:end] = each.planes[place : place + each.rows]
            place += each.rows
    folded = np.zeros(total, np.uint64)
    for plane, kept in enumerate(planes):
        if kept:
            folded |= np.frombuffer(kept, np.uint8).astype(np.uint64) << (8 * plane)
    whole = _unfolded(folded)
    first = np.array([each.first[column] for each in chunks], np.int64)
    if _IS_WANDERING[column]:  # each chunk is a sum of its own
        starts = ends - rows
        first = first + whole[starts]
        np.cumsum(whole, out=whole)
        first = first - whole[starts]
    whole += np.repeat(first, rows)
    return whole


def _bits(is_kept: bytes) -> int:
    return int.from_bytes(is_kept).bit_count()


def _unfolded(folded: NDArray[np.uint64]) -> _Whole:
    return (folded >> 1).astype(np.int64) ^ -(folded & 1).astype(np.int64)


# --- levels -----------------------------------------------------------------------------------------------


def _level_columns(parts: Sequence[Samples]) -> Iterator[tuple[Sequence[int], ...]]:
    lengths = np.array([len(each.level_at_ms) for each in parts])
    at_ms = np.concatenate([each.level_at_ms for each in parts])
    steps_ms, starts = np.diff(at_ms, prepend=0), _starts(lengths)
    steps_ms[starts] = at_ms[starts]
    values = np.concatenate([each.levels for each in parts]) + 1
    values[np.isnan(values)] = 0
    columns = (steps_ms.tolist(), *values.T.astype(np.int64).tolist())
    return (tuple(column[rows] for column in columns) for rows in _slices(lengths))


def _levels(columns: Sequence[Sequence[int]]) -> tuple[Times, Table]:
    steps_ms, *values = (np.array(column, np.int64) for column in columns)
    if [len(column) for column in values] != [len(steps_ms)] * len(LEVEL_FIELDS):
        raise ValueError(f"expected {len(LEVEL_FIELDS)} fields of {len(steps_ms)} levels")
    levels: Table = np.array(values).T.astype(np.float64)
    levels[levels == 0] = np.nan
    return np.cumsum(steps_ms), levels - 1

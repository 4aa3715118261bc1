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

from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, Field, Samples, Table, Times, stepped, unstepped

_Whole = NDArray[np.int64]

MAX_ROWS = 100_000  # a day and more of samples every second: what is to become one chunk must not be longer

QUICK, THOROUGH = 3, 9  # of zstd: the second is for what is written once and kept for months

_compress = {level: zstandard.ZstdCompressor(level=level).compress for level in (QUICK, THOROUGH)}
_decompress = zstandard.ZstdDecompressor().decompress


class _Packed(msgspec.Struct, array_like=True):
    """A table of whole numbers: the first row, which byte planes of the differences hold anything, and those planes."""

    rows: Annotated[int, msgspec.Meta(ge=0, le=MAX_ROWS)]
    first: tuple[int, ...]
    is_kept: bytes
    planes: bytes


class _Chunk(msgspec.Struct, array_like=True):
    media: _Packed
    levels: _Packed
    words: tuple[str, ...]
    stats: tuple[bytes, ...]


_encode_chunk = msgspec.msgpack.Encoder().encode
_decode_chunk = msgspec.msgpack.Decoder(_Chunk).decode


class Malformed(Exception):
    """Bytes that are no chunk."""


def encode(samples: Samples, level: int = QUICK) -> bytes:
    """Return samples as the bytes that the store keeps; numbers are rounded to the steps of their field."""
    media = _pack(_whole(samples.at_ms, samples.media, MEDIA_FIELDS), MEDIA_FIELDS)
    levels = _pack(_whole(samples.level_at_ms, samples.levels, LEVEL_FIELDS), LEVEL_FIELDS)
    return _compress[level](_encode_chunk(_Chunk(media, levels, samples.words, samples.stats)))


def decode(body: bytes) -> Samples:
    """Return the samples in a chunk.

    Raises:
        Malformed: it is none.
    """
    try:
        chunk = _decode_chunk(_decompress(body))
        media, levels = _unpacked(chunk.media, MEDIA_FIELDS), _unpacked(chunk.levels, LEVEL_FIELDS)
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError, IndexError) as error:
        raise Malformed(f"expected a chunk of samples, got something else: {error}") from error
    return Samples(
        media[:, 0], _values(media, MEDIA_FIELDS), levels[:, 0], _values(levels, LEVEL_FIELDS), chunk.words, chunk.stats
    )


# --- numbers as whole steps -------------------------------------------------------------------------------


def _whole(at_ms: Times, values: Table, fields: Sequence[Field]) -> _Whole:
    whole = np.empty((len(at_ms), 1 + len(fields)), np.int64)
    whole[:, 0] = at_ms
    steps = stepped(values, fields)
    whole[:, 1:] = np.where(np.isnan(steps), 0, steps + 1)
    return whole


def _values(whole: _Whole, fields: Sequence[Field]) -> Table:
    return unstepped(np.where(whole[:, 1:] == 0, np.nan, whole[:, 1:] - 1), fields)


# --- whole numbers as planes of bytes ---------------------------------------------------------------------


def _pack(whole: _Whole, fields: Sequence[Field]) -> _Packed:
    if not len(whole):
        return _Packed(0, (), b"", b"")
    differences = whole - whole[0]
    wandering = _wandering(fields)
    differences[1:, wandering] = np.diff(whole[:, wandering], axis=0)
    folded = (differences << 1) ^ (differences >> 63)  # small in either direction is small: 0, -1, 1, -2 are 0, 1, 2, 3
    planes = folded.astype("<i8", copy=False).view(np.uint8).reshape(len(whole), -1).T
    is_kept = planes.any(axis=1)
    return _Packed(len(whole), tuple(whole[0].tolist()), np.packbits(is_kept).tobytes(), planes[is_kept].tobytes())


def _unpacked(packed: _Packed, fields: Sequence[Field]) -> _Whole:
    columns = 1 + len(fields)
    if not packed.rows:
        return np.empty((0, columns), np.int64)
    is_kept = np.unpackbits(np.frombuffer(packed.is_kept, np.uint8), count=8 * columns).astype(bool)
    planes = np.zeros((8 * columns, packed.rows), np.uint8)
    planes[is_kept] = np.frombuffer(packed.planes, np.uint8).reshape(-1, packed.rows)
    folded = np.ascontiguousarray(planes.T).view("<u8").reshape(packed.rows, columns)
    differences = (folded >> 1).astype(np.int64) ^ -(folded & 1).astype(np.int64)
    wandering = _wandering(fields)
    differences[:, wandering] = np.cumsum(differences[:, wandering], axis=0)
    return differences + np.array(packed.first, np.int64)


def _wandering(fields: Sequence[Field]) -> list[int]:
    return [0, *(place for place, each in enumerate(fields, start=1) if each.wanders)]

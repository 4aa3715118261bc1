"""How is a rollup kept, and read back?

As a row with two bodies: minutes and people, packed, and the sketches of all metrics, one after another and small as
they are.  A percentile over thousands of rows needs one sketch of each, and unpacks nothing else.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import zstandard

from monitor.history import counters, people, sketches
from monitor.history.counters import Counters, Malformed
from monitor.history.people import People
from monitor.history.rollups import METRICS, MINUTE_PLACES, SEGMENTS, Key, Rollups
from monitor.history.spans import COLUMNS
from monitor.packing import pack, unpack

_ZSTD_LEVEL = 3
_encode = msgspec.msgpack.Encoder().encode
_decode_sketches = msgspec.msgpack.Decoder(tuple[(bytes,) * len(METRICS)]).decode  # type: ignore[misc]  # one for each


class _Body(msgspec.Struct, array_like=True):
    minutes: bytes
    people: bytes


_decode_body = msgspec.msgpack.Decoder(_Body).decode


Part = Literal["body", "sketches"]


class Row(NamedTuple):
    """A rollup as it is kept, and how many samples it is made of.

    For a question about one part the other may have been left out.
    """

    scope: str
    key: str
    from_ms: int
    samples: int
    body: bytes
    sketches: bytes


def packed(rollups: Rollups) -> list[Row]:
    """Return the rollups as rows."""
    owners = len(rollups.keys)
    segments = counters.pack(_in_segments(rollups.counters), owners * len(SEGMENTS))
    persons = people.pack(rollups.people, owners)
    samples = _samples(rollups.counters, owners)
    return [
        Row(*key, count, pack(_encode(_Body(minutes, there)), _ZSTD_LEVEL), _encode(sketched))
        for key, count, there, (minutes, *sketched) in zip(
            rollups.keys, samples, persons, _slices(segments, len(SEGMENTS)), strict=True
        )
    ]


def unpacked(rows: Sequence[Row]) -> Rollups:
    """Return the rollups in rows.

    Raises:
        Malformed: there are none in them.
    """
    bodies = [_body(row) for row in rows]
    segments = [part for row, body in zip(rows, bodies, strict=True) for part in (body.minutes, *_sketches(row))]
    found = counters.unpack(segments, max(MINUTE_PLACES, sketches.BINS))
    owner, segment = np.divmod(found.owner, len(SEGMENTS))
    whole = Counters(owner, found.place + SEGMENTS[segment], found.number)
    keys = tuple(Key(*row[:3]) for row in rows)
    return Rollups(keys, whole, people.unpack([body.people for body in bodies]))


def sketches_in(rows: Sequence[Row], metric: str) -> Counters:
    """Return the bins of one metric, owned by the numbers of the rows.

    Raises:
        Malformed: there are none in them.
    """
    place = METRICS.index(metric)
    return counters.unpack([_sketches(row)[place] for row in rows], sketches.BINS)


def minutes_in(rows: Sequence[Row]) -> Counters:
    """Return the counters of minutes, owned by the numbers of the rows.

    Raises:
        Malformed: there are none in them.
    """
    return counters.unpack([_body(row).minutes for row in rows], MINUTE_PLACES)


def people_in(rows: Sequence[Row]) -> People:
    """Return who was there, owned by the numbers of the rows.

    Raises:
        Malformed: there is nobody in them.
    """
    return people.unpack([_body(row).people for row in rows])


def _in_segments(whole: Counters) -> Counters:
    segment = np.searchsorted(SEGMENTS, whole.place, side="right") - 1
    return Counters(whole.owner * len(SEGMENTS) + segment, whole.place - SEGMENTS[segment], whole.number)


def _slices(parts: Sequence[bytes], length: int) -> Iterator[Sequence[bytes]]:
    return (parts[start : start + length] for start in range(0, len(parts), length))


def _samples(whole: Counters, owners: int) -> list[int]:
    is_samples = (whole.place < MINUTE_PLACES) & (whole.place % len(COLUMNS) == 0)
    totals = np.bincount(whole.owner[is_samples], weights=whole.number[is_samples], minlength=owners)
    return [int(total) for total in totals.tolist()]


def _body(row: Row) -> _Body:
    try:
        return _decode_body(unpack(row.body))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise Malformed(f"expected a rollup of {row[:3]}, got something else: {error}") from error


def _sketches(row: Row) -> tuple[bytes, ...]:
    try:
        found: tuple[bytes, ...] = _decode_sketches(row.sketches)
    except msgspec.MsgspecError as error:
        raise Malformed(f"expected the sketches of {row[:3]}, got something else: {error}") from error
    return found

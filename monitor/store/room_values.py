"""How are the values of one metric read, of all rooms, without having everything that was measured in memory?

Of thousands of chunks only one column is taken, and that of many of them in one pass.  As with lines, all of it is read
in one transaction, so it is of one moment.
"""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.history.chunks import Media, column_of, moments_of
from monitor.store.damage import readable_media
from monitor.store.ports import Line, Resolve, RoomValues
from monitor.store.ranges import SAMPLES_A_SLICE, logged
from monitor.store.turns import Turns

ROWS_A_READ = 64  # of a third of a megabyte

# Along the ends of series, as chunks that were put together are on the disk.
_CHUNKS = """
SELECT room, participant, chunks.from_ms >= :from_ms AND chunks.to_ms < :to_ms, body
FROM series INDEXED BY series_by_end CROSS JOIN chunks ON chunks.series = series.id
WHERE series.to_ms >= :from_ms AND series.from_ms < :to_ms
    AND chunks.to_ms >= :from_ms AND chunks.from_ms < :to_ms AND chunks.id <= (SELECT last_chunk FROM checkpoint)
"""


class _Part(NamedTuple):
    """A chunk, and whether it is in the time that is asked for from end to end."""

    room: str
    media: Media
    is_within: bool


def values_of(
    reader: sqlite3.Connection, metric: str, span_ms: tuple[int, int], resolve: Resolve
) -> Generator[RoomValues]:
    """Yield the values of one metric in [from_ms, to_ms), in slices."""
    if not reader.in_transaction:
        reader.execute("BEGIN")
    for parts in _slices(reader, span_ms):
        yield _values_in(parts, metric, span_ms)
    for lines in logged(reader):
        yield _values_measured(lines.take(resolve), metric, span_ms)


async def values_in_lines(lines: AsyncIterable[Line], metric: str) -> AsyncGenerator[RoomValues]:
    """Yield the values of one metric, given what was measured in the time that is asked for."""
    async for series, samples in lines:
        if len(samples.at_ms):
            values = _known(samples.column(metric))
            yield RoomValues((series.room,), (len(values),), values)


def _slices(reader: sqlite3.Connection, span_ms: tuple[int, int]) -> Iterator[list[_Part]]:
    parts: list[_Part] = []
    count = 0
    for part in _parts(reader, span_ms):
        parts.append(part)
        count += part.media.rows
        if count >= SAMPLES_A_SLICE:
            yield parts
            parts, count = [], 0
    yield parts


def _parts(reader: sqlite3.Connection, span_ms: tuple[int, int]) -> Iterator[_Part]:
    from_ms, to_ms = span_ms
    found, turns = reader.execute(_CHUNKS, {"from_ms": from_ms, "to_ms": to_ms}), Turns()
    while rows := found.fetchmany(ROWS_A_READ):
        for room, participant, is_within, body in rows:
            turns.give_way()
            media = readable_media(body, f"{participant} in {room}")
            if media is not None:
                yield _Part(room, media, bool(is_within))


def _values_in(parts: Sequence[_Part], metric: str, span_ms: tuple[int, int]) -> RoomValues:
    chunks = [part.media for part in parts]
    values = column_of(chunks, metric)
    is_in = np.ones(len(values), bool)
    if not all(part.is_within for part in parts):
        at_ms, (from_ms, to_ms) = moments_of(chunks), span_ms
        is_in = (at_ms >= from_ms) & (at_ms < to_ms)
    is_known = is_in & ~np.isnan(values)
    ends = np.cumsum([0, *(each.rows for each in chunks)])
    there = [
        (part.room, known)
        for part, count, known in zip(parts, _counts(is_in, ends), _counts(is_known, ends), strict=True)
        if count
    ]
    return RoomValues([room for room, _ in there], [known for _, known in there], values[is_known])


def _counts(are_so: NDArray[np.bool_], ends: NDArray[np.int64]) -> list[int]:
    """Return how many of each part are so, given where the parts end."""
    before = np.concatenate(([0], np.cumsum(are_so)))
    counts: list[int] = np.diff(before[ends]).tolist()
    return counts


def _values_measured(lines: Iterable[Line], metric: str, span_ms: tuple[int, int]) -> RoomValues:
    rooms, found, turns = list[str](), [np.empty(0)], Turns()
    for series, samples in lines:
        turns.give_way()
        values = samples.within(*span_ms).column(metric)
        if len(values):
            rooms.append(series.room)
            found.append(_known(values))
    return RoomValues(rooms, [len(each) for each in found[1:]], np.concatenate(found))


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known: NDArray[np.float64] = values[~np.isnan(values)]
    return known

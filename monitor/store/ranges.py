"""How is much that was measured read, without having it in memory?

A participant after another from the chunks, then what is still in the log, a slice at a time.  All of it is read in one
transaction of a connection of its own, so it is of one moment: what moves from the log to the chunks meanwhile is still
where it was.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

import msgspec

from monitor.history.samples import Samples, joined
from monitor.store.damage import readable
from monitor.store.lines import Lines
from monitor.store.ports import Client, Line, Resolve, Series, Wanted
from monitor.store.rows import measured_in
from monitor.store.turns import Turns

SAMPLES_A_SLICE = 50_000  # eight megabytes

T = TypeVar("T")

_decode_client = msgspec.json.Decoder(Client).decode

_SERIES = """
SELECT id, room, participant, room_name, identity, account_sid, client FROM series
WHERE to_ms >= :from_ms AND from_ms < :to_ms ORDER BY id
"""
_CHUNKS = """
SELECT body FROM chunks WHERE series = :series AND to_ms >= :from_ms AND from_ms < :to_ms
    AND id <= (SELECT last_chunk FROM checkpoint) ORDER BY from_ms
"""
_SAMPLES = _CHUNKS.replace("body", "total(samples)", 1)
_LOG = "SELECT body FROM ingest_log WHERE id > (SELECT settled FROM checkpoint) ORDER BY id"


def lines_of(reader: sqlite3.Connection, wanted: Wanted, resolve: Resolve) -> Generator[Line]:
    """Yield what was measured, in slices."""
    if not reader.in_transaction:
        reader.execute("BEGIN")
    for series_id, series in _series(reader, wanted):
        for samples in _slices(reader, series_id, series, wanted):
            yield Line(series, samples)
    for lines in logged(reader):
        for series, samples in lines.take(resolve):
            within = samples.within(wanted.from_ms, wanted.to_ms)
            if within.count and wanted.is_about(series):
                yield Line(series, within)


def estimate_of(reader: sqlite3.Connection, wanted: Wanted) -> int:
    """Return about how many samples there are in the chunks; what is in the log is little beside them."""
    return sum(
        int(reader.execute(_SAMPLES, _bounds(wanted, series_id)).fetchone()[0])
        for series_id, _ in _series(reader, wanted)
    )


def _series(reader: sqlite3.Connection, wanted: Wanted) -> Iterator[tuple[int, Series]]:
    bounds = {"from_ms": wanted.from_ms, "to_ms": wanted.to_ms}
    for series_id, room, participant, room_name, identity, account_sid, client in reader.execute(_SERIES, bounds):
        series = Series(room, participant, room_name, identity, account_sid, _decode_client(client))
        if wanted.is_about(series):
            yield series_id, series


def _slices(reader: sqlite3.Connection, series_id: int, series: Series, wanted: Wanted) -> Iterator[Samples]:
    parts: list[Samples] = []
    whose = f"{series.participant} in {series.room}"
    for (body,) in reader.execute(_CHUNKS, _bounds(wanted, series_id)):
        within = readable(body, whose).within(wanted.from_ms, wanted.to_ms)
        if parts and sum(part.count for part in parts) + within.count > SAMPLES_A_SLICE:
            yield joined(parts)
            parts = []
        if within.count:
            parts.append(within)
    if parts:
        yield joined(parts)


def _bounds(wanted: Wanted, series_id: int) -> dict[str, Any]:
    return {"series": series_id, "from_ms": wanted.from_ms, "to_ms": wanted.to_ms}


def logged(reader: sqlite3.Connection) -> Iterator[Lines]:
    """Return what is in the log and in no chunk, as much at a time as fits into memory."""
    lines, turns = Lines(), Turns()
    for (body,) in reader.execute(_LOG):
        for batch in measured_in(body):
            lines.add(batch)
            turns.give_way()
        if lines.count >= SAMPLES_A_SLICE:
            yield lines
            lines = Lines()
    yield lines


async def on_a_thread(work: Generator[T]) -> AsyncGenerator[T]:
    """Yield what a generator yields, which does all its work on one thread of its own, its end included."""
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="range")
    try:
        while (some := await loop.run_in_executor(thread, next, work, None)) is not None:
            yield some
    finally:
        thread.submit(work.close)
        thread.shutdown(wait=False)


def in_slices(lines: Generator[Line]) -> Generator[list[Line]]:
    """Yield lines, as many at a time as may be in memory: a change of threads costs as much as reading one."""
    some: list[Line] = []
    count = 0
    with closing(lines):
        for line in lines:
            some.append(line)
            count += line.samples.count
            if count >= SAMPLES_A_SLICE:
                yield some
                some, count = [], 0
    if some:
        yield some

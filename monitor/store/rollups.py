"""Where are the rollups, in SQLite?

Beside the chunks, written and made true with them: each settling adds rows past the last that is true, and the short
transaction that ends it moves that bound.  Rows of an hour that is over are put together into one.  What is still in
the log is added up when a question is asked.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from heapq import merge
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from monitor.history.answers import Selection, Unanswerable
from monitor.history.rollup_rows import Part, Row, packed, unpacked
from monitor.history.rollups import (
    HOUR_MS,
    NO_ROLLUPS,
    ROOM,
    VALUES_A_DIMENSION,
    Rollups,
    bounded,
    merged,
    selected,
)
from monitor.store.answering import Answering
from monitor.store.damage import readable
from monitor.store.database import Database
from monitor.store.ports import Line, Resolve
from monitor.store.scopes import Scopes
from monitor.store.turns import Turns
from monitor.store.unsettled import Unsettled, rolled_up, series_in

ROWS_A_TRANSACTION = 256  # so that nobody who wants to write waits long
ROWS_A_READ = 256

T = TypeVar("T")


class SqliteRollups(Answering):
    """What samples add up to, on SQLite (`monitor.store.ports.RollupStore`)."""

    def __init__(self, database: Database, scopes: Scopes, turn: asyncio.Lock) -> None:
        super().__init__(scopes)
        self._database = database
        self._turn = turn
        self._unsettled = Unsettled(scopes)

    async def _fold(self, selection: Selection, part: Part, resolve: Resolve, fold: Callable[[Iterator[Row]], T]) -> T:
        return await asyncio.to_thread(self._fold_here, selection, part, resolve, fold)

    def _fold_here(self, selection: Selection, part: Part, resolve: Resolve, fold: Callable[[Iterator[Row]], T]) -> T:
        with self._database.reading() as reader:
            reader.execute("BEGIN")  # one picture for all of it: nothing moves from the log to the rollups meanwhile
            new = self._in_log(reader, selection, resolve)
            return fold(merge(_stored(reader, selection, part), new, key=attrgetter("key", "from_ms")))

    def _in_log(self, reader: sqlite3.Connection, selection: Selection, resolve: Resolve) -> list[Row]:
        found = selected(self._unsettled.rollups(reader, resolve), selection.is_about)
        bound = bounded(found, known_values(reader, found))
        return sorted(packed(bound), key=attrgetter("key", "from_ms"))

    async def rebuild(self, from_ms: int, to_ms: int) -> int:
        """Add up the chunks of whole hours anew; return how many samples that were."""
        whole = Selection(ROOM, from_ms, to_ms).checked()
        ((raw_since_ms,),) = await self._database.read("SELECT raw_since_ms FROM checkpoint")
        if whole.from_ms < raw_since_ms:
            raise Unanswerable(
                f"from_ms: expected {raw_since_ms} or later, since when samples are kept whole, got {from_ms}"
            )
        async with self._turn:
            return sum([await self._rebuild(hour) for hour in range(whole.from_ms, whole.to_ms, HOUR_MS)])

    async def _rebuild(self, hour_ms: int) -> int:
        await clear(self._database)
        writing = await Writing.begin(self._database, self.scopes)
        old_last, count = writing.last_id, 0
        ids = await self._database.read(_CHUNKS_OF_HOUR, {"from_ms": hour_ms, "to_ms": hour_ms + HOUR_MS})
        for start in range(0, len(ids), ROWS_A_READ):
            lines = await self._lines(ids[start : start + ROWS_A_READ], hour_ms)
            await writing.add(lines)
            count += sum(line.samples.count for line in lines)
        new_last = await writing.finish()

        def replace(writer: sqlite3.Connection) -> None:
            writer.execute("DELETE FROM rollups WHERE from_ms = ? AND id <= ?", (hour_ms, old_last))
            writer.execute("UPDATE checkpoint SET last_rollup = ?", (new_last,))

        await self._database.write(replace)
        return count

    async def _lines(self, ids: Sequence[tuple[int]], hour_ms: int) -> list[Line]:
        marks = ", ".join("?" * len(ids))
        rows = await self._database.read(
            f"{_CHUNKS} WHERE chunks.id IN ({marks}) ORDER BY room, participant", [chunk_id for (chunk_id,) in ids]
        )
        return await asyncio.to_thread(_lines, rows, hour_ms)


# --- writing ----------------------------------------------------------------------------------------------


class Writing:
    """Rollups on their way: rows that nobody sees until `checkpoint.last_rollup` reaches them."""

    def __init__(self, database: Database, scopes: Scopes, last_id: int) -> None:
        self._database = database
        self._scopes = scopes
        self._shared = NO_ROLLUPS  # what people of many rooms have in common is gathered, and written once
        self.last_id = last_id

    @classmethod
    async def begin(cls, database: Database, scopes: Scopes) -> "Writing":
        """Begin after the last rollup that is true; what is past it must have been cleared."""
        ((last_id,),) = await database.read("SELECT last_rollup FROM checkpoint")
        return cls(database, scopes, last_id)

    async def add(self, lines: Sequence[Line]) -> None:
        """Add up the samples of several people."""
        if lines:
            await self._write(await asyncio.to_thread(self._rooms, lines))

    async def finish(self) -> int:
        """Write the rest; return the id of the last row."""
        rows = await asyncio.to_thread(self._rest)
        for start in range(0, len(rows), ROWS_A_TRANSACTION):
            await self._write(rows[start : start + ROWS_A_TRANSACTION])
        return self.last_id

    async def _write(self, rows: Sequence[Row]) -> None:
        await self._database.write(partial(put_rows, rows=rows, last_id=self.last_id))
        self.last_id += len(rows)

    def _rooms(self, lines: Sequence[Line]) -> list[Row]:
        with self._database.reading() as reader:
            found = rolled_up(reader, lines, self._scopes)
        self._shared = merged([self._shared, selected(found, lambda key: key.scope != ROOM)])
        return packed(selected(found, lambda key: key.scope == ROOM))

    def _rest(self) -> list[Row]:
        with self._database.reading() as reader:
            known = known_values(reader, self._shared)
        return packed(bounded(self._shared, known))


async def clear(database: Database) -> None:
    """Throw away what was written and never became true."""
    while await database.write(lambda writer: writer.execute(_CLEAR, (ROWS_A_TRANSACTION,)).rowcount):
        pass


async def merge_hours(database: Database, before_ms: int) -> None:
    """Put together the rows of each scope, key and hour that was over before a moment."""
    while parts := await database.read(_PARTS, (before_ms - HOUR_MS, ROWS_A_TRANSACTION)):
        await _merge(database, [str(part) for (part,) in parts])


async def _merge(database: Database, parts: Sequence[str]) -> None:
    found = await database.read(_ROWS_OF_PARTS, ("[" + ",".join(parts) + "]",))
    rows = await asyncio.to_thread(_put_together, found)

    def replace(writer: sqlite3.Connection) -> None:
        ((last_id,),) = writer.execute("SELECT last_rollup FROM checkpoint").fetchall()
        writer.executemany("DELETE FROM rollups WHERE id = ?", [row[:1] for row in found])
        put_rows(writer, rows, last_id, is_merged=True)
        writer.execute("UPDATE checkpoint SET last_rollup = ?", (last_id + len(rows),))

    await database.write(replace)


def _put_together(found: Sequence[Any]) -> list[Row]:
    return packed(merged([unpacked([Row(*row[1:]) for row in found])]))


def put_rows(writer: sqlite3.Connection, rows: Sequence[Row], last_id: int, *, is_merged: bool = False) -> None:
    """Insert rows under the numbers after a last one; `is_merged`: no others are parts of the same hours."""
    numbered = [(number, *row[:4], is_merged, *row[4:]) for number, row in enumerate(rows, start=last_id + 1)]
    writer.executemany("INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?)", numbered)


# --- reading ----------------------------------------------------------------------------------------------


def known_values(reader: sqlite3.Connection, rollups: Rollups) -> dict[tuple[str, int], set[str]]:
    """Return which values there are of each dimension and hour that rollups are about."""
    wanted = {(key.scope, key.from_ms) for key in rollups.keys if key.scope != ROOM}
    return {place: {key for (key,) in reader.execute(_VALUES, (*place, VALUES_A_DIMENSION + 1))} for place in wanted}


def _stored(reader: sqlite3.Connection, selection: Selection, part: Part) -> Iterator[Row]:
    """Return rows in the order of keys and hours: first is sorted which they are, and then they are read."""
    keys = None if selection.keys is None else msgspec.json.encode(list(selection.keys)).decode()
    ids = reader.execute(_SELECTED if keys is None else _SELECTED_KEYS, {**selection._asdict(), "keys": keys})
    turns = Turns()
    while some := [row_id for (row_id,) in ids.fetchmany(ROWS_A_READ)]:
        marks = ", ".join("?" * len(some))
        rows = {row[0]: Row(*row[1:]) for row in reader.execute(f"{_ROWS[part]} WHERE id IN ({marks})", some)}
        yield from (rows[row_id] for row_id in some)
        turns.give_way()


def _lines(rows: Sequence[Sequence[Any]], hour_ms: int) -> list[Line]:
    """Return what is in chunks of one hour."""
    found, turns = [], Turns()
    for row in rows:
        series = series_in(row)
        samples = readable(row[6], f"{series.participant} in {series.room}")
        found.append(Line(series, samples.within(hour_ms, hour_ms + HOUR_MS)))
        turns.give_way()
    return [line for line in found if line.samples.count]


# --- SQL --------------------------------------------------------------------------------------------------

_CLEAR = """
DELETE FROM rollups WHERE id IN (SELECT rollups.id FROM rollups, checkpoint WHERE rollups.id > last_rollup LIMIT ?)
"""
_ROWS: dict[Part, str] = {
    "body": "SELECT id, scope, key, from_ms, samples, body, x'' FROM rollups",
    "sketches": "SELECT id, scope, key, from_ms, samples, x'', sketches FROM rollups",
}
_PARTS = """
SELECT json_array(scope, key, from_ms) FROM rollups WHERE NOT is_merged AND from_ms <= ?
GROUP BY scope, key, from_ms LIMIT ?
"""
_ROWS_OF_PARTS = """
SELECT rollups.id, rollups.scope, rollups.key, rollups.from_ms, samples, body, sketches
FROM json_each(?) AS part CROSS JOIN rollups
WHERE rollups.scope = json_extract(part.value, '$[0]')
    AND rollups.key = json_extract(part.value, '$[1]')
    AND rollups.from_ms = json_extract(part.value, '$[2]')
"""
_VALUES = """
SELECT DISTINCT key FROM rollups
WHERE scope = ? AND from_ms = ? AND id <= (SELECT last_rollup FROM checkpoint) LIMIT ?
"""
_SELECTED = """
SELECT id FROM rollups INDEXED BY rollups_by_time
WHERE scope = :scope AND from_ms >= :from_ms AND from_ms < :to_ms AND key > :after
    AND id <= (SELECT last_rollup FROM checkpoint)
ORDER BY key, from_ms
"""
_SELECTED_KEYS = """
SELECT id FROM rollups INDEXED BY rollups_by_key
WHERE scope = :scope AND key IN (SELECT value FROM json_each(:keys)) AND key > :after
    AND from_ms >= :from_ms AND from_ms < :to_ms AND id <= (SELECT last_rollup FROM checkpoint)
ORDER BY key, from_ms
"""
_CHUNKS = """
SELECT room, participant, room_name, identity, account_sid, client, body
FROM chunks JOIN series ON series.id = chunks.series
"""
_CHUNKS_OF_HOUR = """
SELECT chunks.id FROM chunks JOIN series ON series.id = chunks.series
WHERE chunks.to_ms >= :from_ms AND chunks.from_ms < :to_ms AND chunks.id <= (SELECT last_chunk FROM checkpoint)
ORDER BY room, participant
"""

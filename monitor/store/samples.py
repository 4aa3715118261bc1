"""Where are the samples, in SQLite?

In the log at first, as they were posted; after some minutes in chunks, a few hundred bytes for each participant.  They
move in one transaction: chunks are written in slices that nobody sees yet, being numbered past the last that is true;
then one short transaction says up to where the log has been settled and up to where chunks are true.  A crash before it
leaves chunks that the next attempt throws away, a crash after it leaves log rows that nobody reads any more.  What the
samples add up to (`monitor.store.rollups`) is written beside them, and becomes true with them.

Everything that takes more than a moment is done on a thread, which lets go of the interpreter every millisecond.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from itertools import groupby, islice
from logging import getLogger
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from monitor.history import chunks
from monitor.history.differences import lacking, pieces
from monitor.history.samples import Samples, joined
from monitor.store import rollups
from monitor.store.damage import readable
from monitor.store.database import Database
from monitor.store.lines import Lines, in_batches, united
from monitor.store.ports import Client, Line, Place, Resolve, RoomValues, Series, Wanted
from monitor.store.ranges import estimate_of, in_slices, lines_of, on_a_thread
from monitor.store.room_values import values_of
from monitor.store.rows import encode, measured_about
from monitor.store.scopes import Scopes
from monitor.store.turns import Turns
from monitor.store.unsettled import gathered

ROWS_A_TRANSACTION = 256  # so that nobody who wants to write waits long
SERIES_A_TIME = 64
CHUNKS_A_TIME = 64  # whose numbers stay in the cache of a processor
LATE_MS = 600_000  # what was posted later than this is not looked for in the log where it is about many rooms

_log = getLogger(__name__)

_Row = tuple[int, int, int, int, bytes]  # a chunk: its series, first and last moment, samples, body

_decode_client = msgspec.json.Decoder(Client).decode


class _Chunk(NamedTuple):
    """A chunk that is to be written."""

    series: Series
    span_ms: tuple[int, int]
    samples: int
    body: bytes


class SqliteSamples:
    """What was measured, on SQLite (`monitor.store.ports.SampleStore`)."""

    def __init__(self, database: Database, scopes: Scopes, turn: asyncio.Lock) -> None:
        self._database = database
        self._scopes = scopes
        self._turn = turn

    # --- from the log to chunks -----------------------------------------------------------------------------

    async def settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:
        """Make chunks of what is in the log, as far as the saved picture reaches, once the oldest is old enough."""
        async with self._turn:
            return await self._settle(now_ms, older_than_ms, resolve)

    async def _settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:
        await self._clear()
        ((oldest_ms, through),) = await self._database.read(
            "SELECT (SELECT received_at_ms FROM ingest_log WHERE id > settled ORDER BY id LIMIT 1), through"
            " FROM checkpoint"
        )
        if oldest_ms is None or oldest_ms > now_ms - older_than_ms:
            return 0
        count = 0
        while (settled := await self._settle_some(through, resolve)) is not None:
            count += settled
        return count

    async def _clear(self) -> None:
        """Throw away what a settling that was broken off has left, on either side."""
        await self._delete(
            "DELETE FROM chunks WHERE id IN (SELECT chunks.id FROM chunks, checkpoint"
            " WHERE chunks.id > last_chunk LIMIT ?)"
        )
        await rollups.clear(self._database)
        await self._delete(
            "DELETE FROM ingest_log WHERE id IN (SELECT ingest_log.id FROM ingest_log, checkpoint"
            " WHERE ingest_log.id <= settled ORDER BY ingest_log.id LIMIT ?)"
        )

    async def _delete(self, statement: str) -> None:
        while await self._database.write(lambda writer: writer.execute(statement, (ROWS_A_TRANSACTION,)).rowcount):
            pass

    async def _settle_some(self, through: int, resolve: Resolve) -> int | None:
        """Settle as much as is gathered at a time; None: there is nothing more."""
        lines, reached = await asyncio.to_thread(self._gather, through)
        if reached is None:
            return None
        told = await asyncio.to_thread(lines.take, resolve)
        await self._write(in_batches(told), settled=reached)
        await self._clear()
        return lines.count

    def _gather(self, through: int) -> tuple[Lines, int | None]:
        with self._database.reading() as reader:
            ((settled,),) = reader.execute("SELECT settled FROM checkpoint")
            return gathered(reader, settled, through)

    async def _write(self, batches: Iterator[list[Line]], *, settled: int) -> None:
        last_chunk = await self._last_chunk()
        writing = await rollups.Writing.begin(self._database, self._scopes)
        while lines := await asyncio.to_thread(next, batches, None):
            some = await asyncio.to_thread(_encoded, lines)
            await self._database.write(partial(_insert, new=some, last_id=last_chunk))
            last_chunk += len(some)
            await writing.add(lines)
        last_rollup = await writing.finish()
        await self._database.write(
            lambda writer: writer.execute(
                "UPDATE checkpoint SET settled = ?, last_chunk = ?, last_rollup = ?", (settled, last_chunk, last_rollup)
            )
        )

    async def _last_chunk(self) -> int:
        ((last_id,),) = await self._database.read("SELECT last_chunk FROM checkpoint")
        return int(last_id)

    # --- from many chunks to few ----------------------------------------------------------------------------

    async def merge(self, silent_since_ms: int) -> int:
        """Put together the chunks of those who have not been heard since; return of how many that were."""
        async with self._turn:
            await self._clear()
            await rollups.merge_hours(self._database, silent_since_ms)
            return await self._merge_silent(silent_since_ms)

    async def _merge_silent(self, silent_since_ms: int) -> int:
        count = 0
        while ended := await self._ended("merged_ms", silent_since_ms):
            await self._merge([series for series, _ in ended], ended[-1][1])
            count += len(ended)
        return count

    async def _ended(self, since: str, before_ms: int) -> Sequence[tuple[int, int]]:
        """Return some series that ended before a moment, and when, in the order of their ends.

        Of those that ended at the same moment there are all or none, so that the next begin after the last of these.
        """
        return await self._database.read(
            f"SELECT id, to_ms FROM series WHERE to_ms > (SELECT {since} FROM checkpoint) AND to_ms <="  # noqa: S608
            f" (SELECT max(to_ms) FROM (SELECT to_ms FROM series WHERE to_ms > (SELECT {since} FROM checkpoint)"
            " AND to_ms < ? ORDER BY to_ms LIMIT ?)) ORDER BY to_ms",
            (before_ms, SERIES_A_TIME),
        )

    async def _merge(self, series: Sequence[int], ended_ms: int) -> None:
        marks = ", ".join("?" * len(series))
        rows = await self._database.read(
            "SELECT series, from_ms, to_ms, samples, body FROM chunks"  # noqa: S608  # only marks
            f" WHERE series IN ({marks}) ORDER BY series, from_ms",
            series,
        )
        whole = await asyncio.to_thread(_merged, rows)
        last_id = await self._last_chunk()

        def replace(writer: sqlite3.Connection) -> None:
            writer.execute(f"DELETE FROM chunks WHERE series IN ({marks})", series)  # noqa: S608
            writer.executemany(_INSERT_CHUNK, [(last_id + n, *row) for n, row in enumerate(whole, start=1)])
            writer.execute("UPDATE checkpoint SET last_chunk = ?, merged_ms = ?", (last_id + len(whole), ended_ms))

        await self._database.write(replace)

    async def drop_before(self, bound_ms: int) -> int:
        """Drop the chunks of series that ended before; return how many went."""
        count = 0
        while ended := await self._ended("dropped_ms", bound_ms):
            count += await self._database.write(partial(_drop, ended=ended))
        return count

    # --- reading ------------------------------------------------------------------------------------------

    async def timeline(
        self, room: str, from_ms: int, to_ms: int, resolve: Resolve, *, participant: str | None = None
    ) -> Sequence[Line]:
        """Return what was measured in a room in [from_ms, to_ms), by everybody or by one participant."""
        rows = await self._database.read(
            _TIMELINE,
            {"room": room, "from_ms": from_ms, "to_ms": to_ms, "participant": participant, "about": room.encode()},
        )
        lines = await asyncio.to_thread(_timelines, rows, {room}, (from_ms, to_ms), resolve)
        return [line for line in lines if participant in (None, line.series.participant)]

    async def timelines(self, rooms: Collection[str], from_ms: int, to_ms: int, resolve: Resolve) -> Sequence[Line]:
        """Return what was measured in rooms in [from_ms, to_ms), by everybody; late posts may still be missing.

        The log is read once for all of them, and on a connection of its own, since there may be much of it.
        """

        def read() -> list[Line]:
            with self._database.reading() as reader:
                values = {"rooms": encode([*rooms]), "from_ms": from_ms, "to_ms": to_ms, "late_ms": to_ms + LATE_MS}
                return _timelines(reader.execute(_TIMELINES, values), rooms, (from_ms, to_ms), resolve)

        return await asyncio.to_thread(read)

    async def lines(self, wanted: Wanted, resolve: Resolve) -> AsyncGenerator[Line]:
        """Yield what was measured, however much that is, in slices that fit into memory."""
        async with aclosing(on_a_thread(in_slices(self._at_one_moment(wanted, resolve)))) as slices:
            async for some in slices:
                for line in some:
                    yield line

    def _at_one_moment(self, wanted: Wanted, resolve: Resolve) -> Generator[Line]:
        with self._database.reading() as reader:
            yield from lines_of(reader, wanted, resolve)

    async def values(self, metric: str, from_ms: int, to_ms: int, resolve: Resolve) -> AsyncGenerator[RoomValues]:
        """Yield the values of one metric, of all rooms, in slices that fit into memory."""

        def at_one_moment() -> Generator[RoomValues]:
            with self._database.reading() as reader:
                yield from values_of(reader, metric, (from_ms, to_ms), resolve)

        async with aclosing(on_a_thread(at_one_moment())) as slices:
            async for some in slices:
                yield some

    async def estimate(self, wanted: Wanted) -> int:
        """Return about how many samples that is, without reading them."""

        def estimated() -> int:
            with self._database.reading() as reader:
                return estimate_of(reader, wanted)

        return await asyncio.to_thread(estimated)


# --- pieces of work for a thread ----------------------------------------------------------------------------


def _encoded(lines: Iterable[Line], level: int = chunks.QUICK) -> list[_Chunk]:
    parts = iter([(series, part) for series, samples in lines for part in pieces(samples, chunks.MAX_ROWS)])
    made, turns = [], Turns()
    while some := list(islice(parts, CHUNKS_A_TIME)):
        bodies = chunks.encoded([part for _, part in some], level)
        made += [_Chunk(who, part.span_ms, part.count, body) for (who, part), body in zip(some, bodies, strict=True)]
        turns.give_way()
    return made


def _merged(rows: Iterable[_Row]) -> list[_Row]:
    """Return what is to stand in the place of these chunks."""
    whole: list[_Row] = []
    turns = Turns()
    for series, of_series in groupby(rows, key=itemgetter(0)):
        turns.give_way()
        chunks_of_series = list(of_series)
        try:
            whole += _put_together(series, [chunks.decode(body) for *_, body in chunks_of_series])
        except chunks.Malformed as error:
            _log.error("the chunks of series %d stay as they are: %s", series, error)
            whole += chunks_of_series
    return whole


def _put_together(series: int, found: Iterable[Samples]) -> list[_Row]:
    parts: list[Samples] = []
    for samples in found:
        if parts and parts[-1].count + samples.count <= chunks.MAX_ROWS:
            parts[-1] = joined([parts[-1], samples])
        else:
            parts.append(samples)
    return [(series, *each.span_ms, each.count, chunks.encode(each, chunks.THOROUGH)) for each in parts]


def _timelines(
    rows: Iterable[tuple[Any, ...]], rooms: Collection[str], span_ms: tuple[int, int], resolve: Resolve
) -> list[Line]:
    parts: dict[Place, list[Samples]] = {}
    series: dict[Place, Series] = {}
    for line in _opened(rows, rooms, resolve):
        who = Place(line.series.room, line.series.participant)
        if who.room in rooms:
            parts.setdefault(who, []).append(line.samples.within(*span_ms))
            series[who] = united(series[who], line.series) if who in series else line.series
    lines = (Line(series[who], joined(samples)) for who, samples in parts.items())
    return sorted(
        (line for line in lines if line.samples.count), key=lambda line: (line.series.room, line.series.participant)
    )


def _opened(rows: Iterable[tuple[Any, ...]], rooms: Collection[str], resolve: Resolve) -> Iterator[Line]:
    """Return what is in chunks, then what is in the log; rows of the log have no room."""
    in_log, turns = Lines(), Turns()
    for room, participant, room_name, identity, account_sid, client, body in rows:
        turns.give_way()
        if room is None:
            for batch in measured_about(body, rooms):
                in_log.add(batch)
        else:
            told = Series(room, participant, room_name, identity, account_sid, _decode_client(client))
            yield Line(told, readable(body, f"{participant} in {room}"))
    yield from in_log.take(resolve)


# --- SQL --------------------------------------------------------------------------------------------------

_INSERT_SERIES = """
INSERT INTO series (room, participant, room_name, identity, account_sid, from_ms, to_ms, client)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (room, participant) DO UPDATE SET
    room_name = coalesce(excluded.room_name, room_name),
    identity = coalesce(excluded.identity, identity),
    account_sid = coalesce(excluded.account_sid, account_sid),
    from_ms = min(excluded.from_ms, from_ms),
    to_ms = max(excluded.to_ms, to_ms),
    client = CAST(json_patch(CAST(client AS TEXT), CAST(excluded.client AS TEXT)) AS BLOB)
"""
_INSERT_CHUNK = """
INSERT INTO chunks (id, series, from_ms, to_ms, samples, body) VALUES (?, ?, ?, ?, ?, ?)
"""
_INSERT_CHUNK_OF = """
INSERT INTO chunks (id, series, from_ms, to_ms, samples, body)
VALUES (?, (SELECT id FROM series WHERE room = ? AND participant = ?), ?, ?, ?, ?)
"""
_TIMELINE = """
SELECT room, participant, room_name, identity, account_sid, client, body
FROM series JOIN chunks ON chunks.series = series.id
WHERE room = :room AND (:participant IS NULL OR participant = :participant)
    AND chunks.to_ms >= :from_ms AND chunks.from_ms < :to_ms AND chunks.id <= (SELECT last_chunk FROM checkpoint)
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, body FROM ingest_log
WHERE id > (SELECT settled FROM checkpoint)
    AND (instr(body, :about) OR instr(body, CAST('"room_sid":null' AS BLOB))
        OR instr(body, CAST('"event":"telemetry"' AS BLOB)))
"""  # one statement, so that nothing moves from the log to the chunks between its halves; most of the log is not opened
_TIMELINES = """
SELECT room, participant, room_name, identity, account_sid, client, body
FROM series JOIN chunks ON chunks.series = series.id
WHERE room IN (SELECT value FROM json_each(CAST(:rooms AS TEXT)))
    AND chunks.to_ms >= :from_ms AND chunks.from_ms < :to_ms AND chunks.id <= (SELECT last_chunk FROM checkpoint)
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, body FROM ingest_log
WHERE id > (SELECT settled FROM checkpoint) AND received_at_ms >= :from_ms AND received_at_ms < :late_ms
"""

_EVER = {"from_ms": 0, "to_ms": 2**62}


def _insert(writer: sqlite3.Connection, new: Sequence[_Chunk], last_id: int) -> None:
    writer.executemany(
        _INSERT_SERIES,
        [
            (who.room, who.participant, who.room_name, who.identity, who.account_sid, *span_ms, encode(who.client))
            for who, span_ms, _, _ in new
        ],
    )
    writer.executemany(
        _INSERT_CHUNK_OF,
        [
            (chunk_id, who.room, who.participant, *span_ms, samples, body)
            for chunk_id, (who, span_ms, samples, body) in enumerate(new, start=last_id + 1)
        ],
    )


def add_line(writer: sqlite3.Connection, told: Line, resolve: Resolve) -> int:
    """Add what was measured elsewhere and is not here; return how much that is.

    This is a part of a transaction, while nobody settles anything.
    """
    room, who = told.series.room, told.series.participant
    asked = {"room": room, "participant": who, "about": room.encode(), **_EVER}
    rows = writer.execute(_TIMELINE, asked).fetchall()
    for known in _timelines(rows, {room}, (_EVER["from_ms"], _EVER["to_ms"]), resolve):
        if known.series.participant == who:
            told = Line(united(told.series, known.series), lacking(known.samples, told.samples))
    put_down(writer, [told])
    return told.samples.count


def put_down(writer: sqlite3.Connection, lines: Sequence[Line], level: int = chunks.QUICK) -> None:
    """Add chunks with what was measured elsewhere; a higher level takes longer and comes out smaller.

    This is a part of a transaction, while nobody settles anything.
    """
    new = _encoded(lines, level)
    if not new:
        return
    writer.execute("DELETE FROM chunks WHERE id > (SELECT last_chunk FROM checkpoint)")
    ((last_id,),) = writer.execute("SELECT last_chunk FROM checkpoint").fetchall()
    _insert(writer, new, last_id)
    # It may have ended before what was dropped last: it is to be dropped in its turn all the same.
    writer.execute(
        "UPDATE checkpoint SET last_chunk = ?, dropped_ms = min(dropped_ms, ?)",
        (last_id + len(new), min(chunk.span_ms[1] for chunk in new) - 1),
    )


def _drop(writer: sqlite3.Connection, ended: Sequence[tuple[int, int]]) -> int:
    dropped = writer.executemany("DELETE FROM chunks WHERE series = ?", [(series,) for series, _ in ended]).rowcount
    writer.execute("UPDATE checkpoint SET dropped_ms = ?", (ended[-1][1],))
    return dropped

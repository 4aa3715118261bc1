"""How does what must be true get from the file of a daemon into PostgreSQL, whole or not at all?

In one transaction, while nobody else has either: what was broken off has left nothing, and is done anew.  Numbers of
the log go on where the file's ended, and segments begin above as many numbers as there are chunks and rollups in the
file: those are theirs, for whenever they are carried (`monitor.store.clickhouse.carrying`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from secrets import token_hex
from typing import Any, NamedTuple

from monitor.store.comparing import Compared, Difference
from monitor.store.moving_source import TABLES, Source, Types
from monitor.store.ports import StoreFailed
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database

ROWS_A_TIME = 1_000
ROWS_A_PAGE = 5_000
_HASH_BYTES = 8
_ID_BYTES = 8
NUMBERED = ("events", "transitions", "notes", "audit")  # whose numbers PostgreSQL gives

Tell = Callable[[int], None]  # how many rows more there are now


class Move(NamedTuple):
    """What was copied once, and how far its history has been carried; `id` is of this copy alone."""

    id: str
    source: str
    log_id: int
    last_chunk: int
    last_rollup: int
    chunks_from: int
    is_finished: bool


class Copied(NamedTuple):
    """How many rows were copied of each table; `is_old`: that was done before, and nothing was changed now."""

    rows: dict[str, int]
    is_old: bool = False


async def move_of(database: Database) -> Move | None:
    """Return what was copied into a database, if anything was."""
    rows = await database.read(_MOVE)
    return Move(*rows[0]) if rows else None


async def types_of(database: Database) -> Types:
    """Return the columns of each table that is copied, and their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in await database.read(_TYPES, list(TABLES)):
        found.setdefault(table, {})[column] = kind
    return found


async def copy(database: Database, source: Source, tell: Tell) -> Copied:
    """Copy a file into a database that has nothing of its own.

    Raises:
        StoreFailed: it has, or a replica is at work, or it was refused; nothing was copied.
    """
    types = await types_of(database)

    async def work(connection: Connection) -> Copied:
        # Before anything is looked at: a replica that starts meanwhile waits, and finds what was copied.
        locked = ", ".join((*TABLES, "replicas", "log_head", "segment_head", "outbox_head", "checkpoint", "moves"))
        await connection.execute(f"LOCK TABLE {locked} IN SHARE ROW EXCLUSIVE MODE")
        before = await connection.fetchrow(_MOVE)
        if before is not None:
            return _known(Move(*before), source, database.where)
        await _refuse_others(connection, database.where)
        copied = {table: await _copy_table(connection, source, table, types, tell) for table in TABLES}
        await _set_heads(connection, source)
        return Copied(copied)

    return await database.write(work, is_bounded=False)


async def finish(database: Database) -> None:
    """Say that no history is to be carried any more."""

    async def work(connection: Connection) -> None:
        await connection.execute("UPDATE moves SET finished_at = coalesce(finished_at, clock_timestamp())")

    await database.write(work)


async def carried(database: Database, chunks_from: int) -> None:
    """Say that the chunks from a number on have been carried."""

    async def work(connection: Connection) -> None:
        await connection.execute("UPDATE moves SET chunks_from = least(chunks_from, $1)", chunks_from)

    await database.write(work)


async def refuse_unfinished(database: Database, undone: str = "nothing was erased") -> None:
    """See that no history is still to come, which would bring back what is erased now, or be missing where it goes.

    Raises:
        StoreFailed: there is.
    """
    move = await move_of(database)
    if move is not None and not move.is_finished:
        raise StoreFailed(
            "expected the history of the file that was copied to be in the cluster, got some that is not yet;"
            f" `roomwatch backfill` first, or with --abandon; {undone}"
        )


class Backfill:
    """How far the history of a file has come that was copied into a database, if one was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_over = False

    async def lacks(self, from_ms: int) -> str:
        """Return what may be missing of what was measured from a moment on: nothing once all of it was carried."""
        if self._is_over:
            return ""
        rows = await self._database.read(_PROGRESS)
        if not rows:  # none was copied, and that may still be done
            return ""
        ((copied_at_ms, carried_chunks, chunks, self._is_over),) = rows
        if self._is_over or from_ms >= copied_at_ms:
            return ""
        copied = datetime.fromtimestamp(copied_at_ms / 1000, UTC)
        return (
            f"what was measured before {copied:%Y-%m-%d %H:%M} UTC is being carried from a file, the latest first:"
            f" {carried_chunks:,} of {chunks:,} parts are there"
        )


def known_as(move: Move | None, source: Source, where: str) -> Move:
    """Return what was copied, where it was this file as it is.

    Raises:
        StoreFailed: nothing was copied, or another file, or the file has been written to since.
    """
    if move is None:
        raise StoreFailed(f"{where}: expected what was copied from {source.path}, got nothing; `roomwatch copy` first")
    if move.source != source.mark:
        raise StoreFailed(
            f"{where}: expected {source.path} as it was copied, got another file, or one that was written to since"
        )
    return move


def _known(move: Move, source: Source, where: str) -> Copied:
    known_as(move, source, where)
    return Copied({}, is_old=True)


async def _refuse_others(connection: Connection, where: str) -> None:
    lives = await connection.fetch("SELECT name FROM replicas WHERE until > clock_timestamp() ORDER BY name")
    if lives:
        names = ", ".join(name for (name,) in lives)
        raise StoreFailed(f"{where}: expected no replica at work, got {names}; nothing was copied")
    full = [
        table
        for table in (*TABLES, "inbox", "segments")
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})")  # noqa: S608  # of constants
    ]
    given = await connection.fetchval("SELECT last_id FROM log_head")
    if full or given:
        got = f"rows in {', '.join(full)}" if full else f"a log that went up to {given}"
        raise StoreFailed(f"{where}: expected a cluster that has nothing of its own, got {got}; nothing was copied")


async def _copy_table(connection: Connection, source: Source, table: str, types: Types, tell: Tell) -> int:
    columns = source.columns(table)
    marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # of the schema
    count = 0
    for some in _in_batches(source.rows(table, types)):
        await connection.executemany(insert, some)
        count += len(some)
        tell(len(some))
    return count


def _in_batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    while some := list(islice(rows, ROWS_A_TIME)):
        yield some


async def _set_heads(connection: Connection, source: Source) -> None:
    """Let all that is numbered go on where the file ended."""
    at = source.position
    for table in NUMBERED:
        if highest := source.highest(table):
            await connection.execute("SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, highest)
    await connection.execute("UPDATE outbox_head SET last_seq = $1", source.highest("outbox"))
    # An attempt that was on its way when the daemon ended is nobody's: the first replica that looks takes it over.
    await connection.execute("UPDATE outbox SET claimed_until_s = 0 WHERE begun_at_s IS NOT NULL")
    await connection.execute("UPDATE log_head SET last_id = $1", at.last_log_id)
    await connection.execute(
        "UPDATE checkpoint SET through = $1, settled = $2, raw_since_ms = $3", at.through, at.settled, at.raw_since_ms
    )
    await connection.execute(
        "UPDATE segment_head SET last_number = greatest(last_number, $1), sealed = $2, dropped = $2",
        at.last_chunk + at.last_rollup,
        at.settled,
    )
    await connection.execute(
        "INSERT INTO moves (one, id, source, copied_at, log_id, last_chunk, last_rollup, chunks_from)"
        " VALUES (1, $1, $2, clock_timestamp(), $3, $4, $5, $6)",
        token_hex(_ID_BYTES),
        source.mark,
        at.last_log_id,
        at.last_chunk,
        at.last_rollup,
        at.last_chunk + 1,
    )


# --- comparing --------------------------------------------------------------------------------------------


async def has_gone_on(database: Database, move: Move) -> bool:
    """Whether a replica has been at work since the copy."""
    ((has_been,),) = await database.read(
        "SELECT last_id > $1 OR EXISTS (SELECT 1 FROM replicas) OR EXISTS (SELECT 1 FROM leases) FROM log_head",
        move.log_id,
    )
    return bool(has_been)


async def compare_tables(database: Database, source: Source) -> Compared:
    """Compare all rows that were copied."""
    types = await types_of(database)
    count, found = 0, list[Difference]()
    for table in TABLES:
        here = await asyncio.to_thread(_summed, source.rows(table, types))
        there = await _in_postgres(database, source, table, types)
        count += here[0]
        if here != there:
            is_content = here[0] == there[0]
            told = [f"{rows:,} rows{' of another content' if is_content else ''}" for rows, _ in (here, there)]
            found.append(Difference(table, f"{here[0]:,} rows", told[1]))
    return Compared(count, found)


async def _in_postgres(database: Database, source: Source, table: str, types: Types) -> tuple[int, int]:
    """Return how many rows there are, and their sum, read a page after another."""
    count = total = 0
    after = (source.position.settled,) if table == "ingest_log" else ()
    async for rows in pages(database, table, source.columns(table), types, after):
        some, sum_of = await asyncio.to_thread(_summed, (tuple(row) for row in rows))
        count, total = count + some, (total + sum_of) % 2**64
    return count, total


async def pages(
    database: Database, table: str, columns: Sequence[str], types: Types, after: Sequence[Any] = ()
) -> AsyncIterator[list[Any]]:
    """Yield the rows of a table in the order of its key, some at a time: those after a key, or all."""
    key = TABLES[table]
    what, order = ", ".join(columns), ", ".join(key)
    marks = ", ".join(f"${number}::{types[table][column]}" for number, column in enumerate(key, start=2))
    first = f"SELECT {what} FROM {table} ORDER BY {order} LIMIT $1"  # noqa: S608  # of the schema
    more = f"SELECT {what} FROM {table} WHERE ({order}) > ({marks}) ORDER BY {order} LIMIT $1"  # noqa: S608
    while rows := list(await database.read(more if after else first, ROWS_A_PAGE, *after)):
        yield rows
        after = rows[-1][: len(key)]


def _summed(rows: Iterator[tuple[Any, ...]]) -> tuple[int, int]:
    """Return how many rows there are, and the sum of their hashes: in whatever order they come, it is the same."""
    count = total = 0
    for row in rows:
        digest = blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()
        count, total = count + 1, (total + int.from_bytes(digest)) % 2**64
    return count, total


# --- SQL --------------------------------------------------------------------------------------------------

_MOVE = "SELECT id, source, log_id, last_chunk, last_rollup, chunks_from, finished_at IS NOT NULL FROM moves"
_PROGRESS = """
SELECT (extract(epoch FROM copied_at) * 1000)::bigint, last_chunk + 1 - chunks_from, last_chunk, finished_at IS NOT NULL
FROM moves
"""
_TYPES = """
SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = ANY ($1::text[])
"""

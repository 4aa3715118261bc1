"""How does the history in a file get into ClickHouse while replicas put down theirs, once, and whatever is killed?

A chunk is a segment of its own: its number is the chunk's, and its rows are known by it, so one that is put down again
changes nothing.  Rollups cannot be added up anew, since samples may be gone that they count; they are carried as they
are, some of a day at a time, each part under a number that is a row beside them.  All of these numbers are lower than
those of any segment of the cluster, so of names what the cluster heard itself counts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from monitor.store.clickhouse import series as who
from monitor.store.clickhouse.client import Client, Columns, Table
from monitor.store.clickhouse.columns import DAY_MS, LEVELS, MEDIA, levels_of, media_of
from monitor.store.clickhouse.partitions import keep_since
from monitor.store.clickhouse.rollup_columns import (
    COUNTS_TABLE,
    MARK,
    PEOPLE_TABLE,
    SKETCHES_TABLE,
)
from monitor.store.clickhouse.rollup_writing import put_down_rollups
from monitor.store.moving_source import Chunk, Source
from monitor.store.ports import Line, StoreFailed

_TABLES: tuple[tuple[Table, Callable[[Sequence[Line], int], Columns]], ...] = (
    (who.SERIES, who.rows_of),
    (MEDIA, media_of),
    (LEVELS, levels_of),
)


async def refuse_what_is_there(clickhouse: Client, where: str) -> None:
    """See that there is nothing in ClickHouse.

    Raises:
        StoreFailed: there is, or it does not answer.
    """
    for table in (who.SERIES, MEDIA, LEVELS, COUNTS_TABLE, SKETCHES_TABLE, PEOPLE_TABLE):
        ((count,),) = await clickhouse.query(f"SELECT count() FROM {table.name}")
        if count:
            raise StoreFailed(f"{where}: expected nothing in it, got {count} rows in {table.name}; nothing was copied")


async def carry_rollups(clickhouse: Client, source: Source, tell: Callable[[int], None]) -> int:
    """Carry the rollups that are not there; return how many were damaged and stay behind.

    Raises:
        StoreFailed: not all of them are there; to do it again goes on.
    """
    done = await _carried_parts(clickhouse, source)
    damaged, parts = 0, source.rollup_parts(done)
    while (part := await asyncio.to_thread(next, parts, None)) is not None:
        if (part.number, part.day) not in done:
            await put_down_rollups(clickhouse, part.rollups, part.number, part.day)
        damaged += part.damaged
        tell(part.rows)
    return damaged


async def carry_samples(
    clickhouse: Client, source: Source, before: int, carried: Callable[[int, int], Awaitable[None]]
) -> int:
    """Carry the chunks below a number, the latest first; return how many were damaged and stay behind.

    `carried` is told of each part: the lowest number of its
    chunks, and how many samples are in it.

    Raises:
        StoreFailed: not all of them are there; to do it again goes on.
    """
    if source.position.raw_since_ms:
        await keep_since(clickhouse, source.position.raw_since_ms)
    damaged = 0
    while chunks := await asyncio.to_thread(source.chunks, before):
        whole = [chunk for chunk in chunks if chunk.line.samples.count]
        if whole:
            await _put_down(clickhouse, whole)
        damaged += len(chunks) - len(whole)
        before = chunks[-1].number
        await carried(before, sum(chunk.line.samples.count for chunk in whole))
    return damaged


async def _put_down(clickhouse: Client, chunks: Sequence[Chunk]) -> None:
    for table, columns_of in _TABLES:
        columns = await asyncio.to_thread(_columns, chunks, columns_of)
        if columns and len(columns[0]):
            await clickhouse.insert(table, columns)  # whole rows are known by their key: they may be there twice


def _columns(chunks: Sequence[Chunk], columns_of: Callable[[Sequence[Line], int], Columns]) -> Columns:
    parts = [columns_of([chunk.line], chunk.number) for chunk in chunks]
    return [[value for part in column for value in part] for column in zip(*parts, strict=True)]


async def _carried_parts(clickhouse: Client, source: Source) -> frozenset[tuple[int, int]]:
    """Return which parts are there whole, by their marks."""
    at = source.position
    found = await clickhouse.query(
        f"SELECT key, at_ms FROM {SKETCHES_TABLE.name} WHERE scope = {{mark:String}}"
        " AND toUInt64OrZero(key) > {first:UInt64} AND toUInt64OrZero(key) <= {last:UInt64}",
        {"mark": MARK, "first": at.last_chunk, "last": at.last_chunk + at.last_rollup},
    )
    return frozenset((int(key), at_ms // DAY_MS) for key, at_ms in zip(*found, strict=True))

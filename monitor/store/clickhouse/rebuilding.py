"""How are hours added up anew, while people ask about them?

A day of a table is made beside it, of the hours that stay and of those that are new, and then takes the place of the
old one, which ClickHouse does at once or not at all.
"""

import asyncio
from collections.abc import Callable

from monitor.history.rollups import NO_ROLLUPS, Rollups, bounded, merged
from monitor.store.clickhouse.client import Client, Columns, Table
from monitor.store.clickhouse.columns import DAY_MS
from monitor.store.clickhouse.reading import Settled
from monitor.store.clickhouse.rollup_columns import (
    COUNTS_TABLE,
    MARK,
    PEOPLE_TABLE,
    SKETCHES_TABLE,
    counts_of,
    people_of,
    sketches_of,
)
from monitor.store.clickhouse.rollup_writing import LINES_A_TIME, MARKED, rolled_up
from monitor.store.ports import Line, StoreFailed, Wanted
from monitor.store.scopes import Scopes
from monitor.store.segments import Moment

_ColumnsOf = Callable[[Rollups, int], Columns]
_TABLES: tuple[tuple[Table, _ColumnsOf], ...] = (
    (COUNTS_TABLE, lambda rollups, day: counts_of(rollups, None, day)),
    (SKETCHES_TABLE, lambda rollups, day: sketches_of(rollups, None, day)),
    (PEOPLE_TABLE, lambda rollups, day: people_of(rollups, None, day)),
)


async def rebuild_day(clickhouse: Client, moment: Moment, from_ms: int, to_ms: int, scopes: Scopes) -> int:
    """Add up anew whole hours of one day, as far as they were settled; return how many samples that were.

    Nothing may be settled meanwhile.

    Raises:
        StoreFailed: a table may have the old hours, and another the new ones.
    """
    day = from_ms // DAY_MS
    await _refuse_half(clickhouse, moment, day)
    count, found, some = 0, NO_ROLLUPS, list[Line]()
    async for line in Settled(clickhouse, moment).lines(Wanted(from_ms, to_ms)):
        count += line.samples.count
        some.append(line)
        if len(some) == LINES_A_TIME:
            found, some = await asyncio.to_thread(_added, found, some, scopes), []
    found = bounded(await asyncio.to_thread(_added, found, some, scopes), {})
    for table, columns_of in _TABLES:
        columns = await asyncio.to_thread(columns_of, found, day)
        await _replace(clickhouse, table, columns, (from_ms, to_ms))
    return count


def _added(found: Rollups, lines: list[Line], scopes: Scopes) -> Rollups:
    return merged([found, rolled_up(lines, scopes)])


async def _refuse_half(clickhouse: Client, moment: Moment, day: int) -> None:
    """See that no segment is among the rows that the log still tells: it would be lost, or count twice."""
    for table, _ in MARKED:
        found = await clickhouse.query(
            f"SELECT key FROM {table.name} WHERE scope = {{mark:String}} AND key IN {{segments:Array(String)}}"
            " AND at_ms = {at_ms:Int64}",
            {"mark": MARK, "segments": [str(each) for each in moment.unsettled], "at_ms": day * DAY_MS},
        )
        if found:
            raise StoreFailed(f"ClickHouse: expected whole segments, got {found[0][0]}, which is settled in part")


async def _replace(clickhouse: Client, table: Table, columns: Columns, span_ms: tuple[int, int]) -> None:
    """Put rows in the place of those of some hours of a day; its marks stay."""
    from_ms, to_ms = span_ms
    new = Table(f"{table.name}_rebuilt", table.types)
    day = from_ms // DAY_MS
    await clickhouse.command(f"TRUNCATE TABLE {new.name}")
    await clickhouse.command(
        f"INSERT INTO {new.name} SELECT * FROM {table.name} WHERE intDiv(at_ms, {DAY_MS}) = {{day:Int64}}"
        " AND (scope = {mark:String} OR at_ms < {from_ms:Int64} OR at_ms >= {to_ms:Int64})",
        {"day": day, "mark": MARK, "from_ms": from_ms, "to_ms": to_ms},
    )
    if columns and len(columns[0]):
        await clickhouse.insert(new, columns)
    ((rows,),) = await clickhouse.query(f"SELECT count() FROM {new.name}")
    if rows:
        await clickhouse.command(f"ALTER TABLE {table.name} REPLACE PARTITION {day} FROM {new.name}")
    else:  # which ClickHouse would not take for a day
        await clickhouse.command(f"ALTER TABLE {table.name} DROP PARTITION {day}")
    await clickhouse.command(f"TRUNCATE TABLE {new.name}")

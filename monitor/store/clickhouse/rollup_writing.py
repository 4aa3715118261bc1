"""How do the samples of a segment get into the rollups, once?

Rows of one day and table are one block, which ClickHouse takes whole or not at all; the segment's number is a row among
them.  So whoever reads sees of each segment that it is in, or that it is not, and whoever writes puts none in twice.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from monitor.history.rollups import NO_ROLLUPS, ROOM, VALUES_A_DIMENSION, Rollups, bounded, merged, rolled
from monitor.store.clickhouse.client import Client, Columns, Table
from monitor.store.clickhouse.columns import DAY_MS
from monitor.store.clickhouse.once import put_down
from monitor.store.clickhouse.rollup_columns import (
    COUNTS_TABLE,
    MARK,
    PEOPLE_TABLE,
    SKETCHES_TABLE,
    counts_of,
    days_of,
    people_of,
    sketches_of,
)
from monitor.store.clickhouse.series import who_are
from monitor.store.lines import united
from monitor.store.ports import Line, Place
from monitor.store.scopes import Scopes, is_told_whole, placed

LINES_A_TIME = 256

MARKED: tuple[tuple[Table, Callable[[Rollups, int | None, int], Columns]], ...] = (
    (PEOPLE_TABLE, people_of),
    (COUNTS_TABLE, counts_of),
    (SKETCHES_TABLE, sketches_of),
)


async def add_rollups(clickhouse: Client, number: int, lines: Sequence[Line], scopes: Scopes) -> None:
    """Add up the samples of a segment, unless that was done.

    Raises:
        StoreFailed: not all of it was; to do it again does no harm.
    """
    found = await asyncio.to_thread(rolled_up, await completed(clickhouse, lines, scopes), scopes)
    found = bounded(found, await known_values(clickhouse, found))
    for day in days_of(found):
        await put_down_rollups(clickhouse, found, number, day)


async def put_down_rollups(clickhouse: Client, rollups: Rollups, number: int, day: int) -> None:
    """Put down what rollups tell of a day, under a number, unless it is there.

    Raises:
        StoreFailed: not all of it is there; to do it again does no harm.
    """
    for table, columns_of in MARKED:
        columns = await asyncio.to_thread(columns_of, rollups, number, day)
        is_there = partial(_is_marked, clickhouse, table, number, day)
        await put_down(clickhouse, table, columns, f"segment {number} day {day}", is_there)


async def _is_marked(clickhouse: Client, table: Table, number: int, day: int) -> bool:
    ((count,),) = await clickhouse.query(
        f"SELECT count() FROM {table.name} WHERE scope = {{mark:String}} AND key = {{key:String}}"
        " AND at_ms = {at_ms:Int64}",
        {"mark": MARK, "key": str(number), "at_ms": day * DAY_MS},
    )
    return bool(count)


async def last_segment(clickhouse: Client) -> int:
    """Return the highest number of a segment that is in; nought: there is none."""
    ((last,),) = await clickhouse.query(
        f"SELECT max(toUInt64(key)) FROM {COUNTS_TABLE.name} WHERE scope = {{mark:String}}", {"mark": MARK}
    )
    return int(last)


async def completed(clickhouse: Client, lines: Sequence[Line], scopes: Scopes) -> list[Line]:
    """Return lines with what is known of those who have not told all of it."""
    wanted = [Place(line.series.room, line.series.participant) for line in lines]
    lacking = {place for place, line in zip(wanted, lines, strict=True) if not is_told_whole(line.series, scopes)}
    known = await who_are(clickhouse, lacking)
    return [
        line._replace(series=united(known[place], line.series)) if place in known else line
        for place, line in zip(wanted, lines, strict=True)
    ]


def rolled_up(lines: Sequence[Line], scopes: Scopes) -> Rollups:
    """Return what the samples of several people add up to."""
    parts = (rolled(placed(line, scopes) for line in some) for some in _in_batches(lines))
    found = NO_ROLLUPS
    for part in parts:
        found = merged([found, part])
    return found


def _in_batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while some := list(islice(rest, LINES_A_TIME)):
        yield some


async def known_values(clickhouse: Client, rollups: Rollups) -> dict[tuple[str, int], set[str]]:
    """Return which values there are of each dimension and hour that rollups are about."""
    wanted = {(key.scope, key.from_ms) for key in rollups.keys if key.scope != ROOM}
    if not wanted:
        return {}
    found = await clickhouse.query(
        "SELECT scope, at_ms, key FROM people WHERE (scope, at_ms) IN {wanted:Array(Tuple(String, Int64))}"
        " GROUP BY scope, at_ms, key ORDER BY scope, at_ms, key LIMIT {limit:UInt32} BY scope, at_ms",
        {"wanted": sorted(wanted), "limit": VALUES_A_DIMENSION + 1},
    )
    known: dict[tuple[str, int], set[str]] = {}
    for scope, at_ms, key in zip(*found, strict=True):
        known.setdefault((scope, at_ms), set()).add(key)
    return known

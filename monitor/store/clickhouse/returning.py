"""How does what is in ClickHouse leave it again, for the file of one daemon, with replicas stopped?

Samples come as whoever reads them has them, a slice of people and days at a time; what they add up to as it is, since
samples may be gone that it counts.  All segments that are sealed have been settled before, so nothing is counted here
that is in the log as well.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from monitor.history.people import KEPT
from monitor.history.rollup_rows import Row, packed
from monitor.history.rollups import HOUR_MS, METRICS, merged
from monitor.store.clickhouse.client import Client
from monitor.store.clickhouse.columns import DAY_MS
from monitor.store.clickhouse.reading import Settled
from monitor.store.clickhouse.rollup_columns import (
    COUNTED,
    COUNTS_TABLE,
    MARK,
    MASKED,
    PEOPLE_TABLE,
    SKETCHED,
    SKETCHES_TABLE,
    counted,
    sketched,
    there,
)
from monitor.store.ports import Line, Wanted
from monitor.store.segments import Moment

KEYS_A_PART = 200  # with all hours of a day each
LINES_A_PART = 64

_EVER = Wanted(0, 2**62)


class _AtRest:
    """A log of which all that is sealed was settled, and the rest is not asked about."""

    def __init__(self, last_segment: int) -> None:
        self.before = last_segment + 1
        self.unsettled: Collection[int] = ()

    async def batches(self, rooms: Collection[str] | None = None) -> AsyncIterator[tuple[int | None, Sequence[Any]]]:  # noqa: ARG002
        """Yield nothing."""
        nothing: tuple[int | None, Sequence[Any]]
        for nothing in ():
            yield nothing


async def count_samples(clickhouse: Client, last_segment: int) -> int:
    """Return how many samples there are of segments up to one."""
    return await Settled(clickhouse, _at_rest(last_segment)).count(_EVER)


async def lines(clickhouse: Client, last_segment: int) -> AsyncIterator[list[Line]]:
    """Yield what was measured in segments up to one, some lines at a time, in the order of rooms and people.

    Raises:
        StoreFailed: ClickHouse did not answer.
    """
    some: list[Line] = []
    async for line in Settled(clickhouse, _at_rest(last_segment)).lines(_EVER):
        some.append(line)
        if len(some) == LINES_A_PART:
            yield some
            some = []
    if some:
        yield some


def _at_rest(last_segment: int) -> Moment:
    return _AtRest(last_segment)


async def count_rollups(clickhouse: Client) -> int:
    """Return how many rollups there are: one for each scope, key and hour."""
    found = await clickhouse.query(
        f"SELECT uniqExact(scope, key, at_ms) FROM {SKETCHES_TABLE.name} WHERE scope != {{mark:String}}", {"mark": MARK}
    )
    ((count,),) = found
    return int(count)


async def rollups(clickhouse: Client) -> AsyncIterator[list[Row]]:
    """Yield all that samples add up to, a part of a day at a time.

    Raises:
        StoreFailed: ClickHouse did not answer.
    """
    days = await clickhouse.query(
        f"SELECT DISTINCT intDiv(at_ms, {DAY_MS}) AS day FROM ({_KEYS}) ORDER BY day", _NO_MARKS
    )
    for day in days[0] if days else ():
        after = ("", "")
        while keys := await _keys_of(clickhouse, day, after):
            yield await _rows(clickhouse, day, keys)
            after = keys[-1]


async def _keys_of(clickhouse: Client, day: int, after: tuple[str, str]) -> list[tuple[str, str]]:
    scope, key = after
    found = await clickhouse.query(
        f"SELECT DISTINCT scope, key FROM ({_KEYS}) WHERE intDiv(at_ms, {DAY_MS}) = {{day:Int64}}"
        " AND (scope, key) > ({after_scope:String}, {after_key:String}) ORDER BY scope, key LIMIT {most:UInt32}",
        {**_NO_MARKS, "day": day, "after_scope": scope, "after_key": key, "most": KEYS_A_PART},
    )
    return list(zip(*found, strict=True))


async def _rows(clickhouse: Client, day: int, keys: Sequence[tuple[str, str]]) -> list[Row]:
    where = (
        f"intDiv(at_ms, {DAY_MS}) = {{day:Int64}} AND (scope, key) IN {{keys:Array(Tuple(String, String))}}"
        " GROUP BY scope, key, at_ms"
    )
    values = {"day": day, "keys": list(keys)}
    sums = ", ".join(f"sum({each})" for each in COUNTED)
    maps = ", ".join(f"sumMap({each})" for each in SKETCHED)
    masks = ", ".join(f"groupBitOr({each})" for each in MASKED)
    minutes = await clickhouse.query(f"SELECT scope, key, at_ms, {sums} FROM {COUNTS_TABLE.name} WHERE {where}", values)
    sketches = await clickhouse.query(
        f"SELECT scope, key, at_ms, {maps} FROM {SKETCHES_TABLE.name} WHERE {where}", values
    )
    people = await clickhouse.query(
        f"SELECT scope, key, at_ms, person, {masks} FROM {PEOPLE_TABLE.name} WHERE {where}, person"
        " ORDER BY scope, key, at_ms, person LIMIT {kept:UInt32} BY scope, key, at_ms",
        {**values, "kept": KEPT},
    )
    return await asyncio.to_thread(
        lambda: packed(merged([counted(minutes, HOUR_MS), sketched(sketches, METRICS), there(people)]))
    )


# --- SQL --------------------------------------------------------------------------------------------------

_NO_MARKS = {"mark": MARK}
_KEYS = " UNION ALL ".join(
    f"SELECT scope, key, at_ms FROM {table.name} WHERE scope != {{mark:String}}"
    for table in (COUNTS_TABLE, SKETCHES_TABLE)
)

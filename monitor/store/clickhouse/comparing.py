"""Does ClickHouse have what was carried from the file of a daemon?

Samples and rollups are compared by the day: how many there are, and the sums of all their columns, which are whole
numbers.  A row of a chunk bears the chunk's number, so what the cluster measured itself is left out; its rollups cannot
be told apart, so on days on which it has counted itself there may be more.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.history.rollups import Rollups
from monitor.store.clickhouse.client import Client, Columns, Table
from monitor.store.clickhouse.columns import DAY_MS, LEVELS, MEDIA, levels_of, media_of
from monitor.store.clickhouse.partitions import kept_since
from monitor.store.clickhouse.rollup_columns import (
    COUNTED,
    COUNTS_TABLE,
    MARK,
    SKETCHED,
    SKETCHES_TABLE,
    counts_of,
    sketches_of,
)
from monitor.store.comparing import Compared, Difference, differences
from monitor.store.moving_source import Source

_Sums = dict[int, tuple[int, ...]]  # of each day


async def compare_samples(clickhouse: Client, source: Source, last_segment: int | None = None) -> Compared:
    """Compare samples, day by day, as far as both are to have them still.

    Those of segments up to `last_segment` are in the file; by default, those that are chunks of it.
    """
    since = await kept_since(clickhouse) // DAY_MS
    count, found = 0, list[Difference]()
    here = await asyncio.to_thread(_samples_in_file, source)
    last = source.position.last_chunk if last_segment is None else last_segment
    for table in (MEDIA, LEVELS):
        there = await _samples_in_cluster(clickhouse, table, last)
        days = {day for day in {*here[table.name], *there} if day > since or not since}
        count += sum(here[table.name].get(day, (0,))[0] for day in days)
        found += differences(f"{table.name} of", "samples", here[table.name], there, days)
    return Compared(count, found)


def _samples_in_file(source: Source) -> Mapping[str, _Sums]:
    sums: dict[str, _Sums] = {MEDIA.name: {}, LEVELS.name: {}}
    before = source.position.last_chunk + 1
    while chunks := source.chunks(before):
        before = chunks[-1].number
        lines = [chunk.line for chunk in chunks if chunk.line.samples.count]
        for table, columns_of in ((MEDIA, media_of), (LEVELS, levels_of)):
            columns = dict(zip(table.types, columns_of(lines, 0) if lines else (), strict=False))
            if columns and len(columns["at_ms"]):
                _add_by_day(sums[table.name], columns["at_ms"], [_numbers(columns[each]) for each in _summed_of(table)])
    return sums


def _summed_of(table: Table) -> list[str]:
    """Return the columns of a table of samples that are summed up: numbers as they are, and the lengths of words."""
    return [name for name in table.types if name not in ("room", "participant", "at_ms", "segment", "n")]


def _numbers(column: Sequence[Any]) -> NDArray[np.int64]:
    if column and all(isinstance(each, int) for each in column):
        return np.array(column, np.int64)
    return np.array([len(each) if each is not None else 0 for each in column], np.int64)


def _add_by_day(sums: _Sums, at_ms: Sequence[int], columns: Sequence[NDArray[np.int64]]) -> None:
    times = np.array(at_ms, np.int64)
    days = times // DAY_MS
    for day in np.unique(days).tolist():
        is_on = days == day
        some = (int(is_on.sum()), int((times[is_on] % DAY_MS).sum()), *(int(each[is_on].sum()) for each in columns))
        before = sums.get(day, (0,) * len(some))
        sums[day] = tuple(old + new for old, new in zip(before, some, strict=True))


async def _samples_in_cluster(clickhouse: Client, table: Table, last_segment: int) -> _Sums:
    columns = ", ".join(f"sum({_number(table, name)})" for name in _summed_of(table))
    found = await clickhouse.query(
        f"SELECT intDiv(at_ms, {DAY_MS}) AS day, count(), sum(at_ms % {DAY_MS}), {columns} FROM {table.name} FINAL"
        " WHERE segment <= {last:UInt64} AND room != '' GROUP BY day",
        {"last": last_segment},
    )
    return _by_day(found)


def _number(table: Table, name: str) -> str:
    """Return what `_numbers` does, as an expression: of words the characters, of JSON the bytes."""
    if table.types[name] == "Int64":
        return name
    return f"length({name})" if table.types[name] == "String" else f"lengthUTF8(ifNull(toString({name}), ''))"


def _by_day(columns: Columns) -> _Sums:
    return {int(day): tuple(int(each) for each in sums) for day, *sums in zip(*columns, strict=True)}


# --- rollups ----------------------------------------------------------------------------------------------


async def compare_rollups(clickhouse: Client, source: Source, since_ms: int, *, is_all: bool = False) -> Compared:
    """Compare rollups of whole days from a moment on: what was before it may be gone by its age.

    On days on which the cluster has counted itself it may have more than the file, unless that has `is_all` of it.
    """
    here, rows = await asyncio.to_thread(_rollups_in_file, source)
    own = set() if is_all else await _days_of_its_own(clickhouse, source)
    found: list[Difference] = []
    for table, names in ((COUNTS_TABLE, COUNTED), (SKETCHES_TABLE, SKETCHED)):
        there = await _rollups_in_cluster(clickhouse, table, names)
        days = {day for day in {*here[table.name], *there} if day > since_ms // DAY_MS and day not in own}
        found += differences(f"{table.name} of", "counted", here[table.name], there, days)
        for day in sorted(own & here[table.name].keys()):
            less = [old > new for old, new in zip(here[table.name][day], there.get(day, ()), strict=False)]
            if any(less) or not less:
                found += differences(f"{table.name} of", "counted", here[table.name], there, {day})
    return Compared(rows, found)


def _rollups_in_file(source: Source) -> tuple[Mapping[str, _Sums], int]:
    sums: dict[str, _Sums] = {COUNTS_TABLE.name: {}, SKETCHES_TABLE.name: {}}
    rows = 0
    for part in source.rollup_parts():
        rows += part.rows
        for table, told in (
            (COUNTS_TABLE, _counts(part.rollups, part.day)),
            (SKETCHES_TABLE, _bins(part.rollups, part.day)),
        ):
            before = sums[table.name].get(part.day, (0,) * len(told))
            sums[table.name][part.day] = tuple(old + new for old, new in zip(before, told, strict=True))
    return sums, rows


def _counts(rollups: Rollups, day: int) -> tuple[int, ...]:
    return tuple(sum(column) for column in counts_of(rollups, None, day)[3:])


def _bins(rollups: Rollups, day: int) -> tuple[int, ...]:
    """Return of each metric how many values there are."""
    return tuple(sum(sum(each.values()) for each in column) for column in sketches_of(rollups, None, day)[3:])


async def _rollups_in_cluster(clickhouse: Client, table: Table, names: Sequence[str]) -> _Sums:
    of_each = "sum({})" if table is COUNTS_TABLE else "sum(arraySum(mapValues({})))"
    found = await clickhouse.query(
        f"SELECT intDiv(at_ms, {DAY_MS}) AS day, {', '.join(of_each.format(name) for name in names)}"
        f" FROM {table.name} WHERE scope != {{mark:String}} GROUP BY day",
        {"mark": MARK},
    )
    return _by_day(found)


async def _days_of_its_own(clickhouse: Client, source: Source) -> set[int]:
    """Return the days on which segments of the cluster itself are among the rollups."""
    at = source.position
    found = await clickhouse.query(
        f"SELECT DISTINCT intDiv(at_ms, {DAY_MS}) FROM {COUNTS_TABLE.name} WHERE scope = {{mark:String}}"
        " AND toUInt64OrZero(key) > {last:UInt64}",
        {"mark": MARK, "last": at.last_chunk + at.last_rollup},
    )
    return {int(day) for day in found[0]} if found else set()

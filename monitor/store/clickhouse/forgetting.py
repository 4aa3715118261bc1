"""How does ClickHouse forget whom its rows are about, and from where they called, while the rows stay?

By days that are over.  Names and addresses are emptied where they stand.  Who was known by name only has it in the key
of every row, which cannot be changed in place: those rows are put down once more under a made-up key, and then they go.
Only what was settled is moved so, since it never changes any more; whatever is broken off is done again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.store.clickhouse.client import Client, Table
from monitor.store.clickhouse.columns import DAY_MS, LEVELS, MEDIA
from monitor.store.clickhouse.series import SERIES
from monitor.store.forgotten import IDENTITY, StandIn, renamed
from monitor.store.segments import Moment

NAMES_A_TIME = 500

_DAYS = {SERIES.name: "day", MEDIA.name: f"intDiv(at_ms, {DAY_MS})", LEVELS.name: f"intDiv(at_ms, {DAY_MS})"}
_SAMPLES = (MEDIA, LEVELS)
_NAMED = "participant IN {old:Array(String)}"
_SETTLED = "segment < {before:UInt64} AND NOT has({unsettled:Array(UInt64)}, segment)"


async def forget_who(clickhouse: Client, moment: Moment, bound_ms: int, stand_in: StandIn) -> int:
    """Forget who it was before a moment, on days that are over; return how many participants have no name now.

    Raises:
        StoreFailed: not all of it is forgotten.
    """
    count = await _empty(clickhouse, "identity", bound_ms)
    named = await _named(clickhouse, bound_ms)
    for start in range(0, len(named), NAMES_A_TIME):
        await _rename(clickhouse, moment, bound_ms, named[start : start + NAMES_A_TIME], stand_in)
    return count + len(named)


async def forget_where(clickhouse: Client, bound_ms: int) -> int:
    """Forget from which addresses they called before a moment, on days that are over; return of how many rows.

    Raises:
        StoreFailed: not all of it is forgotten.
    """
    return await _empty(clickhouse, "address", bound_ms)


async def _empty(clickhouse: Client, column: str, bound_ms: int) -> int:
    where = f"{_before(SERIES, bound_ms)} AND tupleElement({column}, 2) != ''"
    ((count,),) = await clickhouse.query(f"SELECT count() FROM {SERIES.name} WHERE {where}")
    if count:
        await clickhouse.command(
            f"ALTER TABLE {SERIES.name} UPDATE {column} = tuple(toUInt64(0), '') WHERE {where}"
            " SETTINGS mutations_sync = 1"
        )
    return int(count)


async def _named(clickhouse: Client, bound_ms: int) -> list[str]:
    """Return the keys that are names, wherever one is left."""
    parts = (
        f"SELECT participant FROM {table.name} WHERE {_before(table, bound_ms)}"
        " AND startsWith(participant, {prefix:String})"
        for table in (SERIES, *_SAMPLES)
    )
    found = await clickhouse.query(
        f"SELECT DISTINCT participant FROM ({' UNION ALL '.join(parts)}) ORDER BY participant", {"prefix": IDENTITY}
    )
    return list(found[0]) if found else []


async def _rename(clickhouse: Client, moment: Moment, bound_ms: int, old: Sequence[str], stand_in: StandIn) -> None:
    values: dict[str, Any] = {
        "old": list(old),
        "new": [renamed(each, stand_in) for each in old],
        "before": moment.before,
        "unsettled": sorted(moment.unsettled),
    }
    # First who they are, and last who they were: samples without a row for whoever measured them are not found.
    await _copy(clickhouse, SERIES, f"{_before(SERIES, bound_ms)} AND {_NAMED}", values)
    for table in _SAMPLES:
        where = f"{_before(table, bound_ms)} AND {_NAMED} AND {_SETTLED}"
        await _copy(clickhouse, table, where, values)
        await _delete(clickhouse, table, where, values)
    left = {each async for each in _left(clickhouse, bound_ms, values)}
    gone = [each for each in old if each not in left]
    await _delete(clickhouse, SERIES, f"{_before(SERIES, bound_ms)} AND {_NAMED}", {"old": gone})


async def _copy(clickhouse: Client, table: Table, where: str, values: dict[str, Any]) -> None:
    new = "transform(participant, {old:Array(String)}, {new:Array(String)}, participant)"
    await clickhouse.command(
        # Inside, since a condition beside it would be about the new key.
        f"INSERT INTO {table.name} SELECT * REPLACE ({new} AS participant)"
        f" FROM (SELECT * FROM {table.name} WHERE {where})"
        " SETTINGS max_partitions_per_insert_block = 0",
        values,
    )


async def _delete(clickhouse: Client, table: Table, where: str, values: dict[str, Any]) -> None:
    await clickhouse.command(f"ALTER TABLE {table.name} DELETE WHERE {where} SETTINGS mutations_sync = 1", values)


async def _left(clickhouse: Client, bound_ms: int, values: dict[str, Any]) -> Any:
    for table in _SAMPLES:
        found = await clickhouse.query(
            f"SELECT DISTINCT participant FROM {table.name} WHERE {_before(table, bound_ms)} AND {_NAMED}", values
        )
        for each in _first(found):
            yield each


def _first(columns: Sequence[Sequence[Any]]) -> Iterator[Any]:
    return iter(columns[0] if columns else ())


def _before(table: Table, bound_ms: int) -> str:
    return f"{_DAYS[table.name]} < {bound_ms // DAY_MS}"

"""How do whole days go from ClickHouse?

Every table is cut into days, by their numbers, and a day that is over is dropped as a whole: no row is looked at.
"""

from monitor.store.clickhouse.client import Client, Table
from monitor.store.clickhouse.columns import DAY_MS

_BOUNDS = Table("bounds", {"name": "LowCardinality(String)", "at_ms": "Int64"})
_RAW = "raw"


async def keep_since(clickhouse: Client, at_ms: int) -> None:
    """Say that samples are kept whole since a moment at best, before any of them go."""
    await clickhouse.insert(_BOUNDS, [[_RAW], [at_ms]])


async def kept_since(clickhouse: Client) -> int:
    """Return since when samples are kept whole."""
    ((at_ms,),) = await clickhouse.query("SELECT max(at_ms) FROM bounds WHERE name = {name:String}", {"name": _RAW})
    return int(at_ms)


async def drop_days(clickhouse: Client, table: str, before_ms: int) -> int:
    """Drop the days of a table that were over before a moment; return how many rows went, marks among them.

    Raises:
        StoreFailed: not all of them went.
    """
    found = await clickhouse.query(
        "SELECT partition, sum(rows) FROM system.parts"
        " WHERE database = currentDatabase() AND table = {table:String} AND active AND toInt32(partition) < {day:Int32}"
        " GROUP BY partition",
        {"table": table, "day": before_ms // DAY_MS},
    )
    count = 0
    for partition, rows in zip(*found, strict=True):
        await clickhouse.command(f"ALTER TABLE {table} DROP PARTITION {int(partition)}")
        count += rows
    return count

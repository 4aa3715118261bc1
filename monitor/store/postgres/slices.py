"""How is much done to many rows without anybody waiting long?

In slices, each a transaction of its own.  Whatever stops between two slices, the next attempt goes on where this one
ended; and where two replicas are at it at once, each leaves alone what the other one has in hand.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database

DELETED_ROWS = 1_000  # of a table at once: some milliseconds, also where rows are large
CHANGED_ROWS = 100  # each is read, decoded and written


class Old(NamedTuple):
    """What of a table is too old: rows of which a condition holds, with `$1` for the bound."""

    table: str
    key: str
    condition: str
    is_in_seconds: bool = False


class Sweep(NamedTuple):
    """Rows of a table that are to be changed, in the order of their time and key."""

    table: str
    at: str
    key: str
    columns: str
    condition: str
    change: Callable[[Connection, Sequence[Any]], Awaitable[int]]
    is_in_seconds: bool = False


async def delete_all(database: Database, old: Old, bound_ms: int) -> int:
    """Delete what is too old; return how many rows went."""
    statement = f"""
        DELETE FROM {old.table} WHERE ({old.key}) IN (
            SELECT {old.key} FROM {old.table} WHERE {old.condition} LIMIT {DELETED_ROWS} FOR UPDATE SKIP LOCKED
        )
    """  # noqa: S608  # of constants
    bound = _in_unit(bound_ms, is_in_seconds=old.is_in_seconds)

    async def delete_some(connection: Connection) -> int:
        return count_of(await connection.execute(statement, bound))

    deleted = 0
    while some := await database.write(delete_some):
        deleted += some
    return deleted


async def change_all(database: Database, sweep: Sweep, bound_ms: int) -> int:
    """Change each row that is older than the bound; return how many were."""
    at, key = sweep.at, sweep.key
    question = f"""
        SELECT {at}, {key}, {sweep.columns} FROM {sweep.table} WHERE {at} < $1 AND ({sweep.condition})
    """  # noqa: S608  # of constants
    order = f"ORDER BY {at}, {key} LIMIT {CHANGED_ROWS} FOR UPDATE"
    bound = _in_unit(bound_ms, is_in_seconds=sweep.is_in_seconds)
    place: Sequence[Any] | None = None
    changed = 0

    async def change_some(connection: Connection) -> tuple[int, Sequence[Any] | None]:
        rows = (
            await connection.fetch(f"{question} {order}", bound)
            if place is None
            else await connection.fetch(f"{question} AND ({at}, {key}) > ($2, $3) {order}", bound, *place)
        )
        count = sum([await sweep.change(connection, row) for row in rows])
        return count, rows[-1][:2] if len(rows) == CHANGED_ROWS else None

    while True:
        some, place = await database.write(change_some)
        changed += some
        if place is None:
            return changed


def _in_unit(bound_ms: int, *, is_in_seconds: bool) -> float:
    return bound_ms / 1000 if is_in_seconds else bound_ms

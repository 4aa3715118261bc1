"""How does what must be true leave PostgreSQL again, for the file of one daemon, with replicas stopped?

Table by table, a page after another, in the order of keys.  That takes longer than a transaction should be held, so
whoever reads asks before and after how far everything has come: where that is the same, nobody was at work.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from monitor.store.moving_source import TABLES
from monitor.store.ports import StoreFailed
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.moving import pages, refuse_unfinished, types_of


class Standing(NamedTuple):
    """How far a cluster has come."""

    last_id: int  # of its log
    through: int  # the id that the saved picture reaches
    sealed: int  # the id up to which the log is cut into segments
    last_segment: int
    raw_since_ms: int
    unsettled: int  # segments
    untold: int  # words that somebody has said, and nobody has done
    hands: int  # how often duties have changed hands


async def standing(database: Database) -> Standing:
    """Return how far a cluster has come whose replicas are stopped.

    Raises:
        StoreFailed: a replica is at work, or what people told it was not done, or history is to be carried still.
    """
    rows = await database.read("SELECT name FROM replicas WHERE until > clock_timestamp() ORDER BY name")
    if rows:
        names = ", ".join(name for (name,) in rows)
        raise StoreFailed(
            f"{database.where}: expected all replicas to be stopped, got {names}, at work or stopped just now;"
            " nothing was copied"
        )
    await refuse_unfinished(database, "nothing was copied")
    found = Standing(*(await database.read(_STANDING))[0])
    if found.untold:
        raise StoreFailed(
            f"{database.where}: expected all that people told replicas to be done, got {found.untold} words that wait;"
            " start a replica for a moment; nothing was copied"
        )
    return found


async def let_go(database: Database) -> None:
    """Let anybody settle the segments that replicas had in hand when they were stopped."""

    async def work(connection: Connection) -> None:
        await connection.execute("UPDATE segments SET claimed_until = '-infinity' WHERE settled_at IS NULL")

    await database.write(work)


async def rows(database: Database, table: str, columns: Sequence[str], sealed: int) -> AsyncIterator[list[Any]]:
    """Yield the rows of a table, a page at a time: of the log what is after the last that is sealed."""
    after = (sealed,) if table == "ingest_log" else ()
    async for page in pages(database, table, columns, await types_of(database), after):
        yield page


async def count(database: Database) -> int:
    """Return about how many rows there are in all tables."""
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)  # noqa: S608  # of constants
    ((found,),) = await database.read(f"SELECT {counts}")
    return int(found)


async def last_audit_id(database: Database) -> int:
    """Return the number that was given to a row of the audit log last."""
    ((last,),) = await database.read(_LAST_AUDIT_ID)
    return int(last)


# --- SQL --------------------------------------------------------------------------------------------------

_STANDING = """
SELECT log_head.last_id, through, sealed, last_number, raw_since_ms,
    (SELECT count(*) FROM segments WHERE settled_at IS NULL), (SELECT count(*) FROM inbox),
    (SELECT coalesce(sum(epoch), 0)::bigint FROM leases)
FROM log_head, checkpoint, segment_head
"""
_LAST_AUDIT_ID = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit', 'id')), 0)"

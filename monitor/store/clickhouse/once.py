"""How does a block of rows get into a table once, whoever is killed meanwhile?

Each block has a mark: a row that bears the number of its segment, and is there if the block is, since a block is taken
whole or not at all.  Two writers who put down the same block at one time have it twice all the same; for these, a block
has a token too.

The token alone would not do.  A plain server writes it down before the block is in its place, and if it is killed in
between, it takes that block for a repeat for ever after.  So what was put down is looked for, and where it is not, put
down under another token.
"""

from collections.abc import Awaitable, Callable

from monitor.store.clickhouse.client import Client, Columns, Table
from monitor.store.ports import StoreFailed

ATTEMPTS = 8  # each of which a server may have been killed in


async def put_down(
    clickhouse: Client, table: Table, columns: Columns, token: str, is_there: Callable[[], Awaitable[bool]]
) -> None:
    """Put down a block, unless it is there.

    Raises:
        StoreFailed: it is not known to be there; to do it again does no harm.
    """
    for attempt in range(ATTEMPTS):
        if await is_there():
            return
        if attempt and await _is_replicated(clickhouse, table):
            return  # there, token and block are written as one: the server that was asked is behind another
        await clickhouse.insert(table, columns, f"{token}, again {attempt}" if attempt else token)
    if not await is_there():
        raise StoreFailed(f"ClickHouse: expected rows of {token} in {table.name}, got none in {ATTEMPTS} attempts")


async def _is_replicated(clickhouse: Client, table: Table) -> bool:
    ((engine,),) = await clickhouse.query(
        "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
        {"name": table.name},
    )
    return str(engine).startswith("Replicated")

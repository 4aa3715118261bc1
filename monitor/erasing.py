"""What does somebody hear who has a person erased?

How much there is of them, and where to look for what no command here can reach.  Numbers only: whoever erased somebody
should not have their name in the scrollback of a terminal for it.
"""

import time
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from monitor.audit import by_hand
from monitor.config import Config
from monitor.opening import open_store
from monitor.store.copying import opened_to_read
from monitor.store.ports import Erased, StoreFailed
from monitor.store.schema import newest, version_of

_COPIES = ("{}.schema-*.bak", "{}.replaced-*")
_OUT_OF_REACH = (
    "backups, exports, and other copies that were taken away; erase again after restoring one",
    "receivers of alerts: they have what was sent to them, and get no more of it; close what they have open by hand",
    "Twilio, which tells again of calls that go on or have ended within the last days; delete there first",
    "Prometheus, where it keeps exemplars: with their participant SIDs, never a name, until it forgets them",
    "what others wrote of them in feedback, and names of rooms",
)


_OF_SERVERS = (
    "the write-ahead log of PostgreSQL and its archive, until the server lets go of them",
    "parts that ClickHouse has written anew, for the minutes until it deletes the old ones",
)


async def erase_person(config: Config, names: frozenset[str], *, is_dry_run: bool) -> Erased:
    """Erase a person, by all the names they have here, from a database that no daemon has, and no replica.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: the database is of a newer version.
        StoreFailed: there is none, a daemon has it, or it is of an older version; nothing was changed.  Of a cluster
            some may have been erased already: then it is to be done again.
    """
    if config.database is not None:
        _refuse_older(config.database)
    store = await open_store(config)
    try:
        if is_dry_run:
            return await store.erase(names, is_dry_run=True)
        async with by_hand(store.audit, time.time, "erase somebody"):
            return await store.erase(names)
    finally:
        await store.close()


def _refuse_older(database: Path) -> None:
    """See that opening the database will not make a copy of it, with the person in it."""
    with opened_to_read(database) as connection:
        version = version_of(connection, database)
    if version < newest():
        raise StoreFailed(
            f"{database}: expected schema {newest()}, got {version}; start this version's daemon once, then erase"
        )


def account_of(erased: Erased, database: Path | None, *, is_dry_run: bool) -> Iterator[str]:
    """Return in lines what was erased, or would be, and what was not; without a file it was from a cluster."""
    where = "cluster" if database is None else database
    if not erased.rows:
        yield f"{where}: nothing is known of this person"
    else:
        said = "would be erased" if is_dry_run else "is erased"
        yield f"{where}: this {said}, of a person with {erased.stays} participant SIDs:"
        yield from (f"  {count:>8} {kind}" for kind, count in erased.rows.items())
    if is_dry_run:
        anew = "tables are" if database is None else "the file is"
        yield f"Nothing was changed.  With --yes it is erased, and {anew} written anew without what it was."
    yield "Out of reach:"
    if database is not None:
        yield from (f"  {copy}: a copy from before; delete it" for copy in copies_of(database))
    else:
        yield from (f"  {each}" for each in _OF_SERVERS)
    yield from (f"  {each}" for each in _OUT_OF_REACH)


def copies_of(database: Path) -> list[Path]:
    """Return the copies of a database that upgrades and restores have left beside it."""
    real = database.resolve()
    return sorted(copy for pattern in _COPIES for copy in real.parent.glob(pattern.format(escape(real.name))))

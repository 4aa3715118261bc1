"""How does `roomwatch audit` tell who changed what, with a daemon or without?

It is read from the database as it is at this moment: that changes nothing, so whether a daemon has it does not matter.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from monitor.store.ports import AuditEntry, AuditSearch
from monitor.store.sqlite import SqliteStore


def entries(database: Path, search: AuditSearch) -> list[AuditEntry]:
    """Return entries, the oldest first.

    Raises:
        StoreFailed: the database cannot be read.
    """
    with SqliteStore.opened_to_read(database) as store:
        found = asyncio.run(_found(store, search))
    return found[::-1]


async def _found(store: SqliteStore, search: AuditSearch) -> list[AuditEntry]:
    return [entry for _, entry in await store.audit.find(search)]


def line_of(entry: AuditEntry) -> str:
    """Return an entry in a line."""
    when = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    who = f"{_plain(entry.who)} ({entry.role}, by {entry.way})" if entry.who else "somebody"
    place = f" from {entry.place}" if entry.place else ""
    status = "not known what came of it" if entry.status is None else str(entry.status)
    request = f"  request {_plain(entry.request_id)}" if entry.request_id else ""
    return f"{when}  {who}{place}: {_plain(entry.did)}: {status}{request}"


def _plain(text: str) -> str:
    """Return text that a terminal shows and does not obey."""
    return "".join(each if each.isprintable() else "?" for each in text)

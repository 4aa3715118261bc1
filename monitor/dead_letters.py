"""How does `roomwatch dead-letters` read what was given up, and have it said again?

Reading needs nobody's leave.  To have something said again the database is written, so if a daemon has it, the daemon
is asked to do it.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitor.asked_daemon import AskedDaemon, session
from monitor.audit import by_hand
from monitor.config import Config
from monitor.http.notifications import MOST_REPLAYED, Replay, Replayed
from monitor.local_access import LocalAccess, granted
from monitor.store.ports import OutboxEntry, OutboxSearch
from monitor.store.sqlite import SqliteStore

_AT_ONCE = 500


def dead_letters(database: Path, ids: Collection[str] = (), receiver: str | None = None) -> list[OutboxEntry]:
    """Return what was given up, all or of these ids and this receiver, the latest first.

    Raises:
        StoreFailed: the database cannot be read.
    """
    with SqliteStore.opened_to_read(database) as store:
        found = asyncio.run(_all_dead(store, receiver or ""))
    return [each for each in found if not ids or each.notification.id in ids]


async def _all_dead(store: SqliteStore, receiver: str) -> list[OutboxEntry]:
    found: list[OutboxEntry] = []
    search = OutboxSearch(receiver=receiver, state="dead", limit=_AT_ONCE)
    while page := await store.alerts.notifications(search):
        found += page
        search = search._replace(before_seq=page[-1].seq)
    return found


def line_of(entry: OutboxEntry) -> str:
    """Return a dead letter in a line."""
    told = entry.notification
    at = told.created_at if entry.settled_at_s is None else entry.settled_at_s
    given_up = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{given_up}  {told.receiver}  {told.kind}  {told.id}  {told.incident.summary!r}: {entry.last_error}"


def replay(config: Config, ids: Sequence[str]) -> int:
    """Have dead letters said again, by the daemon or by the next one; return how many are.

    Raises:
        CommandFailed: the daemon that runs cannot be asked.
        StoreFailed: there is none, and the database cannot be written.
    """
    access = granted(Path(config.storage.path))
    if access is None:
        return asyncio.run(_replay_in(config, ids))
    parts = [ids[start : start + MOST_REPLAYED] for start in range(0, len(ids), MOST_REPLAYED)]
    return asyncio.run(_replay_at(access, parts))


async def _replay_in(config: Config, ids: Sequence[str]) -> int:
    storage = config.storage
    store = await SqliteStore.open(Path(storage.path), storage.synchronous, storage.reserve_bytes)
    try:
        async with by_hand(store.audit, time.time, "replay dead letters"):
            return await store.alerts.replay(time.time(), ids)
    finally:
        await store.close()


async def _replay_at(access: LocalAccess, parts: Sequence[Sequence[str]]) -> int:
    async with session() as http:
        daemon = AskedDaemon(http, access)
        said = [await daemon.ask("POST", "/dead-letters/replay", Replayed, Replay(list(part))) for part in parts]
    return sum(each.replayed for each in said)

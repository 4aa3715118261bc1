"""How does `roomwatch dead-letters` read what was given up, and have it said again?

Reading needs nobody's leave.  To have something said again the database is written, so if a daemon has it, the daemon
is asked to do it.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec

from monitor.config import Config
from monitor.failures import CommandFailed
from monitor.http.notifications import MOST_REPLAYED, Replay, Replayed
from monitor.settings import Private
from monitor.store.lock import holder
from monitor.store.ports import OutboxEntry, OutboxSearch
from monitor.store.sqlite import SqliteStore

_AT_ONCE = 500
_TIMEOUT_S = 30.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # where a daemon that listens everywhere is found


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
    parts = [ids[start : start + MOST_REPLAYED] for start in range(0, len(ids), MOST_REPLAYED)]
    daemon = holder(Path(config.storage.path))
    if daemon is None:
        return asyncio.run(_replay_in(config, ids))
    if config.private.access_token is None:
        raise CommandFailed(
            f"{daemon} has the database: expected private.access_token in the configuration, to ask it, got none;"
            " or stop it, and start it afterwards"
        )
    return asyncio.run(_replay_at(config.private, config.private.access_token.get_secret_value(), parts))


async def _replay_in(config: Config, ids: Sequence[str]) -> int:
    storage = config.storage
    store = await SqliteStore.open(Path(storage.path), storage.synchronous, storage.reserve_bytes)
    try:
        return await store.alerts.replay(time.time(), ids)
    finally:
        await store.close()


async def _replay_at(private: Private, token: str, parts: Sequence[Sequence[str]]) -> int:
    url = f"http://{_host(private)}:{private.port}/api/v1/dead-letters/replay"
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}, timeout=timeout) as http:
            return sum([await _replayed(http, url, part) for part in parts])
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CommandFailed(f"{url}: expected an answer of the daemon, got {type(error).__name__}") from error


async def _replayed(http: aiohttp.ClientSession, url: str, ids: Sequence[str]) -> int:
    async with http.post(url, data=msgspec.json.encode(Replay(list(ids)))) as answer:
        if answer.status != 200:
            raise CommandFailed(f"{url}: expected 200, got {answer.status}")
        return msgspec.json.decode(await answer.read(), type=Replayed).replayed


def _host(private: Private) -> str:
    host = _ANYWHERE.get(private.host, private.host)
    return f"[{host}]" if ":" in host else host

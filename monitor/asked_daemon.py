"""How does a command ask the daemon that has its database?

Through the private door, as any script might (`monitor.local_access` says where that is and what opens it).  What the
daemon refuses is said in its own words.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from monitor.audit import typed_by
from monitor.failures import CommandFailed
from monitor.http.identification import TYPED_BY
from monitor.local_access import LocalAccess, granted
from monitor.settings import Storage
from monitor.store.sqlite import SqliteStore

TIMEOUT_S = 15.0
T = TypeVar("T", bound=msgspec.Struct)
A = TypeVar("A")


class NotOnRecord(CommandFailed):
    """The daemon knows nothing of that name."""


class _Refusal(msgspec.Struct):
    error: str


class AskedDaemon:
    """The daemon, asked through its private door."""

    def __init__(self, http: aiohttp.ClientSession, access: LocalAccess) -> None:
        self._http = http
        self._access = access

    async def ask(self, method: str, path: str, shape: type[T], asked: msgspec.Struct | None = None) -> T:
        """Return what the daemon answers.

        Raises:
            NotOnRecord: it knows nothing of that name.
            CommandFailed: it refuses, says something else, or does not answer.
        """
        return await self.ask_house(method, f"/api/v1{path}", shape, asked)

    async def ask_house(self, method: str, path: str, shape: type[T], asked: msgspec.Struct | None = None) -> T:
        """Return what the daemon answers about itself, beside the API.

        Raises:
            NotOnRecord: it knows nothing of that name.
            CommandFailed: it refuses, says something else, or does not answer.
        """
        url = f"{self._access.url}{path}"
        headers = {
            "Authorization": f"Bearer {self._access.token}",
            "Content-Type": "application/json",
            TYPED_BY: quote(typed_by(), safe=" @.-"),
        }
        body = None if asked is None else msgspec.json.encode(asked)
        try:
            async with self._http.request(
                method, url, data=body, headers=headers, allow_redirects=False, ssl=_known_by(self._access)
            ) as answer:
                status, said = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CommandFailed(f"the daemon at {self._access.url} does not answer: {type(error).__name__}") from None
        return _understood(status, said, shape, self._access.url)


def _known_by(access: LocalAccess) -> bool | aiohttp.Fingerprint:
    """Return by what it is known that the daemon answers: its own certificate, whatever name that is for."""
    return aiohttp.Fingerprint(bytes.fromhex(access.fingerprint)) if access.fingerprint else True


def session() -> aiohttp.ClientSession:
    """Return a client for `AskedDaemon`, which waits no longer than whoever typed a command would."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))


def _understood(status: int, said: bytes, shape: type[T], url: str) -> T:
    try:
        if status in (200, 201):
            return msgspec.json.decode(said, type=shape)
        refusal = msgspec.json.decode(said, type=_Refusal).error
    except msgspec.DecodeError:
        raise CommandFailed(f"expected an answer of Roomwatch's at {url}, got status {status}") from None
    raise (NotOnRecord if status == 404 else CommandFailed)(refusal.removeprefix("id: "))


@asynccontextmanager
async def whoever_has(
    storage: Storage, asked: Callable[[AskedDaemon], A], alone: Callable[[SqliteStore], Awaitable[A]]
) -> AsyncIterator[A]:
    """Give whoever answers for a database: the daemon that has it, or else this process.

    Args:
        storage: the database.
        asked: makes one that answers of the daemon.
        alone: makes one of the database itself, which is open meanwhile.

    Raises:
        CommandFailed: the daemon does not answer, or refuses.
        StoreFailed: the database cannot be opened.
    """
    database = Path(storage.path)
    access = granted(database)
    if access is not None:
        async with session() as http:
            yield asked(AskedDaemon(http, access))
        return
    store = await SqliteStore.open(database, storage.synchronous, storage.reserve_bytes)
    try:
        yield await alone(store)
    finally:
        await store.close()

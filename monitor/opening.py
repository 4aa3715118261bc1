"""Which store does a configuration ask for, and what does it take to reach it?

Who has no cluster needs neither of its drivers, so what imports them is imported when a cluster is wanted.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.config import Config
from monitor.failures import Misconfigured
from monitor.settings import Cluster
from monitor.store.memory import MemoryStore
from monitor.store.ports import NotThere, Store
from monitor.store.scopes import Scopes, scopes_of
from monitor.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from monitor.store.cluster import Address, ClusterStore
    from monitor.store.cluster_moving import Moving
    from monitor.store.cluster_returning import Returning
    from monitor.store.cluster_upkeep import OfClickHouse, OfPostgres

LOOK_AGAIN_S = 1.0

Waiting = Callable[[str], AbstractAsyncContextManager[Callable[[str], None]]]

_DEFAULT_PORTS = {"http": 8123, "https": 8443}


class DriverMissing(Misconfigured):
    """A cluster is configured, and what it takes to speak to one is not installed."""


async def open_store(config: Config) -> Store:
    """Return the store that the configuration asks for.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: what is there was written by a newer Roomwatch.
        StoreFailed: it cannot be opened.
    """
    scopes, storage = scopes_of(config.naming), config.storage
    if config.cluster.is_told:
        return await open_cluster(config.cluster, scopes)
    if config.database is None:
        return MemoryStore(scopes)
    return await SqliteStore.open(config.database, storage.synchronous, storage.reserve_bytes, scopes)


async def open_store_in_time(config: Config, stop: asyncio.Event, waiting: Waiting) -> Store | None:
    """Return the store that the configuration asks for, as soon as it is there; None: told to stop before.

    Args:
        config: which store it is, and for how long it may be waited for.
        stop: is set where nobody wants it any more.
        waiting: what goes on for as long as somebody waits; it is entered with the reason, and told each later one.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: what is there was written by a newer Roomwatch.
        StoreFailed: it cannot be opened, or was not there in time.
    """
    until_s = monotonic() + config.cluster.wait_for_primary_s
    try:
        return await _opened_unless(stop, config)
    except NotThere as error:
        if config.cluster.wait_for_primary_s == 0:
            raise
        reason = str(error)
    async with waiting(_waits(reason, until_s)) as say:
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await stop.wait()
            try:
                return await _opened_unless(stop, config)
            except NotThere as error:
                if monotonic() >= until_s:
                    raise
                say(_waits(str(error), until_s))
    return None


async def _opened_unless(stop: asyncio.Event, config: Config) -> Store | None:
    """Open the store, unless told to stop: a server that does not answer at all is tried for half a minute."""
    opening, stopping = asyncio.create_task(open_store(config)), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return opening.result() if opening.done() else None
    finally:
        for task in (opening, stopping):
            task.cancel()
        await asyncio.wait({opening, stopping})


def _waits(reason: str, until_s: float) -> str:
    return f"{reason}; waiting for {max(until_s - monotonic(), 0):.0f} s more"


# --- a cluster --------------------------------------------------------------------------------------------


async def open_cluster(cluster: Cluster, scopes: Scopes) -> "ClusterStore":
    """Return the store of a cluster, of which ClickHouse may be away.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
        StoreFailed: no primary can be reached, or what is there is not of this Roomwatch.
    """
    with _drivers():
        from monitor.store.cluster import ClusterStore, Engine  # noqa: PLC0415
    return await ClusterStore.connect(
        _postgres(cluster),
        _clickhouse(cluster),
        replica=replica_of(cluster),
        engine=Engine(cluster.clickhouse_cluster),
        scopes=scopes,
        connections=cluster.postgres_connections,
    )


def replica_of(cluster: Cluster) -> str:
    """Return the name of this replica among its like."""
    return cluster.replica or socket.gethostname()


async def inspect_postgres(cluster: Cluster) -> "OfPostgres":
    """Return how the PostgreSQL of a cluster is set.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        StoreFailed: no primary can be reached.
    """
    with _drivers():
        from monitor.store import cluster_upkeep  # noqa: PLC0415
    return await cluster_upkeep.inspect_postgres(_postgres(cluster))


async def inspect_clickhouse(cluster: Cluster) -> "OfClickHouse":
    """Return how the ClickHouse of a cluster is set.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        StoreFailed: it does not answer.
    """
    with _drivers():
        from monitor.store import cluster_upkeep  # noqa: PLC0415
    return await cluster_upkeep.inspect_clickhouse(_clickhouse(cluster))


async def migrate_cluster(cluster: Cluster, *, is_dry_run: bool) -> AsyncIterator[str]:
    """Bring both databases up to date, or only say what that would take; yield a line for each thing that is so.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: one of them is of a newer Roomwatch; nothing of it was changed.
        StoreFailed: one of them does not answer, or is one of something else, or refuses.
    """
    with _drivers():
        from monitor.store import cluster_upkeep  # noqa: PLC0415
        from monitor.store.cluster import Engine  # noqa: PLC0415
    engine = Engine(cluster.clickhouse_cluster)
    async for line in cluster_upkeep.migrate(_postgres(cluster), _clickhouse(cluster), engine, is_dry_run=is_dry_run):
        yield line


@asynccontextmanager
async def open_to_move(cluster: Cluster) -> AsyncIterator["Moving"]:
    """Give both databases of a cluster, up to date, to whoever moves a file into them.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
        StoreFailed: one of them does not answer, or is one of something else.
    """
    with _drivers():
        from monitor.store import cluster_moving  # noqa: PLC0415
        from monitor.store.cluster import Engine  # noqa: PLC0415
    engine = Engine(cluster.clickhouse_cluster)
    async with cluster_moving.opened(_postgres(cluster), _clickhouse(cluster), engine) as moving:
        yield moving


@asynccontextmanager
async def open_to_return(cluster: Cluster, scopes: Scopes) -> AsyncIterator["Returning"]:
    """Give both databases of a cluster, up to date, to whoever copies them into a file.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
        StoreFailed: one of them does not answer, or is one of something else.
    """
    with _drivers():
        from monitor.store import cluster_returning  # noqa: PLC0415
        from monitor.store.cluster import Engine  # noqa: PLC0415
    engine = Engine(cluster.clickhouse_cluster)
    async with cluster_returning.opened(_postgres(cluster), _clickhouse(cluster), engine, scopes) as returning:
        yield returning


@contextmanager
def _drivers() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        expected = f"cluster: expected the packages of the extra roomwatch[cluster], got none called {error.name}"
        raise DriverMissing([f"{expected}; pip install 'roomwatch[cluster]'"]) from None


def _postgres(cluster: Cluster) -> str:
    return cluster.postgres.get_secret_value() if cluster.postgres else ""


def _clickhouse(cluster: Cluster) -> "Address":
    from monitor.store.cluster import Address  # noqa: PLC0415

    told = urlsplit(cluster.clickhouse)
    return Address(
        told.hostname or "",
        told.port or _DEFAULT_PORTS[told.scheme],
        cluster.clickhouse_database,
        cluster.clickhouse_user,
        cluster.clickhouse_password.get_secret_value(),
        is_secure=told.scheme == "https",
    )

"""Which store does a configuration ask for?"""

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.config import Config
from monitor.failures import Misconfigured
from monitor.settings import Cluster
from monitor.store.memory import MemoryStore
from monitor.store.ports import Store
from monitor.store.scopes import Scopes, scopes_of
from monitor.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from monitor.store.cluster import ClusterStore

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


async def open_cluster(cluster: Cluster, scopes: Scopes) -> "ClusterStore":
    """Return the store of a cluster, of which ClickHouse may be away.

    Raises:
        DriverMissing: the packages for a cluster are not installed.
        SchemaTooNew: PostgreSQL was migrated by a newer Roomwatch.
        StoreFailed: no primary can be reached, or what is there is not of this Roomwatch.
    """
    try:
        # Who has no cluster needs neither of the drivers.
        from monitor.store.cluster import Address, ClusterStore, Engine  # noqa: PLC0415
    except ModuleNotFoundError as error:
        expected = f"cluster: expected the packages of the extra roomwatch[cluster], got none called {error.name}"
        raise DriverMissing([f"{expected}; pip install 'roomwatch[cluster]'"]) from None
    told = urlsplit(cluster.clickhouse)
    address = Address(
        told.hostname or "",
        told.port or _DEFAULT_PORTS[told.scheme],
        cluster.clickhouse_database,
        cluster.clickhouse_user,
        cluster.clickhouse_password.get_secret_value(),
        is_secure=told.scheme == "https",
    )
    return await ClusterStore.connect(
        cluster.postgres.get_secret_value() if cluster.postgres else "",
        address,
        replica=replica_of(cluster),
        engine=Engine(cluster.clickhouse_cluster),
        scopes=scopes,
        connections=cluster.postgres_connections,
    )


def replica_of(cluster: Cluster) -> str:
    """Return the name of this replica among its like."""
    return cluster.replica or socket.gethostname()

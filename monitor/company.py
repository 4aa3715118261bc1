"""Is this process alone with its store, or one of several that share one?

On one machine it is alone: every duty is its own for good, and there is nobody to follow.  In a cluster duties are
leased, what is written under one is refused once it is somebody else's, and everybody follows the same log.
"""

from typing import NamedTuple, cast

from monitor.config import Config
from monitor.duties.duties import FOR_GOOD, TTL_S
from monitor.opening import replica_of
from monitor.store.leases import Lease, Leases, RequestBudget
from monitor.store.local_leases import LocalDuties, LocalLeases
from monitor.store.ports import Store
from monitor.store.shared import Inbox, SharedStore

ALONE = "alone"


class Company(NamedTuple):
    """Whom a process shares its store with.

    Attributes:
        me: how this process is called among them.
        store: what they share.
        leases: who has which duty.
        ttl_s: for how long somebody who is gone keeps a duty from others.
        shared: the store as those see it who share it; None where this process is alone.
    """

    me: str
    store: Store
    leases: Leases
    ttl_s: float = FOR_GOOD
    shared: SharedStore | None = None

    @property
    def inbox(self) -> Inbox | None:
        """Return what is for whoever decides who is told; None where that is this process, always."""
        return None if self.shared is None else self.shared.inbox

    @property
    def budget(self) -> RequestBudget | None:
        """Return what all of them together may still ask; None where nobody else asks."""
        return None if self.shared is None else self.shared.budget

    def under(self, lease: Lease) -> Store:
        """Return the store for whoever has a duty."""
        return self.store if self.shared is None else self.shared.under(lease)


def alone(store: Store) -> Company:
    """Return that nobody else has this store."""
    return Company(ALONE, store, LocalLeases(LocalDuties(), ALONE))


def company_of(config: Config, store: Store) -> Company:
    """Return with whom a process is that goes by a configuration, with the store that it asks for."""
    cluster = config.cluster
    if not cluster.is_told:
        return alone(store)
    return among_replicas(cast("SharedStore", store), replica_of(cluster), cluster.lease_ttl_s)


def among_replicas(store: SharedStore, me: str, ttl_s: float = TTL_S) -> Company:
    """Return that others share this store, none of which has this name."""
    return Company(me, store, store.leases, ttl_s, store)

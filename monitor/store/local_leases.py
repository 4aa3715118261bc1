"""Leases and budgets where there is one process: on one machine, with SQLite or with no store at all.

That no second process writes is for the lock of the file to see to (`monitor.store.lock`).  So whoever asks here gets
the duty, unless another part of this very process has it.
"""

from collections.abc import Callable
from math import inf
from time import monotonic

from msgspec.structs import replace

from monitor.store.granting import Bucket, granted, paused
from monitor.store.leases import Allowance, Grant, Lease, LeaseLost, Roll

Clock = Callable[[], float]


class LocalDuties:
    """What is held in this process, by whom and until when."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self.clock = clock
        self.held: dict[str, Lease] = {}
        self.there: dict[str, tuple[float, float]] = {}  # who said so when, and for how long
        self.epochs: dict[str, int] = {}


class LocalLeases:
    """The duties of one holder in this process (`monitor.store.leases.Leases`)."""

    def __init__(self, duties: LocalDuties, holder: str) -> None:
        self._duties = duties
        self._holder = holder

    async def attend(self, ttl_s: float, heard_within_s: float = inf) -> Roll:
        """Say that this holder is there, for as long, and return who else is, and said so within a shorter time."""
        duties, now_s = self._duties, self._duties.clock()
        duties.there[self._holder] = now_s, ttl_s
        holders = {name for name, (at_s, for_s) in duties.there.items() if now_s - at_s < min(for_s, heard_within_s)}
        return Roll(holders, {name: lease.holder for name, lease in duties.held.items() if lease.is_held(now_s)})

    async def leave(self) -> None:
        """Say that this holder is there no longer."""
        self._duties.there.pop(self._holder, None)

    async def take(self, name: str, ttl_s: float) -> Lease | None:
        """Take a duty that nobody has, or that this holder had; None while somebody else has it."""
        duties, now_s = self._duties, self._duties.clock()
        there = duties.held.get(name)
        if there is not None and there.holder != self._holder and there.is_held(now_s):
            return None
        duties.epochs[name] = duties.epochs.get(name, 0) + 1
        duties.held[name] = lease = Lease(name, self._holder, duties.epochs[name], ttl_s, now_s)
        return lease

    async def renew(self, lease: Lease) -> Lease:
        """Have it for as long again from now on."""
        self.check(lease)
        self._duties.held[lease.name] = renewed = replace(lease, asked_at_s=self._duties.clock())
        return renewed

    async def release(self, lease: Lease) -> None:
        """Let others take it at once; what somebody else took stays theirs."""
        there = self._duties.held.get(lease.name)
        if there is not None and there.epoch == lease.epoch:
            del self._duties.held[lease.name]

    def check(self, lease: Lease) -> None:
        """See that nobody has taken it since.

        Raises:
            LeaseLost: somebody did, or it was released.
        """
        there = self._duties.held.get(lease.name)
        if there is None or there.epoch != lease.epoch:
            whose = f"epoch {there.epoch} of {there.holder}" if there else "nobody's"
            raise LeaseLost(f"lease {lease.name}: expected epoch {lease.epoch} of {lease.holder}, got {whose}")


class LocalBudget:
    """What may still be asked, where nobody else asks (`monitor.store.leases.RequestBudget`)."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    async def take(self, name: str, wanted: int, allowance: Allowance) -> Grant:
        """Take as many of the requests that are wanted as there are, at once; what is not sent is lost."""
        self._buckets[name], grant = granted(self._buckets.get(name), wanted, allowance, self._clock())
        return grant

    async def pause(self, name: str, pause_s: float) -> None:
        """Grant none to anybody for so long."""
        self._buckets[name] = paused(self._buckets.get(name), pause_s, self._clock())

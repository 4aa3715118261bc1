"""Who does what only one may do at a time: the ports of leases, and of a budget of requests that all share.

A lease is a duty for a while.  It is renewed long before it ends, and whoever cannot renew it stops by its own clock
before somebody else may begin.  A process that was stopped and goes on does not know that, so what it writes under
its lease is refused: each time that a duty changes hands its epoch is one higher, and of a lower epoch nothing is
taken.
"""

from collections.abc import Collection, Mapping
from math import inf
from typing import NamedTuple, Protocol

from msgspec import Struct

from monitor.store.ports import StoreFailed

RENEWALS_A_TTL = 4


class LeaseLost(StoreFailed):
    """Somebody else has the duty now, or may have; nothing was kept of what was to be written under it."""


class NameTaken(StoreFailed):
    """Somebody who lives is called the same; or it was oneself, until a moment ago, in an earlier life."""


class Lease(Struct, frozen=True):
    """A duty that one holder has.

    Times are by the monotonic clock of whoever holds it, from before it was asked for: so it is over there before it
    is over where it is kept.
    """

    name: str
    holder: str
    epoch: int
    ttl_s: float
    asked_at_s: float

    @property
    def renew_at_s(self) -> float:
        """Return when it is to be renewed."""
        return self.asked_at_s + self.ttl_s / RENEWALS_A_TTL

    def is_held(self, now_s: float) -> bool:
        """Whether nobody else can have it yet; its holder must stop as soon as it is not."""
        return now_s < self.asked_at_s + self.ttl_s


class Roll(NamedTuple):
    """Who there is, and who has which duty, of those that nobody else can take yet."""

    holders: Collection[str]
    held: Mapping[str, str]


class Leases(Protocol):
    """The duties of one holder, whose name no other that lives may have."""

    async def attend(self, ttl_s: float, heard_within_s: float = inf) -> Roll:
        """Say that this holder is there, for as long, and return who else is, and said so within a shorter time.

        Raises:
            NameTaken: somebody else of this name is there.
            StoreFailed: nobody knows.
        """

    async def leave(self) -> None:
        """Say that this holder is there no longer."""

    async def take(self, name: str, ttl_s: float) -> Lease | None:
        """Take a duty that nobody has, or that this holder had; None while somebody else has it.

        What this holder had of it before is lost.

        Raises:
            StoreFailed: nobody knows.
        """

    async def renew(self, lease: Lease) -> Lease:
        """Have it for as long again from now on.

        Raises:
            LeaseLost: somebody else took it.
            StoreFailed: nobody knows; it is held until its time.
        """

    async def release(self, lease: Lease) -> None:
        """Let others take it at once; what somebody else took stays theirs."""


class Allowance(Struct, frozen=True):
    """What may be spent: so many requests at once, and on average."""

    requests_per_s: float
    burst_requests: int


class Grant(NamedTuple):
    """How many requests may be sent now, and after how long it is worth asking again."""

    requests: int
    wait_s: float = 0.0


class RequestBudget(Protocol):
    """What may still be asked of somebody with a limit, whoever asks."""

    async def take(self, name: str, wanted: int, allowance: Allowance) -> Grant:
        """Take as many of the requests that are wanted as there are, at once; what is not sent is lost.

        Raises:
            StoreFailed: nobody knows; none may be sent.
        """

    async def pause(self, name: str, pause_s: float) -> None:
        """Grant none to anybody for so long, as whoever is asked demanded; of two pauses the one that ends later."""

"""What may be asked of an account, whichever replica asks?

One replica asks at a time, and a change of hands must not double what is asked: what is spent is taken from a bucket
that all of them share, some requests at a time, since each time is a transaction.  What was taken and not spent is lost
with whoever took it.

Whoever may have lost the duty to ask sends nothing more, however long it was stopped between two lines of code.
"""

import asyncio
from collections.abc import Callable
from logging import getLogger

from collectors.rest.gate import NotAsked
from monitor.store.leases import Allowance, RequestBudget
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

TAKEN_AT_ONCE = 5
LONGEST_WAIT_S = 1.0  # before it is asked again: tokens come back sooner than a wait says if less is wanted


class JointAllowance:
    """The requests of one account (`collectors.rest.exchange.Allowance`).

    Args:
        budget: what all replicas share.
        name: which bucket of it.
        allowance: how fast it fills.
        may_ask: whether this replica may ask, as far as it knows.
    """

    def __init__(self, budget: RequestBudget, name: str, allowance: Allowance, may_ask: Callable[[], bool]) -> None:
        self._budget = budget
        self._name = name
        self._allowance = allowance
        self._may_ask = may_ask
        self._taken = 0
        self._turn = asyncio.Lock()

    async def spend(self) -> None:
        """Wait until one more request may go.

        Raises:
            NotAsked: somebody else asks now, or the bucket cannot be reached.
        """
        async with self._turn:
            while not self._taken:
                self._check()
                await self._take_some()
            self._check()
            self._taken -= 1

    async def pause(self, pause_s: float) -> None:
        """Let nobody ask for so long."""
        self._taken = 0
        try:
            await self._budget.pause(self._name, pause_s)
        except StoreFailed as error:  # it is kept here, at least
            _log.warning("other replicas do not know of a pause of %.0f s for %s: %s", pause_s, self._name, error)

    def _check(self) -> None:
        if not self._may_ask():
            raise NotAsked("elsewhere")

    async def _take_some(self) -> None:
        try:
            grant = await self._budget.take(self._name, TAKEN_AT_ONCE, self._allowance)
        except StoreFailed as error:
            _log.warning("what may be asked of %s is not known: %s", self._name, error)
            raise NotAsked("unknown") from None
        self._taken = grant.requests
        if not self._taken:
            await asyncio.sleep(min(grant.wait_s, LONGEST_WAIT_S))

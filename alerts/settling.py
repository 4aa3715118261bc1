"""How do many attempts that end together cost one transaction?

Whoever comes while the one before is being written waits, and then writes for all who came meanwhile.
"""

import asyncio
from collections.abc import Sequence

from alerts.delivery import Settled
from alerts.insisting import insist
from alerts.ports import Outbox


class Settling:
    """Writes what became of notifications, in groups."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._turn = asyncio.Lock()
        self._waiting: list[Settled] = []

    async def write(self, settled: Sequence[Settled]) -> None:
        """Return when it is written, by us or by somebody who was faster."""
        self._waiting += settled
        async with self._turn:
            group, self._waiting = self._waiting, []
            if group:
                await insist("settle notifications", lambda: self._outbox.settle(group))

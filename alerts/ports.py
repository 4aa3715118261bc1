"""What must the house provide so that alerts can be kept and delivered?

The daemon's store satisfies these; so does the store that lives in memory.  Neither is imported here.
"""

from collections.abc import Sequence
from typing import Protocol

from alerts.delivery import Settlement
from alerts.model import Alert, Judgement, Owed


class AlertStore(Protocol):
    """Alert states, their transitions, and the outbox."""

    async def load_alerts(self) -> Sequence[Alert]:
        """Return every alert that is pending or firing."""

    async def record(self, judgement: Judgement) -> None:
        """Make the whole judgement true, or none of it: states, transitions and outbox rows in one transaction.

        An alert whose state is inactive is forgotten; its transitions stay.
        """

    async def due(self, now: float, limit: int) -> Sequence[Owed]:
        """Return at most `limit` rows to attempt now, oldest first: of each lane only the first unsettled one."""

    async def next_due_at(self) -> float | None:
        """Return when the earliest row at the head of its lane wants its next attempt; None for an empty outbox."""

    async def settle(self, notification_id: str, settlement: Settlement) -> None:
        """Write what an attempt came to."""

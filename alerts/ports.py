"""What must the house provide so that alerts can be kept and delivered?

The daemon's store satisfies these; so does the store that lives in memory.  Neither is imported here.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from alerts.delivery import Settlement
from alerts.model import Alert, Judgement, Owed


class AlertStore(Protocol):
    """Alert states, their transitions, and the outbox.

    A row of the outbox is unsettled until it is delivered or dead.  The *head* of a lane is its first unsettled row:
    no other row of that lane may be attempted before it.
    """

    async def load_alerts(self) -> Sequence[Alert]:
        """Return every alert that is kept: open, or remembered after its end."""

    async def record(self, judgement: Judgement) -> None:
        """Make the whole judgement true, or none of it: states, transitions and outbox rows in one transaction.

        An alert that is not kept (`Alert.is_kept`) is forgotten; its transitions stay.
        """

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        """Return at most `limit` heads of lanes that want an attempt by `now`, oldest first.

        Rows of the receivers in `skip` are left out before the limit counts, so that a receiver with a thousand rows
        and no free hand cannot hide the one row of another.
        """

    async def next_due_at(self, after: float) -> float | None:
        """Return the earliest moment later than `after` at which the head of a lane wants its next attempt, or None.

        Rows due by `after` are already known to the caller, who is busy with them or has a reason to let them wait.
        """

    async def settle(self, notification_id: str, settlement: Settlement) -> None:
        """Write what an attempt came to."""

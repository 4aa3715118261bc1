"""What must the house provide so that alerts can be kept and delivered?

The daemon's store satisfies these; so does the store that lives in memory.  Neither is imported here.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from alerts.delivery import Settled
from alerts.model import Alert, Judgement, Notification, Owed
from alerts.silences import Silence


class Outbox(Protocol):
    """What is owed to receivers, and what became of it.

    A row waits until it is delivered or dead, or need not be said any more (cancelled, superseded).  The *head* of a
    lane is its first row that waits: no other row of that lane may be attempted before it.  An attempt is *begun* in
    the outbox before its first byte leaves, so that whoever finds it begun after a crash knows it may have been heard.

    Several senders may share an outbox.  Of a lane only one of them attempts anything at a time: whoever began it.
    """

    async def recover(self, now: float) -> int:
        """End the attempts that an earlier life of this sender began and did not settle; return how many those were.

        They may have been heard.  They do not count as failures: it was not the receiver who failed.
        """

    async def take_over(self, now: float) -> int:
        """End the attempts of other senders that take so long that those must be dead; return how many those were."""

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        """Return of each receiver at most `limit` heads of lanes that want an attempt by `now`, the most urgent first.

        Receivers in `skip` are left out, and so are heads of which an attempt is begun.
        """

    async def next_due_at(self, after: float, skip: Collection[str] = ()) -> float | None:
        """Return the earliest moment later than `after` at which the head of a lane wants its next attempt, or None.

        Rows due by `after` are already known to the caller, who is busy with them or has a reason to let them wait.
        """

    async def begin(self, targets: Mapping[str, str], now: float) -> Collection[str]:
        """Write that attempts begin, of notifications by their id, and where each goes; empty: not known.

        Returns:
            The ids of those that do begin; not of those that wait no longer, or that another sender was quicker with.
        """

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write what became of notifications, all of it or nothing; of those that wait no longer nothing is written.

        Nor is anything of those that another sender attempts by now, unless they were delivered by this one.
        """

    async def overdue(self, receiver: str, before: float, limit: int) -> Sequence[Owed]:
        """Return at most `limit` waiting rows of a receiver whose time began to run before, the oldest first."""

    async def attempted_since(self, since: float) -> Sequence[tuple[str, float]]:
        """Return the receiver of each attempt that ended since, and when, the oldest first."""

    async def targets(self, present: Mapping[str, str]) -> Mapping[str, str]:
        """Remember the target of each receiver there is; return that of all there ever were."""

    async def not_fallen_back(self, limit: int) -> Sequence[Owed]:
        """Return at most `limit` dead rows that nobody else was told of yet, the oldest first."""

    async def fell_back(self, notification_id: str) -> None:
        """Write that somebody else was told of a dead row."""

    async def replay(self, now: float, ids: Collection[str] | None = None, receiver: str | None = None) -> int:
        """Put dead rows back, all or of these ids or of a receiver, as if owed from now on; return how many those are.

        Not those that a later word of their lane has made pointless: the receiver knows better already, or it is over;
        nor those of which that may be true when the attempt at it ends that is on its way.
        """


class AlertStore(Outbox, Protocol):
    """Alert states, their transitions, and the outbox."""

    async def load_alerts(self) -> Sequence[Alert]:
        """Return every alert that is kept: open, or remembered after its end."""

    async def record(self, judgement: Judgement) -> None:
        """Make the whole judgement true, or none of it: states, transitions and outbox rows in one transaction.

        An alert that is not kept (`Alert.is_kept`) is forgotten; its transitions stay.
        """


class Fallback(Protocol):
    """Whoever has to know that a receiver was not told."""

    async def __call__(self, notification: Notification, reason: str) -> None:
        """Do what there is to do; called again, also after a restart, unless it returns."""


class SilenceStore(Protocol):
    """What somebody asked not to be told of.  A silence stands until it is over, and is history afterwards."""

    async def put_silence(self, silence: Silence) -> None:
        """Keep a silence, in the place of what it was before."""

    async def standing_silences(self, now: float) -> Sequence[Silence]:
        """Return the silences that are not over, those that end first before others."""

    async def latest_silences(self, limit: int) -> Sequence[Silence]:
        """Return at most `limit` silences, over or not, those that end last before others."""

    async def silence(self, silence_id: str) -> Silence | None:
        """Return a silence, if it is on record."""

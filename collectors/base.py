"""What is a source, and how does it fail?

A *pulled* source is a `Collector`: it is told what the house already knows and returns what it saw.  A *pushed* source
is a pure `decode` function.  Both speak only in events and in the errors below.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import NamedTuple, Protocol

from collectors.events import Event


class Malformed(ValueError):
    """What came cannot be understood; the sender is at fault, and `str()` says where and what was expected."""

    def __init__(self, where: str, expected: str, got: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}")


class CollectError(Exception):
    """A source could not be read.  `kind` is a short word for metrics; `retry_after_s` is what the source asked for."""

    def __init__(self, kind: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s


class Unsettled(NamedTuple):
    """What is still to be seen of a room that is over."""

    room_sid: str
    participants: bool  # who was in it is not certain
    recordings: bool  # whether its recordings arrived is not certain


class Summaries(NamedTuple):
    """Which of the Log Analyzer's room summaries are wanted: those of rooms created in [from_ms, to_ms]."""

    created_from_ms: int
    created_to_ms: int


class Known(Protocol):
    """What a collector may ask about the picture so far, so that it asks Twilio only for what is missing.

    Times are milliseconds since the epoch.  What is due comes most urgent first, and asking again later gives the same
    answer until an event has told what was missing.
    """

    def live_rooms(self, account_sid: str) -> Mapping[str, int | None]:
        """Return the SIDs of the account's rooms that are believed to be in progress, with their creation."""

    def rooms_in_doubt(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of rooms, not live, whose beginning or end nobody has told."""

    def rooms_to_look_at(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of live rooms in which something may have changed that nobody told."""

    def rooms_to_reconcile(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of live rooms that nobody has looked into for long, though nothing hints at a change."""

    def connected_participants(self, room_sid: str) -> Sequence[str]:
        """Return the SIDs of the participants believed to be in the room."""

    def rooms_to_settle(self, account_sid: str, now_ms: int) -> Sequence[Unsettled]:
        """Return the rooms that are over but not yet known in full."""

    def compositions_in_doubt(self, account_sid: str) -> Mapping[str, int | None]:
        """Return the SIDs of the compositions that are not finished, or not known in full, with their creation."""

    def rooms_owed_a_composition(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of ended rooms that a hook should have composed, and of which no composition was seen."""

    def rooms_to_summarise(self, account_sid: str, now_ms: int) -> Summaries | None:
        """Return since when rooms lack their Log Analyzer summary, or None while there is none to fetch."""

    def stays_to_summarise(self, account_sid: str, now_ms: int) -> Sequence[str]:
        """Return the SIDs of ended rooms whose stays only the Log Analyzer can still tell of."""


class Collector(Protocol):
    """One pulled source of one account."""

    @property
    def resource(self) -> str:
        """Return the name under which freshness and failures of this source are shown."""

    def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield what the source says now, piece by piece, each as soon as it was seen.

        Raises:
            CollectError: the source could not be read; nothing that was seen before is thereby untrue.
        """

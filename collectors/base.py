"""What is a source, and how does it fail?

A *pulled* source is a `Collector`: it is told what the house already knows and returns what it saw.  A *pushed* source
is a pure `decode` function.  Both speak only in events and in the errors below.
"""

from collections.abc import Sequence
from typing import Protocol

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


class Known(Protocol):
    """What a collector may ask about the picture so far, so that it only asks Twilio for what is missing."""

    def live_rooms(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of the account's rooms that are believed to be in progress."""

    def connected_participants(self, room_sid: str) -> Sequence[str]:
        """Return the SIDs of the participants believed to be in the room."""

    def open_compositions(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of the compositions that are not finished."""

    def rooms_of_unknown_end(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of rooms that an open composition waits for and whose end nobody has told us."""


class Collector(Protocol):
    """One pulled source of one account."""

    @property
    def resource(self) -> str:
        """Return the name under which requests, freshness and failures of this source are shown."""

    async def collect(self, known: Known, now_ms: int) -> Sequence[Event]:
        """Return what the source says now.

        Raises:
            CollectError: the source could not be read; nothing that was seen before is thereby untrue.
        """

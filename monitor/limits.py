"""Where does trouble begin, if Twilio does not say?

Readings are measured against these.  Whatever depends on the account or on taste can be configured; the defaults are
what Twilio documents.
"""

from msgspec import Struct

from monitor.entities import Composition


class CompositionLimits(Struct, frozen=True):
    """How long a composition may go without a sign of life before it counts as stuck, or as missing.

    Twilio promises no time; its rule of thumb is less than half the room's duration.  The floor keeps short rooms from
    crying wolf.  A composition that a hook owes is enqueued when its room ends, however long the room was.
    """

    floor_s: float = 600.0
    room_ratio: float = 0.5
    missing_s: float = 600.0

    def limit_s(self, composition: Composition) -> float:
        """Return the limit for this composition."""
        if composition.is_expected:
            return self.missing_s
        return max(self.floor_s, self.room_ratio * (composition.room_duration_s or 0))


class RoomLimits(Struct, frozen=True):
    """How long a room may outlive the moment at which Twilio should have ended it."""

    grace_s: float = 600.0


class AccountLimits(Struct, frozen=True):
    """How many rooms and people an account may have at once, and what a month may cost it, in its own currency."""

    rooms: int = 10_000
    participants: int = 10_000
    month_budget: float | None = None


class Limits(Struct, frozen=True):
    """Everything that readings are measured against."""

    compositions: CompositionLimits = CompositionLimits()
    rooms: RoomLimits = RoomLimits()
    accounts: AccountLimits = AccountLimits()

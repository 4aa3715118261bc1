"""What came to an end, was it well, and whose was it?

What service level objectives count: minutes of people's calls, attempts to join, and compositions.  Each is told once,
when it is over, with the account, the tenant and the media region that it belongs to, as far as they are known.

A composition is well if it is completed, with something in it, within the limit that `[compositions]` sets, from the
end of its room or from its creation, whichever is later.  It is not well as soon as that can no longer be.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from collectors.events import CompositionStatus
from monitor.accounts import Accounts
from monitor.crowds import Crowds
from monitor.entities import Composition, Entity, Room
from monitor.good_minutes import Minutes
from monitor.limits import CompositionLimits

OLD_NEWS_MS = 3_600_000  # a composition that was finished longer ago was heard of late; it is history, not the present


class Over(StrEnum):
    """What an objective can be over."""

    GOOD_MINUTES = "good_minutes"
    JOINS = "joins"
    COMPOSITIONS = "compositions"


class Outcome(NamedTuple):
    """How many of something ended well, badly, or nobody knows how, and whose they were; None where nobody told."""

    over: Over
    at_ms: int
    good: int = 0
    bad: int = 0
    unknown: int = 0
    account_sid: str | None = None
    tenant: str | None = None
    region: str | None = None
    took_s: float | None = None  # of a composition that was completed, where that is known


_Place = tuple[str | None, str | None, str | None]  # the account, the tenant and the media region


class Outcomes:
    """Tells of what came to an end.

    Args:
        accounts: the accounts that are watched.
        crowds: which tenants there are.
        room_of: finds a room by its SID.
        limits: how long a composition may take.
        tell: hears of each.
        mark: takes note of what has to be saved, before it changes.
    """

    def __init__(
        self,
        accounts: Accounts,
        crowds: Crowds,
        room_of: Callable[[str | None], Room | None],
        limits: CompositionLimits,
        tell: Callable[[Outcome], None],
        mark: Callable[[Entity], None],
    ) -> None:
        self._mark = mark
        self._accounts = accounts
        self._crowds = crowds
        self._room_of = room_of
        self._limits = limits
        self._tell = tell

    def minutes(self, room: Room, at_ms: int, minutes: Minutes) -> None:
        """Tell of minutes of somebody's call."""
        place = self._place_of(room, room.name, room.account_sid)
        self._tell(Outcome(Over.GOOD_MINUTES, at_ms, minutes.good, minutes.bad, minutes.unknown, *place))

    def joined(self, room: Room) -> None:
        """Tell that somebody came into a room."""
        place = self._place_of(room, room.name, room.account_sid)
        self._tell(Outcome(Over.JOINS, room.heard_at_ms, 1, 0, 0, *place))

    def could_not_join(self, room: Room | None, room_name: str | None, account_sid: str | None, at_ms: int) -> None:
        """Tell that somebody did not; of a room that nobody has mentioned yet, only its name may be known."""
        self._tell(Outcome(Over.JOINS, at_ms, 0, 1, 0, *self._place_of(room, room_name, account_sid)))

    def composition(self, composition: Composition, now_ms: int) -> None:
        """Tell of a composition, once, if it is decided how it ended."""
        if composition.is_judged or (is_well := is_composed_in_time(composition, self._limits, now_ms)) is None:
            return
        self._mark(composition)
        composition.is_judged = True
        if composition.status.is_open or _ended_at_ms(composition) >= now_ms - OLD_NEWS_MS:
            room = self._room_of(composition.room_sid)
            place = self._place_of(room, composition.room_name, composition.account_sid)
            self._tell(
                Outcome(Over.COMPOSITIONS, now_ms, int(is_well), int(not is_well), 0, *place, _took_s(composition))
            )

    def _place_of(self, room: Room | None, room_name: str | None, account_sid: str | None) -> _Place:
        account = self._accounts.of(account_sid)
        return (
            account.sid if account else account_sid,
            self._crowds.tenant_of(room_name),
            room.media_region if room else None,
        )


def is_composed_in_time(composition: Composition, limits: CompositionLimits, now_ms: int) -> bool | None:
    """Whether a composition was made well and in time, or None where that is not decided, or does not matter."""
    if composition.status is CompositionStatus.DELETED:
        return None
    if composition.is_troubled:
        return False
    since_ms = _since_ms(composition)
    if since_ms is None:
        return None if composition.status.is_open else True
    took_ms = (_ended_at_ms(composition) if composition.status is CompositionStatus.COMPLETED else now_ms) - since_ms
    if took_ms > limits.limit_s(composition) * 1000:
        return False
    return None if composition.status.is_open else True


def _took_s(composition: Composition) -> float | None:
    since_ms = _since_ms(composition)
    if since_ms is None or composition.status is not CompositionStatus.COMPLETED:
        return None
    return max(0.0, (_ended_at_ms(composition) - since_ms) / 1000)


def _since_ms(composition: Composition) -> int | None:
    """Return from when on the time is taken: not before the room has ended."""
    if composition.room_ended_at_ms is None:
        return None
    return max(composition.created_at_ms or 0, composition.room_ended_at_ms)


def _ended_at_ms(composition: Composition) -> int:
    return composition.completed_at_ms or composition.seen_at_ms

"""Which calls, and who in them, can nobody judge, and what is missing?  Pure.

Quality comes from browsers, certainty from Twilio.  What one of them tells and the other does not is a blind spot: a
room in which nobody posts telemetry, somebody in a room who does not, or has stopped, posts without network quality
levels, and people of whom Twilio has never told.  Each finding names whom it is about and since when.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct

from monitor.entities import Participant, Room
from monitor.live import Live

MOST_SHOWN = 200  # of each sort; how many there are is told anyway
GRACE_MS = 60_000  # a browser may load its SDK, and Twilio's word may be on its way
SILENT_AFTER_MS = 45_000  # a browser posts every ten seconds or so


class Spot(Struct, frozen=True):
    """Somebody, or a room where `participant_sid` and `identity` are null; `people` are how many that leaves unseen."""

    room_sid: str | None
    room_name: str | None
    participant_sid: str | None
    identity: str | None
    since_ms: int | None
    browser: str | None
    people: int


class Spots(Struct, frozen=True):
    """The blind spots of one sort: how many there are, and the first of them, those that last longest first."""

    total: int
    first: list[Spot]


class BlindSpots(Struct, frozen=True):
    """What is not seen at `now_ms`, by what is missing.

    `blind` says what the daemon does not see at all; `people` are in `rooms` live rooms, and `heard` of them have
    posted lately.
    """

    now_ms: int
    blind: list[str]
    rooms: int
    people: int
    heard: int
    rooms_without_telemetry: Spots
    never_heard: Spots
    fell_silent: Spots
    without_level: Spots
    unknown_to_twilio: Spots
    wrong_clock: Spots


def blind_spots(
    live: Live, blind: list[str], now_ms: int, clock_wrong_after_s: float, *, asks_twilio: bool
) -> BlindSpots:
    """Return what is not seen; where Twilio is not asked, nobody can be unknown to it."""
    rooms = [room for room in live.rooms.values() if room.participants]
    unheard = [room for room in rooms if not any(map(_has_posted, room.participants.values()))]
    others = [room for room in rooms if room not in unheard] if unheard else rooms

    def those(of: list[Room], is_one: Callable[[Participant], bool]) -> Spots:
        return _spots(_spot(room, each) for room in of for each in room.participants.values() if is_one(each))

    return BlindSpots(
        now_ms=now_ms,
        blind=blind,
        rooms=len(live.rooms),
        people=sum(len(room.participants) for room in rooms),
        heard=sum(_is_heard(each, now_ms) for room in rooms for each in room.participants.values()),
        rooms_without_telemetry=_spots(_room_spot(room) for room in unheard if _is_old(_began(room), now_ms)),
        never_heard=those(others, lambda each: not _has_posted(each) and _is_old(each.joined_at_ms, now_ms)),
        fell_silent=those(others, lambda each: _has_posted(each) and not _is_heard(each, now_ms)),
        without_level=those(
            others, lambda each: _is_heard(each, now_ms) and not each.reports and _is_old(each.joined_at_ms, now_ms)
        ),
        unknown_to_twilio=those(rooms, lambda each: asks_twilio and not each.is_told and _is_old(_came(each), now_ms)),
        wrong_clock=those(rooms, lambda each: abs(each.clock_offset_ms) > clock_wrong_after_s * 1000),
    )


def _spots(found: Iterator[Spot]) -> Spots:
    oldest_first = sorted(found, key=lambda each: each.since_ms or 0)
    return Spots(len(oldest_first), list(islice(oldest_first, MOST_SHOWN)))


def _room_spot(room: Room) -> Spot:
    return Spot(room.sid, room.name, None, None, _began(room), None, len(room.participants))


def _spot(room: Room, person: Participant) -> Spot:
    since_ms = person.heard_at_ms if _has_posted(person) else _came(person)
    return Spot(room.sid, room.name, person.sid, person.identity, since_ms, person.browser, 1)


def _has_posted(person: Participant) -> bool:
    return person.heard_at_ms is not None


def _is_heard(person: Participant, now_ms: int) -> bool:
    return person.heard_at_ms is not None and now_ms - person.heard_at_ms <= SILENT_AFTER_MS


def _began(room: Room) -> int | None:
    """Return since when somebody could have posted: the room is older, as a rule, than those who are in it."""
    return min((at_ms for each in room.participants.values() if (at_ms := _came(each))), default=room.created_at_ms)


def _came(person: Participant) -> int | None:
    return person.joined_at_ms or person.status_at_ms or None


def _is_old(at_ms: int | None, now_ms: int) -> bool:
    return at_ms is None or now_ms - at_ms > GRACE_MS

"""How does a bundle become a part of a database?

As something that is over: a call that went on when it was exported is not to be watched where it is imported, and
nobody is to be paged for it.  And as the daemon itself would keep it, so that it is forgotten and dropped in its turn.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from collectors.events import ParticipantStatus
from monitor.bundle.layout import BY_NAME, HAPPENINGS, BundleInvalid, Record
from monitor.bundle.reading import Bundle
from monitor.entities import Entity, Participant, Room
from monitor.on_record import recollected
from monitor.places import resolve
from monitor.store.adding import Added, Evidence
from monitor.store.ports import Changed, Place, Resolved
from monitor.store.sqlite import SqliteStore

_DAY_S = 86_400.0


async def put(bundle: Bundle, store: SqliteStore) -> Added:
    """Add to a store what is in a bundle and not there yet; all of it, or nothing where that fails.

    Raises:
        BundleInvalid: there is a number in it that is no moment and no size.
        StoreFailed: it could not be written.
    """
    live = await recollected(store)

    def known(place: Place, at_ms: int) -> Resolved:
        return resolve(live, place, at_ms)

    try:
        return await store.add(_evidence(bundle), known)
    except OverflowError as error:
        raise BundleInvalid(f"expected numbers that the database can hold, got a larger one: {error}") from error


def is_too_old(room: Room, now: datetime, kept_days: float) -> bool:
    """Whether the daemon will drop a call again, since it is older than what is kept."""
    over_ms = room.ended_at_ms or room.heard_at_ms
    return over_ms / 1000 < now.timestamp() - kept_days * _DAY_S


def _evidence(bundle: Bundle) -> Evidence:
    record = bundle.record
    alerts = [Changed(each.transition, each.alert) for each in record.alerts]
    happenings = {record.room.history_key: partial(bundle.happenings, HAPPENINGS)}
    if record.room.name is not None:
        happenings.setdefault(f"name:{record.room.name}", partial(bundle.happenings, BY_NAME))
    return Evidence([*_past(record)], alerts, happenings, bundle.lines)


def _past(record: Record) -> Iterator[Entity]:
    """Return the things of a call as they are kept when nothing more is expected of them."""
    room = record.room
    if room.is_sealed:  # then whoever was in it is not in its record
        yield replace(room, is_live=False, participants={}, left={})
        yield from (_gone(person, room) for person in room.people())
    else:
        yield replace(room, is_live=False)
        yield from (_gone(person, room) for person in room.left.values())
    for each in record.media:
        yield replace(each, is_live=False)


def _gone(person: Participant, room: Room) -> Participant:
    """Return somebody who left, with a time of it: what has none would never be forgotten."""
    left_at_ms = person.left_at_ms or room.ended_at_ms or room.heard_at_ms
    return replace(person, status=ParticipantStatus.DISCONNECTED, left_at_ms=left_at_ms)

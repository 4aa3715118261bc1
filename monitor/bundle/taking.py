"""How is all that is on record of a call taken from the store?"""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from monitor.entities import Composition, Recording, Room
from monitor.failures import CommandFailed
from monitor.live import Live
from monitor.on_record import call_on_record, recollected
from monitor.places import resolve
from monitor.store.ports import Call, Changed, EventLog, Happening, Line, Place, Resolved, Store

EVER_MS = 2**62
AFTERWORD_MS = 60_000  # what comes just before and after a call belongs to it
_AT_ONCE = 5_000


class Taken(NamedTuple):
    """What is on record of a call; what happened in it is read as it is written."""

    call: Call
    alerts: Sequence[Changed]
    lines: Sequence[Line]
    happenings: AsyncIterator[Happening]
    by_name: AsyncIterator[Happening]  # of those who knew no SID of the room

    @property
    def room(self) -> Room:
        """Return the room."""
        return self.call.room

    def names(self) -> Iterator[str]:
        """Return the names of people and rooms that are known of it."""
        found = chain(
            [(self.room.name, None)],
            ((None, each.identity) for each in self.room.people()),
            ((each.room_name, each.identity) for each in self.call.recordings),
            ((each.room_name, None) for each in self.call.compositions),
            ((line.series.room_name, line.series.identity) for line in self.lines),
        )
        return (name for name in chain.from_iterable(found) if name)


async def take(store: Store, asked: str) -> Taken:
    """Return what is on record of a call, by SID or name, up to the last post.

    Raises:
        CommandFailed: there is none.
    """
    live = await recollected(store)
    call = await call_on_record(store.archive, live, asked)
    if call is None:
        raise CommandFailed(f"room: expected the SID or name of a room on record, got {asked[:60]!r}")

    def known(place: Place, at_ms: int) -> Resolved:
        return resolve(live, place, at_ms)

    call, key = _up_to_date(call, live), call.room.history_key
    lines = await store.samples.timeline(key, 0, EVER_MS, known)
    by_name = happenings(store.log, f"name:{call.room.name or ''}", span_of(call.room))
    return Taken(call, await store.archive.alerts(call), lines, happenings(store.log, key), by_name)


def _up_to_date(call: Call, live: Live) -> Call:
    """Return a call with its media as the log tells of them since they were saved."""
    recordings = {each.sid: each for each in call.recordings}
    compositions = {each.sid: each for each in call.compositions}
    for each in live.take_dirty():
        match each:
            case Recording() if each.room_sid == call.room.sid:
                recordings[each.sid] = each
            case Composition() if each.room_sid == call.room.sid:
                compositions[each.sid] = each
    return call._replace(recordings=[*recordings.values()], compositions=[*compositions.values()])


def span_of(room: Room) -> tuple[int, int]:
    """Return the time in which the name of a room was its own; without a name, or a beginning, there is none."""
    if room.name is None or room.created_at_ms is None or room.sid is None:
        return 0, 0
    return room.created_at_ms - AFTERWORD_MS, (room.ended_at_ms or room.heard_at_ms) + AFTERWORD_MS


async def happenings(
    log: EventLog, room: str, span_ms: tuple[int, int] = (0, EVER_MS), at_once: int = _AT_ONCE
) -> AsyncIterator[Happening]:
    """Yield everything that happened in a room, oldest first, without having it all in memory."""
    (from_ms, to_ms), limit = span_ms, at_once
    while page := await log.happenings(room, from_ms, to_ms, limit):
        last_ms = page[-1].at_ms if len(page) == limit else to_ms  # of the last moment there may be more
        whole = [each for each in page if each.at_ms < last_ms]
        for each in whole:
            yield each
        if last_ms == to_ms:
            return
        from_ms, limit = last_ms, limit if whole else 2 * limit

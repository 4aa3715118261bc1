"""How is all that is on record of a call taken from the store?"""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from monitor.entities import Room
from monitor.failures import CommandFailed
from monitor.on_record import call_on_record, recollected
from monitor.places import resolve
from monitor.store.ports import Call, Changed, EventLog, Happening, Line, Place, Store

EVER_MS = 2**62
_AT_ONCE = 5_000


class Taken(NamedTuple):
    """What is on record of a call; what happened in it is read as it is written."""

    call: Call
    alerts: Sequence[Changed]
    lines: Sequence[Line]
    happenings: AsyncIterator[Happening]

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

    def known(place: Place, at_ms: int) -> Place:
        return resolve(live, place, at_ms)

    key = call.room.history_key
    lines = await store.samples.timeline(key, 0, EVER_MS, known)
    return Taken(call, await store.archive.alerts(call), lines, happenings(store.log, key))


async def happenings(log: EventLog, room: str, at_once: int = _AT_ONCE) -> AsyncIterator[Happening]:
    """Yield everything that happened in a room, oldest first, without having it all in memory."""
    from_ms, limit = 0, at_once
    while page := await log.happenings(room, from_ms, EVER_MS, limit):
        last_ms = page[-1].at_ms if len(page) == limit else EVER_MS  # of the last moment there may be more
        whole = [each for each in page if each.at_ms < last_ms]
        for each in whole:
            yield each
        if last_ms == EVER_MS:
            return
        from_ms, limit = last_ms, limit if whole else 2 * limit

"""What is on record of a call, whether it goes on or was over long ago?

A call that goes on is known best by the live picture, one that is over by the archive.  Whoever has no live picture, a
command beside the daemon, makes one as the daemon does when it starts: from what was saved, and the log since.
"""

from msgspec.structs import replace

from monitor.live import Live
from monitor.store.ports import Archive, Call, Store

_EVENTS_AT_ONCE = 1_000


async def call_on_record(archive: Archive, live: Live, asked: str) -> Call | None:
    """Return what is on record of a call, by SID or name; one that goes on is taken from the picture, as it is now."""
    room = live.room(asked) or live.calls.of_name(asked)
    saved = await archive.call(room.key if room else asked)
    if room is None or (saved is not None and room.is_sealed):
        return saved
    now = replace(room, participants=room.participants.copy(), left=room.left.copy())
    if saved is None:
        return Call(now)
    for name, person in saved.room.left.items():  # of many who left, the picture has the last
        if person.key not in now.participants:
            now.left.setdefault(name, person)
    return saved._replace(room=now)


async def recollected(store: Store) -> Live:
    """Return the picture as it is according to the store."""
    saved = await store.picture.load()
    live, through = Live(), saved.through
    live.restore(saved.rooms, saved.ended, saved.media, saved.accounts)
    while entries := await store.log.since(through, _EVENTS_AT_ONCE):
        for _, event in entries:
            live.apply(event)
        through = entries[-1][0]
    return live

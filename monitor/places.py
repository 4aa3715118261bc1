"""Whom does a name stand for, and where is the media of a room handled?

A browser may tell of a room and of itself by name only, as long as it knows no SID.  Names are used again, SIDs are
not, so history goes by SIDs, as far as anybody has told which room and which participant had the name at that time.
"""

from monitor.live import Live
from monitor.store.ports import Place, Resolved


def resolve(live: Live, place: Place, at_ms: int) -> Resolved:
    """Return a place by its SIDs, as far as the picture knows who had the names at a moment, and its media region."""
    name = place.room.removeprefix("name:")
    room = live.room(place.room) if name == place.room else live.calls.at(name, at_ms)
    if room is None:
        return Resolved(place)
    participant, identity = place.participant, place.participant.removeprefix("identity:")
    if identity != participant:
        # Of several stays of one person, the last: who left is asked for before who came back.  At one go, since this
        # may be a thread, and the picture goes on changing meanwhile.
        people = [*room.left.values(), *room.participants.values()]
        participant = next(
            (each.sid for each in reversed(people) if each.sid and each.identity == identity), participant
        )
    return Resolved(Place(room.sid or place.room, participant), room.media_region)

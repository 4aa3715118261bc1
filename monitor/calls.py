"""Which rooms are there, and who is in them?

The rooms in progress, those that ended lately, and the people in both, with how they come and go.  What makes them do
so is in `monitor.hearing`, for what browsers say, and in `monitor.seeing`, for what Twilio says.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from collectors.events import ParticipantStatus, RoomSeen
from monitor.entities import Change, Entity, Participant, Room

AFTERWORD_MS = 30_000  # how long after the end of a room somebody may still tell of it as if it went on
ENDED_ROOMS_KEPT = 10_000  # so that late word does not bring a room back, and compositions learn their room's end
LEFT_KEPT = 1_000  # of a room that is known by name only, the end of which nobody tells; the archive has all of them


class Calls:
    """Rooms in progress, rooms that ended lately, and the people in them.

    Args:
        mark: takes note of what has to be saved, before it changes: a room is saved with its people, and who has left
            by themselves, too.
        on_join: hears of each room that somebody has come into.
        on_named: hears of each room that is new, or of which another name has been told.
    """

    def __init__(
        self,
        mark: Callable[[Entity], None],
        on_join: Callable[[Room], None] = lambda _: None,
        on_named: Callable[[Room], None] = lambda _: None,
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self.ended: OrderedDict[str, Room] = OrderedDict()  # by SID, in the order in which their end was told
        self.unsealed: dict[str, Room] = {}  # those among them of which something is still expected
        self.mark = mark
        self._on_join = on_join
        self._on_named = on_named
        self._by_sid: dict[str | None, Room] = {}
        self._by_name: dict[str | None, Room] = {}
        self._ended_by_name: dict[str, Room] = {}  # of those of one name, the one that ended last

    # --- coming and going ---------------------------------------------------------------------------------

    def room_of(self, sid: str | None, name: str | None) -> Room:
        """Return the room of this SID or name, which is new if nobody mentioned it before."""
        room = self._by_sid.get(sid) or self._by_name.get(name)
        if room is None or (sid is not None and room.sid not in (None, sid)):
            room = Room(key=sid or f"name:{name}", sid=sid, name=name)
            self.mark(room)
            self.rooms[room.key] = room
            self._alias(room)
            return room
        self.mark(room)
        if (room.sid is None and sid is not None) or (room.name is None and name is not None):
            room.sid, room.name = room.sid or sid, room.name or name
            self._alias(room)
        return room

    def _alias(self, room: Room) -> None:
        if room.sid:
            self._by_sid[room.sid] = room
        if room.name:
            self._by_name[room.name] = room
        self._on_named(room)

    def forget(self, room: Room, why: str) -> list[Change]:
        """Take a room out of the picture, and everybody in it."""
        self.mark(room)
        changes = [
            change
            for participant in list(room.participants.values())
            for change in self.leave(room, participant, room.ended_at_ms or room.heard_at_ms, why)
        ]
        del self.rooms[room.key]
        room.is_live = False
        for alias, rooms in ((room.sid, self._by_sid), (room.name, self._by_name)):
            if rooms.get(alias) is room:
                del rooms[alias]
        return [*changes, Change(room.ref, why)]

    def join(self, room: Room, sid: str | None, identity: str | None) -> Participant:
        """Put somebody new into a room."""
        participant = Participant(key=sid or f"identity:{identity}", room_key=room.key, sid=sid, identity=identity)
        room.participants[participant.key] = participant
        room.empty_since_ms = None
        self._on_join(room)
        return participant

    def learn(self, room: Room, participant: Participant, sid: str | None, identity: str | None) -> None:
        """Write down who somebody is, as far as it is told."""
        self.mark(room)
        participant.sid = participant.sid or sid
        participant.identity = participant.identity or identity
        if room.strangers:
            room.strangers.pop(participant.sid or "", None)
        if room.left:
            room.left.pop(participant.key, None)

    def leave(
        self, room: Room, participant: Participant, at_ms: int, why: str = "participant_left"
    ) -> Sequence[Change]:
        """Take somebody out of a room, with what they saw of others and others of them."""
        self.mark(participant)
        self.mark(room)
        participant.status, participant.left_at_ms = ParticipantStatus.DISCONNECTED, at_ms
        participant.reconnecting = False
        participant.levels_seen = None
        room.participants.pop(participant.key, None)
        room.left[participant.sid or participant.key] = participant
        while room.sid is None and len(room.left) > LEFT_KEPT:
            del room.left[next(iter(room.left))]
        if not room.participants:
            room.empty_since_ms = at_ms
        unseen = [other for other in room.participants.values() if other.lose_sight(participant.key)]
        return (Change(participant.ref, why), *(Change(other.ref) for other in unseen))

    def room_that_ended(self, seen: RoomSeen) -> Room:
        """Return the room, or one that is made for the record: its end must outlive a restart like any other."""
        known = self._by_sid.get(seen.room_sid) or self._by_name.get(seen.room_name)
        if known is not None and known.sid in (None, seen.room_sid):
            return known
        self.rooms[seen.room_sid] = room = Room(key=seen.room_sid, account_sid=seen.account_sid)
        return room

    def keep_ended(self, room: Room) -> None:
        """Put a room among those that are over; the one that has been there longest makes way."""
        self.ended[room.sid or room.key] = self.unsealed[room.sid or room.key] = room
        if room.name:
            self._ended_by_name[room.name] = room
        if len(self.ended) > ENDED_ROOMS_KEPT:
            _, oldest = self.ended.popitem(last=False)
            if self._ended_by_name.get(oldest.name or "") is oldest:
                del self._ended_by_name[oldest.name or ""]
            self._seal(oldest)

    # --- forgetting ---------------------------------------------------------------------------------------

    def expire(self, now_ms: int, forget_after_ms: int) -> list[Change]:
        """Forget rooms that nothing and nobody has mentioned for `forget_after_ms`."""
        silent = [room for room in self.rooms.values() if now_ms - room.heard_at_ms > forget_after_ms]
        return [change for room in silent for change in self.forget(room, "no_word_of_room")]

    def seal(self, is_over: Callable[[Room], bool]) -> None:
        """Let go of the participants of ended rooms of which nothing more is expected."""
        for room in [room for room in self.unsealed.values() if is_over(room)]:
            self._seal(room)

    def _seal(self, room: Room) -> None:
        self.mark(room)
        room.is_sealed = True
        room.left.clear()
        self.unsealed.pop(room.sid or room.key, None)

    # --- what is known ------------------------------------------------------------------------------------

    def of_sid(self, room_sid: str | None) -> Room | None:
        """Return the live room with this SID."""
        return self._by_sid.get(room_sid)

    def of_name(self, room_name: str | None) -> Room | None:
        """Return the live room with this name."""
        return self._by_name.get(room_name)

    def at(self, room_name: str | None, at_ms: int) -> Room | None:
        """Return the room, live or over, that had this name at a moment; names are used again, SIDs are not."""
        live, ended = self.of_name(room_name), self._ended_by_name.get(room_name or "")
        if live is not None and at_ms >= (live.created_at_ms or 0) - AFTERWORD_MS:
            return live
        return ended if ended is not None and at_ms <= (ended.ended_at_ms or 0) + AFTERWORD_MS else None

    def participants(self) -> Iterator[Participant]:
        """Return every participant of every live room."""
        return chain.from_iterable(room.participants.values() for room in self.rooms.values())

    def find_participant(self, key: str) -> tuple[Room, Participant] | None:
        """Return a participant by the key of its `Ref`, with its room."""
        room_key, _, participant_key = key.rpartition("/")
        room = self.rooms.get(room_key)
        participant = room.participants.get(participant_key) if room else None
        return (room, participant) if room and participant else None

    def restore(self, rooms: Iterable[Room], ended: Iterable[Room]) -> None:
        """Take up rooms as they were saved, with their participants."""
        for room in rooms:
            self.rooms[room.key] = room
            self._alias(room)
        for room in ended:
            if room.sid and room.ended_at_ms is not None:
                self.ended[room.sid] = room
                if room.name:
                    self._ended_by_name[room.name] = room
                if not room.is_sealed:
                    self.unsealed[room.sid] = room

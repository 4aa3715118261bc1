"""How do the rooms stand now?

`Live` is a reducer: events go in one by one, the picture changes, and the names of what changed come out.  It reads no
clock and waits for nothing, so the picture after a restart is the picture that was saved plus the events since.

What it has to get right, because Twilio does not:

* A level is a step function: it stays until it changes or its participant leaves.  What a participant says of itself
  counts; what others say of it counts only while it says nothing, and then the best of them, since a reporter on a bad
  link sees everybody worse than they are.
* Level 0 after `reconnected` is left over from the outage: it means unknown until the next report.
* Word arrives late, twice and out of order.  A sighting older than what is known changes nothing, a room once
  completed never comes back, nor does a participant SID once disconnected.
* A composition waits from the latest of its creation, its room's end, and its last sign of progress.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from collectors.events import (
    CompositionSeen,
    CompositionStatus,
    Connection,
    ConnectionState,
    Direction,
    Event,
    MediaStats,
    NetworkQuality,
    ParticipantSeen,
    ParticipantStatus,
    RoomSeen,
    RoomStatus,
    Source,
    TelemetryBatch,
    Track,
)
from monitor.entities import Change, Composition, Ended, Entity, Participant, Ref, Room

ENDED_ROOMS_KEPT = 10_000  # so that late telemetry does not bring a room back, and compositions learn their room's end
RETURN_AFTER_MS = 30_000  # somebody known by identity only has come back if heard again this long after leaving

_NO_NUMBERS = Direction()


class Live:
    """The picture of what is going on now.  Also answers what collectors want to know (`collectors.base.Known`)."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.compositions: dict[str, Composition] = {}
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._aliases: dict[str, str] = {}  # "sid:RM…" or "name:…" -> room key
        self._dirty: dict[Ref, Entity] = {}

    # --- what happened ------------------------------------------------------------------------------------

    def apply(self, event: Event) -> Sequence[Change]:
        """Change the picture by one event and return what changed."""
        match event:
            case TelemetryBatch():
                return self._apply_telemetry(event)
            case RoomSeen():
                return self._apply_room(event)
            case ParticipantSeen():
                return self._apply_participant(event)
            case CompositionSeen():
                return self._apply_composition(event)
            case _:
                return ()

    def _apply_telemetry(self, batch: TelemetryBatch) -> Sequence[Change]:
        if batch.room_sid is not None and batch.room_sid in self._ended:
            return ()
        room = self._room(batch.room_sid, batch.room_name)
        room.heard_at_ms = max(room.heard_at_ms, batch.received_at_ms)
        participant = room.find(batch.participant_sid, batch.identity)
        if participant is None:
            if _has_left(room, batch):
                return ()
            participant = self._join(room, batch.participant_sid, batch.identity)
        self._learn(room, participant, batch.participant_sid, batch.identity)
        _hear(participant, batch)
        changes = {participant.ref: Change(participant.ref), room.ref: Change(room.ref)}
        for observation in batch.observations:
            for changed in self._observe(room, participant, observation):
                changes[changed.ref] = changed
        return list(changes.values())

    def _observe(self, room: Room, reporter: Participant, observation: object) -> Iterable[Change]:
        match observation:
            case NetworkQuality():
                return self._observe_level(room, reporter, observation)
            case MediaStats():
                _observe_stats(reporter, observation)
            case Connection(subject=None):
                return self._observe_connection(room, reporter, observation)
            case Track(code=int() as code, subject=None):
                reporter.error_code = code
            case _:
                pass
        return ()

    def _observe_level(self, room: Room, reporter: Participant, seen: NetworkQuality) -> Iterable[Change]:
        level = None if seen.level is None or seen.level < 0 else seen.level
        if seen.subject is None or seen.subject == reporter.sid:
            if seen.at_ms < reporter.own_level_at_ms:
                return ()
            before = reporter.level
            reporter.own_level_at_ms, reporter.own_level = seen.at_ms, level
            reporter.reports = reporter.reports or level is not None
            if reporter.level != before:
                reporter.level_since_ms = seen.at_ms
            return ()
        subject = room.find(seen.subject, None)
        if subject is None or level is None or subject.levels_seen.get(reporter.key) == level:
            return ()
        before = subject.level
        subject.levels_seen[reporter.key] = level
        if subject.level != before:
            subject.level_since_ms = seen.at_ms
        self._dirty[subject.ref] = subject
        return (Change(subject.ref),)

    def _observe_connection(self, room: Room, reporter: Participant, seen: Connection) -> Iterable[Change]:
        reporter.error_code = seen.code if seen.code is not None else reporter.error_code
        reporter.reconnecting = seen.state is ConnectionState.RECONNECTING
        if seen.state is ConnectionState.RECONNECTED and reporter.own_level == 0:
            reporter.own_level, reporter.level_since_ms = None, seen.at_ms
        if seen.state is ConnectionState.DISCONNECTED:
            return self._leave(room, reporter, seen.at_ms)
        return ()

    def _apply_room(self, seen: RoomSeen) -> Sequence[Change]:
        if seen.room_sid in self._ended:
            return ()
        if seen.status is not RoomStatus.IN_PROGRESS:
            return self._end_room(seen)
        room = self._room(seen.room_sid, seen.room_name)
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        room.account_sid = seen.account_sid or room.account_sid
        room.created_at_ms = seen.created_at_ms or room.created_at_ms
        room.media_region = seen.media_region or room.media_region
        return (Change(room.ref),)

    def _end_room(self, seen: RoomSeen) -> Sequence[Change]:
        room = self._room_that_ended(seen)
        room.sid, room.name, room.status = seen.room_sid, room.name or seen.room_name, seen.status
        room.ended_at_ms, room.duration_s = seen.ended_at_ms or seen.seen_at_ms, seen.duration_s
        ended = Ended(room.ended_at_ms, room.duration_s, room.name)
        self._ended[seen.room_sid] = ended
        if len(self._ended) > ENDED_ROOMS_KEPT:
            self._ended.popitem(last=False)
        released = [self._release(c, ended) for c in self.compositions.values() if c.room_sid == seen.room_sid]
        return [*released, *self._forget_room(room, "room_ended")]

    def _room_that_ended(self, seen: RoomSeen) -> Room:
        """Return the room, or one that is made for the record: its end must outlive a restart like any other."""
        key = self._aliases.get(f"sid:{seen.room_sid}") or self._aliases.get(f"name:{seen.room_name}")
        known = self.rooms.get(key) if key is not None else None
        if known is not None and known.sid in (None, seen.room_sid):
            return known
        self.rooms[seen.room_sid] = room = Room(key=seen.room_sid, account_sid=seen.account_sid)
        return room

    def _release(self, composition: Composition, ended: Ended) -> Change:
        _learn_end(composition, ended)
        self._dirty[composition.ref] = composition
        return Change(composition.ref)

    def _apply_participant(self, seen: ParticipantSeen) -> Sequence[Change]:
        if seen.room_sid in self._ended:
            return ()
        room = self._room(seen.room_sid, seen.room_name)
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        participant = room.find(seen.participant_sid, seen.identity)
        if seen.status is ParticipantStatus.DISCONNECTED:
            room.left.setdefault(seen.participant_sid, seen.left_at_ms or seen.seen_at_ms)
            if participant is None or _spoke_since(participant, seen):
                return ()
            return (*self._leave(room, participant, seen.left_at_ms or seen.seen_at_ms), Change(room.ref))
        if seen.participant_sid in room.left or (participant and seen.seen_at_ms < participant.status_at_ms):
            return ()
        participant = participant or self._join(room, seen.participant_sid, seen.identity)
        self._learn(room, participant, seen.participant_sid, seen.identity)
        participant.status, participant.status_at_ms = seen.status, seen.seen_at_ms
        participant.joined_at_ms = seen.joined_at_ms or participant.joined_at_ms
        return (Change(participant.ref), Change(room.ref))

    def _apply_composition(self, seen: CompositionSeen) -> Sequence[Change]:
        known = self.compositions.get(seen.composition_sid)
        if known is None and not (seen.status.is_open or seen.status is CompositionStatus.FAILED):
            return ()
        composition = known or Composition(seen.composition_sid)
        if known is not None and _is_stale(known, seen):
            return ()
        _update_composition(composition, seen, self._ended.get(seen.room_sid or ""))
        composition.room_name = composition.room_name or self.room_name(composition.room_sid)
        self._dirty[composition.ref] = composition
        if composition.status in (CompositionStatus.COMPLETED, CompositionStatus.DELETED):
            self._retire(composition)
            return (Change(composition.ref, composition.status.value),)
        self.compositions[composition.sid] = composition
        return (Change(composition.ref),)

    def expire(self, now_ms: int, forget_after_ms: int) -> Sequence[Change]:
        """Forget rooms that nothing and nobody has mentioned for `forget_after_ms`, and failures as old as that."""
        silent = [room for room in self.rooms.values() if now_ms - room.heard_at_ms > forget_after_ms]
        old = [
            composition
            for composition in self.compositions.values()
            if not composition.status.is_open and now_ms - composition.seen_at_ms > forget_after_ms
        ]
        for composition in old:
            self._retire(composition)
        forgotten = chain.from_iterable(self._forget_room(room, "no_word_of_room") for room in silent)
        return [*forgotten, *(Change(composition.ref, "old_news") for composition in old)]

    # --- coming and going ---------------------------------------------------------------------------------

    def _room(self, sid: str | None, name: str | None) -> Room:
        """Return the room of this SID or name, which is new if nobody mentioned it before."""
        by_sid = self._aliases.get(f"sid:{sid}") if sid else None
        by_name = self._aliases.get(f"name:{name}") if name else None
        key = by_sid or by_name
        room = self.rooms[key] if key is not None else None
        if room is None or (sid is not None and room.sid not in (None, sid)):
            room = Room(key=sid or f"name:{name}", sid=sid, name=name)
            self.rooms[room.key] = room
        room.sid, room.name = room.sid or sid, room.name or name
        self._alias(room)
        self._dirty[room.ref] = room
        return room

    def _alias(self, room: Room) -> None:
        if room.sid:
            self._aliases[f"sid:{room.sid}"] = room.key
        if room.name:
            self._aliases[f"name:{room.name}"] = room.key

    def _forget_room(self, room: Room, why: str) -> list[Change]:
        changes = [
            change
            for participant in list(room.participants.values())
            for change in self._leave(room, participant, room.ended_at_ms or room.heard_at_ms, why)
        ]
        del self.rooms[room.key]
        room.is_live = False
        for alias in (f"sid:{room.sid}", f"name:{room.name}"):
            if self._aliases.get(alias) == room.key:
                del self._aliases[alias]
        self._dirty[room.ref] = room
        return [*changes, Change(room.ref, why)]

    def _retire(self, composition: Composition) -> None:
        self.compositions.pop(composition.sid, None)
        composition.is_live = False
        self._dirty[composition.ref] = composition

    def _join(self, room: Room, sid: str | None, identity: str | None) -> Participant:
        participant = Participant(key=sid or f"identity:{identity}", room_key=room.key, sid=sid, identity=identity)
        room.participants[participant.key] = participant
        return participant

    def _learn(self, room: Room, participant: Participant, sid: str | None, identity: str | None) -> None:
        participant.sid = participant.sid or sid
        participant.identity = participant.identity or identity
        room.left.pop(participant.key, None)
        self._dirty[participant.ref] = participant

    def _leave(
        self, room: Room, participant: Participant, at_ms: int, why: str = "participant_left"
    ) -> Sequence[Change]:
        participant.status, participant.left_at_ms = ParticipantStatus.DISCONNECTED, at_ms
        room.participants.pop(participant.key, None)
        room.left[participant.sid or participant.key] = at_ms
        self._dirty[participant.ref] = participant
        self._dirty[room.ref] = room
        unseen = [other for other in room.participants.values() if participant.key in other.levels_seen]
        for other in unseen:
            del other.levels_seen[participant.key]
            self._dirty[other.ref] = other
        return (Change(participant.ref, why), *(Change(other.ref) for other in unseen))

    # --- what is known ------------------------------------------------------------------------------------

    def participants(self) -> Iterator[Participant]:
        """Return every participant of every live room."""
        return chain.from_iterable(room.participants.values() for room in self.rooms.values())

    def refs(self) -> Iterator[Ref]:
        """Return the name of everything in the picture."""
        return chain(
            (room.ref for room in self.rooms.values()),
            (participant.ref for participant in self.participants()),
            (composition.ref for composition in self.compositions.values()),
        )

    def room_of(self, composition: Composition) -> Room | None:
        """Return the live room that the composition belongs to."""
        return self.rooms.get(self._aliases.get(f"sid:{composition.room_sid}", ""))

    def room_name(self, room_sid: str | None) -> str | None:
        """Return the name of a live room."""
        room = self.rooms.get(self._aliases.get(f"sid:{room_sid}", ""))
        return room.name if room else None

    def room_sid(self, room_name: str | None) -> str | None:
        """Return the SID of the live room with this name."""
        room = self.rooms.get(self._aliases.get(f"name:{room_name}", ""))
        return room.sid if room else None

    def find_participant(self, key: str) -> tuple[Room, Participant] | None:
        """Return a participant by the key of its `Ref`, with its room."""
        room_key, _, participant_key = key.rpartition("/")
        room = self.rooms.get(room_key)
        participant = room.participants.get(participant_key) if room else None
        return (room, participant) if room and participant else None

    def live_rooms(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of the account's rooms, and of those whose account nobody has told."""
        return [room.sid for room in self.rooms.values() if room.sid and room.account_sid in (None, account_sid)]

    def connected_participants(self, room_sid: str) -> Sequence[str]:
        """Return the SIDs of the participants in the room."""
        room = self.rooms.get(self._aliases.get(f"sid:{room_sid}", ""))
        return [p.sid for p in room.participants.values() if p.sid] if room else ()

    def open_compositions(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of the compositions that somebody waits for."""
        return [c.sid for c in self.compositions.values() if c.status.is_open and c.account_sid in (None, account_sid)]

    def rooms_of_unknown_end(self, account_sid: str) -> Sequence[str]:
        """Return the SIDs of rooms that an open composition waits for, neither live nor known to have ended."""
        waiting = [c for c in self.compositions.values() if c.status.is_open and c.room_ended_at_ms is None]
        return sorted(
            {
                c.room_sid
                for c in waiting
                if c.room_sid and c.account_sid in (None, account_sid) and self.room_of(c) is None
            }
        )

    # --- being saved and restored ---------------------------------------------------------------------------

    def take_dirty(self) -> Sequence[Entity]:
        """Return what changed since the last call, to be saved; what is over is among it."""
        dirty, self._dirty = list(self._dirty.values()), {}
        return dirty

    def mark_dirty(self, entities: Iterable[Entity]) -> None:
        """Take back what could not be saved; what has changed again since is newer and stays."""
        self._dirty = {entity.ref: entity for entity in entities} | self._dirty

    def restore(self, rooms: Iterable[Room], compositions: Iterable[Composition], ended: Iterable[Room]) -> None:
        """Take up a saved picture: live rooms with their participants, compositions, and rooms that ended lately."""
        for room in rooms:
            self.rooms[room.key] = room
            self._alias(room)
        self.compositions.update((composition.sid, composition) for composition in compositions)
        for room in ended:
            if room.sid and room.ended_at_ms is not None:
                self._ended[room.sid] = Ended(room.ended_at_ms, room.duration_s, room.name)


def _has_left(room: Room, batch: TelemetryBatch) -> bool:
    """Whether this is the last word of somebody who is already gone."""
    if batch.participant_sid is not None:
        return batch.participant_sid in room.left
    left_at_ms = room.left.get(f"identity:{batch.identity}")
    return left_at_ms is not None and batch.received_at_ms < left_at_ms + RETURN_AFTER_MS


def _hear(participant: Participant, batch: TelemetryBatch) -> None:
    participant.heard_at_ms = max(participant.heard_at_ms or 0, batch.received_at_ms)
    if batch.client is not None:
        participant.browser = batch.client.browser or participant.browser
        participant.network = batch.client.network or participant.network


def _observe_stats(reporter: Participant, stats: MediaStats) -> None:
    if stats.at_ms < reporter.stats_at_ms:
        return
    up, down = stats.up or _NO_NUMBERS, stats.down or _NO_NUMBERS
    reporter.stats_at_ms = stats.at_ms
    reporter.rtt_ms = stats.rtt_ms
    reporter.loss_ratio = _worst(up.loss_ratio, down.loss_ratio)
    reporter.jitter_ms = _worst(up.jitter_ms, down.jitter_ms)
    reporter.bitrate_up_bps = up.bitrate_bps
    reporter.bitrate_down_bps = down.bitrate_bps
    reporter.fps = up.fps
    reporter.limited_by = up.limited_by


def _worst(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)


def _spoke_since(participant: Participant, seen: ParticipantSeen) -> bool:
    """Whether a poll that missed the participant was asked before its latest word, and so proves nothing."""
    return seen.source is Source.POLL and (participant.heard_at_ms or 0) > seen.seen_at_ms


def _is_stale(known: Composition, seen: CompositionSeen) -> bool:
    """Whether the sighting is older news; a final status is never older than an open one."""
    if not known.status.is_open:
        return seen.status.is_open or seen.seen_at_ms < known.seen_at_ms
    return seen.status.is_open and seen.seen_at_ms < known.seen_at_ms


def _update_composition(composition: Composition, seen: CompositionSeen, ended: Ended | None) -> None:
    if seen.percent_done is not None and seen.percent_done != composition.percent_done:
        composition.percent_done, composition.progress_at_ms = seen.percent_done, seen.seen_at_ms
    if seen.status is CompositionStatus.PROCESSING and composition.status is CompositionStatus.ENQUEUED:
        composition.progress_at_ms = seen.seen_at_ms
    composition.status, composition.seen_at_ms = seen.status, seen.seen_at_ms
    composition.account_sid = seen.account_sid or composition.account_sid
    composition.room_sid = seen.room_sid or composition.room_sid
    composition.created_at_ms = seen.created_at_ms or composition.created_at_ms or seen.seen_at_ms
    composition.completed_at_ms = seen.completed_at_ms or composition.completed_at_ms
    composition.error_message = seen.error_message or composition.error_message
    if ended is not None:
        _learn_end(composition, ended)


def _learn_end(composition: Composition, ended: Ended) -> None:
    composition.room_ended_at_ms, composition.room_duration_s = ended.at_ms, ended.duration_s
    composition.room_name = ended.name or composition.room_name

"""Who is in which room now, and who was?

The reducer for rooms and their participants: telemetry, callbacks and polls go in, the picture changes, and the names
of what changed come out.  `monitor.live` is its only caller.

What it has to get right, because Twilio does not:

* A level is a step function: it stays until it changes or its participant leaves.  What a participant says of itself
  counts; what others say of it counts only while it says nothing, and then the best of them, since a reporter on a bad
  link sees everybody worse than they are.
* Level 0 after `reconnected` is left over from the outage: it means unknown until the next report.
* Word arrives late, twice, out of order, or never.  Whatever the order, the same words end in the same picture: a
  status only moves forward, the earliest time told counts, a room once completed never comes back, nor does a
  participant SID once disconnected.  That is why those who left stay on record until their room is sealed.
* What is certain is kept apart from what is believed, so that Twilio need be asked only for the difference.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeGuard

from collectors.error_codes import is_trouble
from collectors.events import (
    Connection,
    ConnectionState,
    Direction,
    MediaStats,
    NetworkQuality,
    ParticipantSeen,
    ParticipantStatus,
    ParticipantSummarySeen,
    RoomLooked,
    RoomSeen,
    RoomStatus,
    RoomSummarySeen,
    Source,
    StaysListed,
    TelemetryBatch,
    Track,
    TrackSeen,
)
from monitor.entities import Change, Entity, Failure, Participant, Room
from monitor.merging import as_seen, count_callback, learn_room, tell, want_look

ENDED_ROOMS_KEPT = 10_000  # so that late word does not bring a room back, and compositions learn their room's end
RETURN_AFTER_MS = 30_000  # somebody known by identity only has come back if heard again this long after leaving

_NO_NUMBERS = Direction()


class Calls:
    """Rooms in progress, rooms that ended lately, and the people in them.

    Args:
        mark: takes note of what has to be saved.
        fail: takes note of somebody who could not join, or lost the connection, and in which account.
    """

    def __init__(self, mark: Callable[[Entity], None], fail: Callable[[str | None, str, Failure], None]) -> None:
        self.rooms: dict[str, Room] = {}
        self.ended: OrderedDict[str, Room] = OrderedDict()  # by SID, in the order in which their end was told
        self.unsealed: dict[str, Room] = {}  # those among them of which something is still expected
        self._aliases: dict[str, str] = {}  # "sid:RM…" or "name:…" -> room key
        self._mark = mark
        self._fail = fail

    # --- what browsers say --------------------------------------------------------------------------------

    def hear(self, batch: TelemetryBatch) -> Sequence[Change]:
        """Take what a browser says of itself and of those it sees."""
        if batch.room_sid is not None and batch.room_sid in self.ended:
            return ()
        if batch.participant_sid is None and self._could_not_join(batch):
            return ()
        room = self._room(batch.room_sid, batch.room_name)
        room.account_sid = room.account_sid or batch.account_sid
        room.heard_at_ms = max(room.heard_at_ms, batch.received_at_ms)
        participant = room.find(batch.participant_sid, batch.identity)
        if participant is None:
            if _has_left(room, batch):
                return ()
            participant = self._join(room, batch.participant_sid, batch.identity)
        self._learn(room, participant, batch.participant_sid, batch.identity)
        _hear(participant, batch)
        if participant.sid is None:
            want_look(room, batch.received_at_ms)  # who is this to Twilio?
        changes = {participant.ref: Change(participant.ref), room.ref: Change(room.ref)}
        for observation in batch.observations:
            for changed in self._observe(room, participant, observation):
                changes[changed.ref] = changed
        return list(changes.values())

    def _could_not_join(self, batch: TelemetryBatch) -> bool:
        """Whether this only tells that somebody who never was in the room could not get into it; take note if so."""
        room = self.of_sid(batch.room_sid) or self.of_name(batch.room_name)
        if room is not None and room.find(None, batch.identity) is not None:
            return False
        failures = [each for each in batch.observations if _is_failure(each)]
        for each in failures:
            account_sid = batch.account_sid or (room.account_sid if room else None)
            self._fail(account_sid, "join_failures", Failure(batch.received_at_ms, batch.identity or "", each.code))
        return bool(failures) and len(failures) == len(batch.observations)

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
        if subject is None:
            if seen.subject not in room.left:
                room.strangers.setdefault(seen.subject, room.heard_at_ms)
            return ()
        if level is None or subject.levels_seen.get(reporter.key) == level:
            return ()
        before = subject.level
        subject.levels_seen[reporter.key] = level
        if subject.level != before:
            subject.level_since_ms = seen.at_ms
        self._mark(subject)
        return (Change(subject.ref),)

    def _observe_connection(self, room: Room, reporter: Participant, seen: Connection) -> Iterable[Change]:
        reporter.error_code = seen.code if seen.code is not None else reporter.error_code
        reporter.reconnecting = seen.state is ConnectionState.RECONNECTING
        if seen.state is ConnectionState.RECONNECTED and reporter.own_level == 0:
            reporter.own_level, reporter.level_since_ms = None, seen.at_ms
        failure = Failure(reporter.heard_at_ms or seen.at_ms, reporter.ref.key, seen.code)  # browsers' clocks are off
        if seen.state is ConnectionState.RECONNECTING:
            self._fail(room.account_sid, "reconnects", failure)
        if seen.state is ConnectionState.DISCONNECTED:
            if is_trouble(seen.code):
                self._fail(room.account_sid, "disconnects", failure)
            return self._leave(room, reporter, seen.at_ms)
        return ()

    # --- what Twilio says of rooms --------------------------------------------------------------------------

    def see_room(self, seen: RoomSeen) -> Sequence[Change]:
        """Take a room as Twilio says it stands."""
        ended = self.ended.get(seen.room_sid)
        if ended is not None:
            self._amend_room(ended, seen)
            return ()
        if seen.status is not RoomStatus.IN_PROGRESS:
            return self._end_room(seen)
        room = self._room(seen.room_sid, seen.room_name)
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        learn_room(room, seen)
        return (Change(room.ref),)

    def _end_room(self, seen: RoomSeen) -> Sequence[Change]:
        room = self._room_that_ended(seen)
        room.sid, room.name, room.status = seen.room_sid, room.name or seen.room_name, seen.status
        learn_room(room, seen)
        if room.ended_at_ms is None:
            room.ended_at_ms = seen.seen_at_ms
        self._keep_ended(room)
        return self._forget_room(room, "room_ended")

    def _room_that_ended(self, seen: RoomSeen) -> Room:
        """Return the room, or one that is made for the record: its end must outlive a restart like any other."""
        key = self._aliases.get(f"sid:{seen.room_sid}") or self._aliases.get(f"name:{seen.room_name}")
        known = self.rooms.get(key) if key is not None else None
        if known is not None and known.sid in (None, seen.room_sid):
            return known
        self.rooms[seen.room_sid] = room = Room(key=seen.room_sid, account_sid=seen.account_sid)
        return room

    def _keep_ended(self, room: Room) -> None:
        self.ended[room.sid or room.key] = self.unsealed[room.sid or room.key] = room
        if len(self.ended) > ENDED_ROOMS_KEPT:
            _, oldest = self.ended.popitem(last=False)
            self._seal(oldest)

    def _amend_room(self, room: Room, seen: RoomSeen) -> None:
        """Take late word of a room that is over."""
        learn_room(room, seen)
        self._mark(room)

    def see_track(self, seen: TrackSeen) -> Sequence[Change]:
        """Take note that a numbered callback came; the picture does not show tracks."""
        room = self.ended.get(seen.room_sid) or self._room(seen.room_sid, seen.room_name)
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        count_callback(room, seen.sequence, seen.seen_at_ms)
        self._mark(room)
        return ()

    def look(self, looked: RoomLooked) -> Sequence[Change]:
        """Take note that everybody in the room has just been told."""
        room = self.ended.get(looked.room_sid) or self.rooms.get(self._aliases.get(f"sid:{looked.room_sid}", ""))
        if room is None or (looked.is_final and room.is_live):
            return ()
        room.looked_at_ms, room.look_wanted_ms = looked.seen_at_ms, None
        room.told, room.gap_since_ms = room.last_sequence + 1, None
        room.strangers.clear()
        is_vain = not looked.is_known or any(not participant.is_told for participant in room.participants.values())
        room.vain_looks = room.vain_looks + 1 if is_vain else 0
        if looked.is_final:
            room.are_participants_certain = True
        if looked.is_known and not room.participants and room.empty_since_ms is None:
            room.empty_since_ms = looked.seen_at_ms
        self._mark(room)
        return (Change(room.ref),) if room.is_live else ()

    def summarise(self, summary: RoomSummarySeen) -> Sequence[Change]:
        """Take what the Log Analyzer says of an ended room, which may be one that nobody had told us of."""
        changes: Sequence[Change] = ()
        if summary.room_sid not in self.ended:
            if summary.ended_at_ms is None:
                return ()
            changes = self._end_room(as_seen(summary))
        room = self.ended[summary.room_sid]
        learn_room(room, as_seen(summary))
        room.is_summarised = True
        room.end_reason = summary.end_reason or room.end_reason
        room.stays = summary.unique_participants
        self._mark(room)
        return changes

    # --- what Twilio says of participants -------------------------------------------------------------------

    def see_participant(self, seen: ParticipantSeen) -> Sequence[Change]:
        """Take a participant as Twilio says it stands."""
        ended = self.ended.get(seen.room_sid)
        if ended is not None:
            self._amend_participant(ended, seen)
            return ()
        room = self._room(seen.room_sid, seen.room_name)
        room.account_sid = seen.account_sid or room.account_sid
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        count_callback(room, seen.sequence, seen.seen_at_ms)
        participant = room.find(seen.participant_sid, seen.identity)
        if seen.participant_sid in room.left or (participant is None and _is_gone(seen)):
            self._record(room, seen)
            return ()
        if _is_gone(seen) and participant is not None:
            return self._part(room, participant, seen)
        if participant is not None and seen.seen_at_ms < participant.status_at_ms:
            tell(participant, seen)
            return ()
        participant = participant or self._join(room, seen.participant_sid, seen.identity)
        self._learn(room, participant, seen.participant_sid, seen.identity)
        participant.status, participant.status_at_ms = seen.status, seen.seen_at_ms
        tell(participant, seen)
        if all(other.is_told for other in room.participants.values()):
            room.look_wanted_ms, room.vain_looks = None, 0
        return (Change(participant.ref), Change(room.ref))

    def _part(self, room: Room, participant: Participant, seen: ParticipantSeen) -> Sequence[Change]:
        if _spoke_since(participant, seen):
            return ()
        changes = self._leave(room, participant, seen.left_at_ms or seen.seen_at_ms)
        tell(participant, seen)
        return (*changes, Change(room.ref))

    def _record(self, room: Room, seen: ParticipantSeen) -> None:
        """Keep on record what is told of somebody who is not in the room any more, or never was while we looked."""
        participant = room.left.get(seen.participant_sid)
        if participant is None:
            participant = Participant(key=seen.participant_sid, room_key=room.key, sid=seen.participant_sid)
            participant.status = ParticipantStatus.DISCONNECTED
            participant.left_at_ms = seen.left_at_ms or seen.seen_at_ms
            room.left[seen.participant_sid] = participant
        tell(participant, seen)
        self._mark(participant)

    def _amend_participant(self, room: Room, seen: ParticipantSeen) -> None:
        """Take late word of somebody who was in a room that is over."""
        if room.is_sealed:
            return
        count_callback(room, seen.sequence, seen.seen_at_ms)
        self._record(room, seen)
        participant = room.left[seen.participant_sid]
        if not participant.is_departure_told:  # whoever was there at the end left with it
            participant.left_at_ms = room.ended_at_ms
        self._mark(room)

    def see_stay(self, summary: ParticipantSummarySeen) -> Sequence[Change]:
        """Take what the Log Analyzer says of one stay."""
        room = self.ended.get(summary.room_sid)
        if room is None or room.is_sealed:
            return ()
        seen = ParticipantSeen(
            summary.seen_at_ms,
            summary.source,
            summary.room_sid,
            summary.participant_sid,
            ParticipantStatus.DISCONNECTED,
            identity=summary.identity,
            joined_at_ms=summary.joined_at_ms,
            left_at_ms=summary.left_at_ms,
        )
        self._amend_participant(room, seen)
        participant = room.left[summary.participant_sid]
        participant.end_reason = summary.end_reason or participant.end_reason
        participant.error_code = participant.error_code or summary.error_code
        return ()

    def list_stays(self, listed: StaysListed) -> Sequence[Change]:
        """Take note that the Log Analyzer has told all the stays that it knows of."""
        room = self.ended.get(listed.room_sid)
        if room is not None:
            room.are_stays_asked = True
            self._mark(room)
        return ()

    # --- forgetting ---------------------------------------------------------------------------------------

    def expire(self, now_ms: int, forget_after_ms: int) -> list[Change]:
        """Forget rooms that nothing and nobody has mentioned for `forget_after_ms`."""
        silent = [room for room in self.rooms.values() if now_ms - room.heard_at_ms > forget_after_ms]
        return [change for room in silent for change in self._forget_room(room, "no_word_of_room")]

    def seal(self, is_over: Callable[[Room], bool]) -> None:
        """Let go of the participants of ended rooms of which nothing more is expected."""
        for room in [room for room in self.unsealed.values() if is_over(room)]:
            self._seal(room)

    def _seal(self, room: Room) -> None:
        room.is_sealed = True
        room.left.clear()
        self.unsealed.pop(room.sid or room.key, None)
        self._mark(room)

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
        self._mark(room)
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
        self._mark(room)
        return [*changes, Change(room.ref, why)]

    def _join(self, room: Room, sid: str | None, identity: str | None) -> Participant:
        participant = Participant(key=sid or f"identity:{identity}", room_key=room.key, sid=sid, identity=identity)
        room.participants[participant.key] = participant
        room.empty_since_ms = None
        return participant

    def _learn(self, room: Room, participant: Participant, sid: str | None, identity: str | None) -> None:
        participant.sid = participant.sid or sid
        participant.identity = participant.identity or identity
        room.strangers.pop(participant.sid or "", None)
        room.left.pop(participant.key, None)
        self._mark(participant)

    def _leave(
        self, room: Room, participant: Participant, at_ms: int, why: str = "participant_left"
    ) -> Sequence[Change]:
        participant.status, participant.left_at_ms = ParticipantStatus.DISCONNECTED, at_ms
        participant.reconnecting = False
        room.participants.pop(participant.key, None)
        room.left[participant.sid or participant.key] = participant
        if not room.participants:
            room.empty_since_ms = at_ms
        self._mark(participant)
        self._mark(room)
        unseen = [other for other in room.participants.values() if participant.key in other.levels_seen]
        for other in unseen:
            del other.levels_seen[participant.key]
            self._mark(other)
        return (Change(participant.ref, why), *(Change(other.ref) for other in unseen))

    # --- what is known ------------------------------------------------------------------------------------

    def of_sid(self, room_sid: str | None) -> Room | None:
        """Return the live room with this SID."""
        return self.rooms.get(self._aliases.get(f"sid:{room_sid}", ""))

    def of_name(self, room_name: str | None) -> Room | None:
        """Return the live room with this name."""
        return self.rooms.get(self._aliases.get(f"name:{room_name}", ""))

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
                if not room.is_sealed:
                    self.unsealed[room.sid] = room


def _is_failure(observation: object) -> TypeGuard[Connection]:
    return (
        isinstance(observation, Connection)
        and observation.state is ConnectionState.DISCONNECTED
        and is_trouble(observation.code)
    )


def _is_gone(seen: ParticipantSeen) -> bool:
    return seen.status is ParticipantStatus.DISCONNECTED


def _has_left(room: Room, batch: TelemetryBatch) -> bool:
    """Whether this is the last word of somebody who is already gone."""
    if batch.participant_sid is not None:
        return batch.participant_sid in room.left
    gone = room.left.get(f"identity:{batch.identity}")
    return gone is not None and batch.received_at_ms < (gone.left_at_ms or 0) + RETURN_AFTER_MS


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

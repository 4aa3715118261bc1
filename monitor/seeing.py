"""What does Twilio's word change?

The reducer for what callbacks, polls and summaries tell of rooms and participants.  Word arrives late, twice, out of
order, or never.  Whatever the order, the same words end in the same picture: a status only moves forward, the earliest
time told counts, a room once completed never comes back, nor does a participant SID once disconnected.  That is why
those who left stay on record until their room is sealed.
"""

from collections.abc import Sequence

from collectors.events import (
    ParticipantSeen,
    ParticipantStatus,
    ParticipantSummarySeen,
    RoomLooked,
    RoomSeen,
    RoomStatus,
    RoomSummarySeen,
    Source,
    StaysListed,
    TrackSeen,
)
from monitor.calls import Calls
from monitor.entities import Change, Participant, Room
from monitor.merging import as_seen, count_callback, learn_room, tell


class Seeing:
    """Takes in what Twilio says.

    Args:
        calls: the rooms and the people in them.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    # --- what Twilio says of rooms --------------------------------------------------------------------------

    def see_room(self, seen: RoomSeen) -> Sequence[Change]:
        """Take a room as Twilio says it stands."""
        ended = self._calls.ended.get(seen.room_sid)
        if ended is not None:
            self._amend_room(ended, seen)
            return ()
        if seen.status is not RoomStatus.IN_PROGRESS:
            return self._end_room(seen)
        room = self._calls.room_of(seen.room_sid, seen.room_name)
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        learn_room(room, seen)
        return (Change(room.ref),)

    def _end_room(self, seen: RoomSeen) -> Sequence[Change]:
        room = self._calls.room_that_ended(seen)
        self._calls.mark(room)
        room.sid, room.name, room.status = seen.room_sid, room.name or seen.room_name, seen.status
        learn_room(room, seen)
        if room.ended_at_ms is None:
            room.ended_at_ms = seen.seen_at_ms
        self._calls.keep_ended(room)
        return self._calls.forget(room, "room_ended")

    def _amend_room(self, room: Room, seen: RoomSeen) -> None:
        """Take late word of a room that is over."""
        self._calls.mark(room)
        learn_room(room, seen)

    def see_track(self, seen: TrackSeen) -> Sequence[Change]:
        """Take note that a numbered callback came, and of who publishes; the picture does not show tracks."""
        room = self._calls.ended.get(seen.room_sid) or self._calls.room_of(seen.room_sid, seen.room_name)
        self._calls.mark(room)
        room.heard_at_ms = max(room.heard_at_ms, seen.seen_at_ms)
        count_callback(room, seen.sequence, seen.seen_at_ms)
        publisher = room.participants.get(seen.participant_sid or "")
        if publisher is not None and seen.state == "added":
            publisher.has_published = True
        return ()

    def look(self, looked: RoomLooked) -> Sequence[Change]:
        """Take note that everybody in the room has just been told."""
        room = self._calls.ended.get(looked.room_sid) or self._calls.of_sid(looked.room_sid)
        if room is None or (looked.is_final and room.is_live):
            return ()
        self._calls.mark(room)
        room.looked_at_ms, room.look_wanted_ms = looked.seen_at_ms, None
        room.gap_since_ms = None  # what is missing may still have told of somebody who came and went
        room.strangers.clear()
        is_vain = not looked.is_known or any(not participant.is_told for participant in room.participants.values())
        room.vain_looks = room.vain_looks + 1 if is_vain else 0
        if looked.is_final:
            room.are_participants_certain = True
        if looked.is_known and not room.participants and room.empty_since_ms is None:
            room.empty_since_ms = looked.seen_at_ms
        return (Change(room.ref),) if room.is_live else ()

    def summarise(self, summary: RoomSummarySeen) -> Sequence[Change]:
        """Take what the Log Analyzer says of an ended room, which may be one that nobody had told us of."""
        changes: Sequence[Change] = ()
        if summary.room_sid not in self._calls.ended:
            if summary.ended_at_ms is None:
                return ()
            changes = self._end_room(as_seen(summary))
        room = self._calls.ended[summary.room_sid]
        self._calls.mark(room)
        learn_room(room, as_seen(summary))
        room.is_summarised = True
        room.end_reason = summary.end_reason or room.end_reason
        room.stays = summary.unique_participants
        return changes

    # --- what Twilio says of participants -------------------------------------------------------------------

    def see_participant(self, seen: ParticipantSeen) -> Sequence[Change]:
        """Take a participant as Twilio says it stands."""
        ended = self._calls.ended.get(seen.room_sid)
        if ended is not None:
            self._amend_participant(ended, seen)
            return ()
        room = self._calls.room_of(seen.room_sid, seen.room_name)
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
        participant = participant or self._calls.join(room, seen.participant_sid, seen.identity)
        self._calls.learn(room, participant, seen.participant_sid, seen.identity)
        participant.status, participant.status_at_ms = seen.status, seen.seen_at_ms
        tell(participant, seen)
        if all(other.is_told for other in room.participants.values()):
            room.look_wanted_ms, room.vain_looks = None, 0
        return (Change(participant.ref), Change(room.ref))

    def _part(self, room: Room, participant: Participant, seen: ParticipantSeen) -> Sequence[Change]:
        if _spoke_since(participant, seen):
            return ()
        changes = self._calls.leave(room, participant, seen.left_at_ms or seen.seen_at_ms)
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
        self._calls.mark(participant)
        tell(participant, seen)

    def _amend_participant(self, room: Room, seen: ParticipantSeen) -> None:
        """Take late word of somebody who was in a room that is over."""
        if room.is_sealed:
            return
        self._calls.mark(room)
        count_callback(room, seen.sequence, seen.seen_at_ms)
        self._record(room, seen)
        participant = room.left[seen.participant_sid]
        if not participant.is_departure_told:  # whoever was there at the end left with it
            participant.left_at_ms = room.ended_at_ms

    def see_stay(self, summary: ParticipantSummarySeen) -> Sequence[Change]:
        """Take what the Log Analyzer says of one stay."""
        room = self._calls.ended.get(summary.room_sid)
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
        room = self._calls.ended.get(listed.room_sid)
        if room is not None:
            self._calls.mark(room)
            room.are_stays_asked = True
        return ()


def _is_gone(seen: ParticipantSeen) -> bool:
    return seen.status is ParticipantStatus.DISCONNECTED


def _spoke_since(participant: Participant, seen: ParticipantSeen) -> bool:
    """Whether a poll that missed the participant was asked before its latest word, and so proves nothing."""
    return seen.source is Source.POLL and (participant.heard_at_ms or 0) > seen.seen_at_ms

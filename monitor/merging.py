"""How do late, repeated and missing words end in one truth?

Each of these writes one word of Twilio's into a record so that the order of the words does not matter: of two times the
earlier counts, what is known is not unsaid, and what was told is kept apart from what was concluded.
"""

from collectors.events import ParticipantSeen, RoomSeen, RoomStatus, RoomSummarySeen
from monitor.entities import Participant, Room

MISSING_KEPT = 1000  # of numbers that were skipped at once: whether it is more makes no difference


def as_seen(summary: RoomSummarySeen) -> RoomSeen:
    """Return what a summary says of the room itself."""
    return RoomSeen(
        summary.seen_at_ms,
        summary.source,
        summary.room_sid,
        RoomStatus.COMPLETED,
        account_sid=summary.account_sid,
        room_name=summary.room_name,
        created_at_ms=summary.created_at_ms,
        ended_at_ms=summary.ended_at_ms,
        duration_s=summary.duration_s,
        media_region=summary.media_region,
    )


def want_look(room: Room, at_ms: int) -> None:
    """Ask for a look into the room; one that is wanted already keeps its age."""
    if room.look_wanted_ms is None:
        room.look_wanted_ms = at_ms


def count_callback(room: Room, sequence: int | None, at_ms: int) -> None:
    """Count a numbered callback: a number that was skipped hints at one that is late, or lost."""
    if sequence is None:
        return
    skipped = range(room.last_sequence + 1, sequence)[-MISSING_KEPT:]
    if skipped or room.missing:
        room.missing = tuple(number for number in (*room.missing, *skipped) if number != sequence)
    room.last_sequence = max(room.last_sequence, sequence)
    if not room.missing:
        room.gap_since_ms = None
    elif skipped and room.gap_since_ms is None:
        room.gap_since_ms = at_ms


def learn_room(room: Room, seen: RoomSeen) -> None:
    """Write down Twilio's word on a room."""
    room.account_sid = seen.account_sid or room.account_sid
    room.name = room.name or seen.room_name
    room.created_at_ms = earliest(room.created_at_ms, seen.created_at_ms)
    room.duration_s = room.duration_s if room.duration_s is not None else seen.duration_s
    room.media_region = seen.media_region or room.media_region
    room.max_participants = seen.max_participants or room.max_participants
    room.max_participant_duration_s = seen.max_participant_duration_s or room.max_participant_duration_s
    room.empty_timeout_s = room.empty_timeout_s if seen.empty_timeout_s is None else seen.empty_timeout_s
    room.is_recorded = room.is_recorded if seen.is_recorded is None else seen.is_recorded
    if seen.ended_at_ms is not None:
        room.ended_at_ms = earliest(room.ended_at_ms if room.is_end_told else None, seen.ended_at_ms)
        room.is_end_told = True
    if seen.status is not RoomStatus.IN_PROGRESS and seen.sequence is not None:
        room.end_sequence = seen.sequence
    count_callback(room, seen.sequence, seen.seen_at_ms)


def tell(participant: Participant, seen: ParticipantSeen) -> None:
    """Write down Twilio's word on a participant, whatever the order in which it comes."""
    participant.is_told = True
    participant.sid = participant.sid or seen.participant_sid
    participant.identity = seen.identity or participant.identity  # who it is, Twilio knows better than a browser
    participant.joined_at_ms = earliest(participant.joined_at_ms, seen.joined_at_ms)
    if seen.left_at_ms is not None:
        told_ms = participant.left_at_ms if participant.is_departure_told else None
        participant.left_at_ms = earliest(told_ms, seen.left_at_ms)
        participant.is_departure_told = True


def earliest(one: int | None, other: int | None) -> int | None:
    """Return the earlier of two moments, either of which may be unknown."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)

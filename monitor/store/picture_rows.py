"""How does a record of the live picture become a row?

Rows hold what people search by; the body holds the record as it is.  A room's record has its people in it, so a room
is one row however many are in it; who has left gets a row for good.  Pure.
"""

from typing import Any

from monitor.entities import Account, Composition, Entity, Participant, Recording, Room
from monitor.packing import pack
from monitor.store.rows import encode

#: The key of each table, and what may be another when a row is saved again; what is not named costs its index nothing.
CHANGING = {
    "rooms": ("key", "room_sid", "room_name", "account_sid", "status", "created_at_ms", "over_at_ms", "body", "sealed"),
    "participants": ("key", "participant_sid", "identity", "joined_at_ms", "over_at_ms", "body"),
    "compositions": ("composition_sid", "room_sid", "status", "created_at_ms", "over_at_ms", "body"),
    "recordings": ("recording_sid", "room_sid", "status", "created_at_ms", "over_at_ms", "body"),
    "accounts": ("account_sid", "body"),
    "telemetry_sessions": ("session", "ranges", "heard_at_ms"),
}


def on_conflict(table: str) -> str:
    """Return what an `INSERT` into a table does with a row that is there already."""
    key, *changing = CHANGING[table]
    return f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changing)}"


def row_of(entity: Entity) -> tuple[str, tuple[Any, ...]]:
    """Return the table of an entity, and its row."""
    match entity:
        case Room():
            return "rooms", _room_row(entity)
        case Participant():
            return "participants", _participant_row(entity)
        case Composition():
            return "compositions", _composition_row(entity)
        case Recording():
            return "recordings", _recording_row(entity)
        case Account():
            return "accounts", (entity.sid, encode(entity))


def _room_row(room: Room) -> tuple[Any, ...]:
    over_at_ms = None if room.is_live else room.ended_at_ms or room.heard_at_ms
    columns = (room.key, room.sid, room.name, room.account_sid, room.status.value, room.created_at_ms, over_at_ms)
    return (*columns, pack(encode(room)), room.is_sealed)


def _participant_row(participant: Participant) -> tuple[Any, ...]:
    # Twilio's participant SIDs are unique, but identities come again, in this room and in others.
    key = f"{participant.room_key}/{participant.key}"
    over_at_ms = None if participant.is_live else participant.left_at_ms
    columns = (key, participant.room_key, participant.sid, participant.identity, participant.joined_at_ms, over_at_ms)
    return (*columns, encode(participant))


def _composition_row(composition: Composition) -> tuple[Any, ...]:
    over_at_ms = None if composition.is_live else composition.completed_at_ms or composition.seen_at_ms
    columns = (composition.sid, composition.room_sid, composition.status.value, composition.created_at_ms, over_at_ms)
    return (*columns, encode(composition))


def _recording_row(recording: Recording) -> tuple[Any, ...]:
    over_at_ms = None if recording.is_live else recording.seen_at_ms
    columns = (recording.sid, recording.room_sid, recording.status.value, recording.created_at_ms, over_at_ms)
    return (*columns, encode(recording))

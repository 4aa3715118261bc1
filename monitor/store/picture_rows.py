"""How does a record of the live picture become a row?

Rows hold what people search by; the body holds the record as it is.  A room's record has its people in it, so a room
is one row however many are in it; who has left gets a row for good.  Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.entities import Account, Composition, Entity, Participant, Recording, Room
from monitor.packing import pack
from monitor.store.rows import encode

Row = tuple[Any, ...]

PEOPLE_A_SLICE = 500  # of a few microseconds each

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


def slices_of(entities: Iterable[Entity]) -> Iterator[dict[str, list[Row]]]:
    """Yield the rows of entities by table, of so many people at a time that nobody has to wait long meanwhile."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    people = 0
    for entity in entities:
        table, row = row_of(entity)
        rows[table].append(row)
        people += 1 + (len(entity.participants) + len(entity.left) if isinstance(entity, Room) else 0)
        if people >= PEOPLE_A_SLICE:
            yield rows
            rows, people = defaultdict(list), 0
    if rows:
        yield rows


def row_of(entity: Entity) -> tuple[str, Row]:
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


def _room_row(room: Room) -> Row:
    over_at_ms = None if room.is_live else room.ended_at_ms or room.heard_at_ms
    columns = (room.key, room.sid, room.name, room.account_sid, room.status.value, room.created_at_ms, over_at_ms)
    return (*columns, pack(encode(room)), room.is_sealed)


def _participant_row(participant: Participant) -> Row:
    # Twilio's participant SIDs are unique, but identities come again, in this room and in others.
    key = f"{participant.room_key}/{participant.key}"
    over_at_ms = None if participant.is_live else participant.left_at_ms
    columns = (key, participant.room_key, participant.sid, participant.identity, participant.joined_at_ms, over_at_ms)
    return (*columns, encode(participant))


def _composition_row(composition: Composition) -> Row:
    over_at_ms = None if composition.is_live else composition.completed_at_ms or composition.seen_at_ms
    columns = (composition.sid, composition.room_sid, composition.status.value, composition.created_at_ms, over_at_ms)
    return (*columns, encode(composition))


def _recording_row(recording: Recording) -> Row:
    over_at_ms = None if recording.is_live else recording.seen_at_ms
    columns = (recording.sid, recording.room_sid, recording.status.value, recording.created_at_ms, over_at_ms)
    return (*columns, encode(recording))

"""How is the live picture saved and found again?

Rows hold what people search by; the body holds the record as it is.  A room's record has its people in it, so a room
is one row however many are in it; who has left gets a row for good.  The log id that the picture reaches is saved in
the same transaction, so the events after it are exactly those still to be applied.  So is which posts were stored:
the numbers of those that came since are in the log.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from monitor.calls import ENDED_ROOMS_KEPT
from monitor.entities import Account, Composition, Entity, Participant, Recording, Room
from monitor.media import FINISHED_KEPT
from monitor.packing import pack, unpack
from monitor.store.database import Database
from monitor.store.numbering import Numbering
from monitor.store.ports import Picture
from monitor.store.rows import encode

#: The key of each table, and what may be another when a row is saved again; what is not named costs its index nothing.
_CHANGING = {
    "rooms": ("key", "room_sid", "room_name", "account_sid", "status", "created_at_ms", "over_at_ms", "body", "sealed"),
    "participants": ("key", "participant_sid", "identity", "joined_at_ms", "over_at_ms", "body"),
    "compositions": ("composition_sid", "room_sid", "status", "created_at_ms", "over_at_ms", "body"),
    "recordings": ("recording_sid", "room_sid", "status", "created_at_ms", "over_at_ms", "body"),
    "accounts": ("account_sid", "body"),
    "telemetry_sessions": ("session", "ranges", "heard_at_ms"),
}


def _on_conflict(key: str, *changing: str) -> str:
    return f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changing)}"


_ON_CONFLICT = {table: _on_conflict(*columns) for table, columns in _CHANGING.items()}

_decode_room = msgspec.json.Decoder(Room).decode
_decode_composition = msgspec.json.Decoder(Composition).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_account = msgspec.json.Decoder(Account).decode


class SqlitePicture:
    """The saved picture on SQLite (`monitor.store.ports.PictureStore`)."""

    def __init__(self, database: Database, numbering: Numbering) -> None:
        self._database = database
        self._numbering = numbering

    async def save(self, entities: Sequence[Entity], through: int) -> None:
        """Save what changed, together with the log id that the picture now reaches."""
        rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for entity in entities:
            table, row = row_of(entity)
            rows[table].append(row)
        rows["telemetry_sessions"] += (numbers := self._numbering.take_dirty())
        try:
            await self._database.write(lambda writer: _save(writer, rows, through))
        except BaseException:
            self._numbering.mark_dirty(numbers)
            raise

    async def load(self) -> Picture:
        """Return the picture as last saved."""
        read = self._database.read
        rooms = [
            _decode_room(unpack(body)) for (body,) in await read("SELECT body FROM rooms WHERE over_at_ms IS NULL")
        ]
        ended = [_decode_room(unpack(body)) for (body,) in await read(*_latest("rooms", ENDED_ROOMS_KEPT))]
        media: list[Composition | Recording] = []
        for table, decode in (("compositions", _decode_composition), ("recordings", _decode_recording)):
            media += [decode(body) for (body,) in await read(*_latest(table, FINISHED_KEPT))]
            media += [decode(body) for (body,) in await read(f"SELECT body FROM {table} WHERE over_at_ms IS NULL")]  # noqa: S608
        accounts = [_decode_account(body) for (body,) in await read("SELECT body FROM accounts")]
        ((through,),) = await read("SELECT through FROM checkpoint")
        return Picture(rooms, ended, media, accounts, through)


def _latest(table: str, limit: int) -> tuple[str, tuple[int]]:
    """Return the question for the rows that were over last, oldest first."""
    latest = f"SELECT body, over_at_ms FROM {table} WHERE over_at_ms IS NOT NULL ORDER BY over_at_ms DESC LIMIT ?"  # noqa: S608
    return f"SELECT body FROM ({latest}) ORDER BY over_at_ms", (limit,)  # noqa: S608


def _save(writer: sqlite3.Connection, rows: Mapping[str, list[tuple[Any, ...]]], through: int) -> None:
    for table, changed in rows.items():
        if changed:
            changed.sort(key=itemgetter(0))  # in the order of the table, so that each of its pages is written once
            marks = ", ".join("?" * len(changed[0]))
            writer.executemany(f"INSERT INTO {table} VALUES ({marks}) {_ON_CONFLICT[table]}", changed)  # noqa: S608
    writer.execute("UPDATE checkpoint SET through = ?", (through,))


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

"""How is the live picture saved and found again?

Rows hold what people search by; the body holds the record as it is.  The log id that the picture reaches is saved in
the same transaction, so the events after it are exactly those still to be applied.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from monitor.entities import Composition, Entity, Participant, Room
from monitor.live import ENDED_ROOMS_KEPT
from monitor.store.database import Database
from monitor.store.ports import Picture
from monitor.store.rows import encode

_decode_room = msgspec.json.Decoder(Room).decode
_decode_participant = msgspec.json.Decoder(Participant).decode
_decode_composition = msgspec.json.Decoder(Composition).decode


class SqlitePicture:
    """The saved picture on SQLite (`monitor.store.ports.PictureStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, entities: Sequence[Entity], through: int) -> None:
        """Save what changed, together with the log id that the picture now reaches."""
        rows = {
            "rooms": [_room_row(entity) for entity in entities if isinstance(entity, Room)],
            "participants": [_participant_row(entity) for entity in entities if isinstance(entity, Participant)],
            "compositions": [_composition_row(entity) for entity in entities if isinstance(entity, Composition)],
        }
        await self._database.write(lambda writer: _save(writer, rows, through))

    async def load(self) -> Picture:
        """Return the picture as last saved."""
        rooms = {
            room.key: room
            for (body,) in await self._database.read("SELECT body FROM rooms WHERE over_at_ms IS NULL")
            for room in (_decode_room(body),)
        }
        for (body,) in await self._database.read("SELECT body FROM participants WHERE over_at_ms IS NULL"):
            participant = _decode_participant(body)
            if participant.room_key in rooms:
                rooms[participant.room_key].participants[participant.key] = participant
        compositions = await self._database.read("SELECT body FROM compositions WHERE over_at_ms IS NULL")
        ended = await self._database.read(
            "SELECT body FROM (SELECT body, over_at_ms FROM rooms WHERE over_at_ms IS NOT NULL"
            " ORDER BY over_at_ms DESC LIMIT ?) ORDER BY over_at_ms",
            (ENDED_ROOMS_KEPT,),
        )
        ((through,),) = await self._database.read("SELECT through FROM checkpoint")
        return Picture(
            list(rooms.values()),
            [_decode_composition(body) for (body,) in compositions],
            [_decode_room(body) for (body,) in ended],
            through,
        )


def _save(writer: sqlite3.Connection, rows: Mapping[str, Sequence[tuple[Any, ...]]], through: int) -> None:
    for table, changed in rows.items():
        if changed:
            marks = ", ".join("?" * len(changed[0]))
            writer.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", changed)  # noqa: S608
    writer.execute("UPDATE checkpoint SET through = ?", (through,))


def _room_row(room: Room) -> tuple[Any, ...]:
    over_at_ms = None if room.is_live else room.ended_at_ms or room.heard_at_ms
    columns = (room.key, room.sid, room.name, room.account_sid, room.status.value, room.created_at_ms, over_at_ms)
    return (*columns, encode(msgspec.structs.replace(room, participants={})))


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

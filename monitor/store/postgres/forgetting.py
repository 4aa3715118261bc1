"""How does PostgreSQL forget whom its rows are about, and from where they called, while the rows stay?

An index for each table holds exactly the rows that still tell it, so nothing is looked at twice, whatever came late.
What is left of a row says `monitor.store.forgotten`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from alerts.model import Alert, Incident, Notification
from collectors.events import Event
from monitor.entities import Participant, Recording, Room
from monitor.packing import pack, unpack
from monitor.store.forgotten import (
    StandIn,
    alert_of_nobody,
    entity_from_nowhere,
    entity_of_nobody,
    event_from_nowhere,
    event_of_nobody,
    happening_of_nobody,
    incident_with,
    is_about_a_name,
    notification_with,
)
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database
from monitor.store.postgres.slices import Old, Sweep, change_all, delete_all
from monitor.store.rows import decode_events, encode

Change = Callable[[Connection, Sequence[Any]], Awaitable[int]]

_decode_room = msgspec.json.Decoder(Room).decode
_decode_participant = msgspec.json.Decoder(Participant).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_incident = msgspec.json.Decoder(Incident).decode
_decode_notification = msgspec.json.Decoder(Notification).decode


def _tells(name: str, column: str = "body") -> str:
    return f"""position('"{name}":"'::bytea IN {column}) > 0"""


_SAVED = "id <= (SELECT through FROM checkpoint)"
_UNSEALED = "over_at_ms IS NOT NULL AND NOT sealed"


async def forget(database: Database, bounds_ms: Mapping[str, int], stand_in: StandIn) -> dict[str, int]:
    """Forget who it was, and from where, in what is older than the bound; return how many rows did."""
    who_ms, where_ms = bounds_ms["identities"], bounds_ms["addresses"]
    keys = await delete_all(database, Old("ingest_seen", "key", "received_at_ms < $1"), who_ms)
    who = [await change_all(database, sweep, who_ms) for sweep in (*_who(stand_in), *_WHO_WAS_MEANT)]
    where = [await change_all(database, sweep, where_ms) for sweep in _WHERE]
    return {"identities": keys + sum(who), "addresses": sum(where)}


# --- the log and what happened ----------------------------------------------------------------------------


def _log(name: str, forgetting: Callable[[Event], Event]) -> Sweep:
    async def change(connection: Connection, row: Sequence[Any]) -> int:
        body = encode([forgetting(event) for event in decode_events(row[2])])
        return count_of(await connection.execute("UPDATE ingest_log SET body = $1 WHERE id = $2", body, row[1]))

    return Sweep("ingest_log", "received_at_ms", "id", "body", f"{_SAVED} AND {_tells(name)}", change)


def _events(stand_in: StandIn) -> Sweep:
    async def change(connection: Connection, row: Sequence[Any]) -> int:
        _, event_id, participant, source, body = row
        after = happening_of_nobody(participant, source, body, stand_in)
        if after == (participant, body):
            return 0
        statement = "UPDATE events SET participant = $1, body = $2 WHERE id = $3"
        return count_of(await connection.execute(statement, *after, event_id))

    condition = f"{_tells('identity')} OR left(participant, 9) = 'identity:'"
    return Sweep("events", "at_ms", "id", "participant, source, body", condition, change)


# --- what is on record ------------------------------------------------------------------------------------


def _rooms(forgetting: Callable[[Room], Room]) -> Sweep:
    """Whoever was in a room that is sealed has a row; as a rule a room is sealed hours after its end."""

    async def change(connection: Connection, row: Sequence[Any]) -> int:
        before = unpack(row[2])
        after = encode(forgetting(_decode_room(before)))
        if after == before:
            return 0
        return count_of(await connection.execute("UPDATE rooms SET body = $1 WHERE key = $2", pack(after), row[1]))

    return Sweep("rooms", "over_at_ms", "key", "body", _UNSEALED, change)


def _participants(condition: str, forgetting: Callable[[Participant], Participant]) -> Sweep:
    async def change(connection: Connection, row: Sequence[Any]) -> int:
        person = forgetting(_decode_participant(row[2]))
        key = f"{person.room_key}/{person.key}"
        # The same person came back, long ago, to a room that is known by name only.
        await connection.execute("DELETE FROM participants WHERE key = $1 AND key <> $2", key, row[1])
        statement = "UPDATE participants SET key = $1, identity = $2, body = $3 WHERE key = $4"
        return count_of(await connection.execute(statement, key, person.identity, encode(person), row[1]))

    condition = f"over_at_ms IS NOT NULL AND {condition}"
    return Sweep("participants", "over_at_ms", "key", "body", condition, change)


def _recordings(stand_in: StandIn) -> Sweep:
    async def change(connection: Connection, row: Sequence[Any]) -> int:
        body = encode(entity_of_nobody(_decode_recording(row[2]), stand_in))
        statement = "UPDATE recordings SET body = $1 WHERE recording_sid = $2"
        return count_of(await connection.execute(statement, body, row[1]))

    condition = f"over_at_ms IS NOT NULL AND {_tells('identity')}"
    return Sweep("recordings", "over_at_ms", "recording_sid", "body", condition, change)


def _who(stand_in: StandIn) -> tuple[Sweep, ...]:
    return (
        _log("identity", lambda event: event_of_nobody(event, stand_in)),
        _events(stand_in),
        _rooms(lambda room: entity_of_nobody(room, stand_in)),
        _participants("identity IS NOT NULL", lambda person: entity_of_nobody(person, stand_in)),
        _recordings(stand_in),
    )


# --- who was meant by alerts ------------------------------------------------------------------------------


def _alert_of_nobody(alert: Alert) -> Alert | None:
    return None if is_about_a_name(alert.entity) else alert_of_nobody(alert)


async def _transition(connection: Connection, row: Sequence[Any]) -> int:
    alert = _alert_of_nobody(_decode_alert(row[2]))
    if alert is None:
        return count_of(await connection.execute("DELETE FROM transitions WHERE id = $1", row[1]))
    return count_of(await connection.execute("UPDATE transitions SET alert = $1 WHERE id = $2", encode(alert), row[1]))


async def _notification(connection: Connection, row: Sequence[Any]) -> int:
    told = notification_with(_decode_notification(row[2]), _alert_of_nobody)
    if told is None:
        return count_of(await connection.execute("DELETE FROM outbox WHERE seq = $1", row[1]))
    return count_of(await connection.execute("UPDATE outbox SET body = $1 WHERE seq = $2", encode(told), row[1]))


async def _incident(connection: Connection, row: Sequence[Any]) -> int:
    body = encode(incident_with(_decode_incident(row[2]), _alert_of_nobody))
    return count_of(await connection.execute("UPDATE incidents SET body = $1 WHERE id = $2", body, row[1]))


_OVER, _SAID = f"closed_at_s IS NOT NULL AND {_tells('identity')}", f"state <> 'waiting' AND {_tells('identity')}"
_WHO_WAS_MEANT = (
    Sweep("transitions", "at_s", "id", "alert", _tells("identity", "alert"), _transition, is_in_seconds=True),
    Sweep("outbox", "created_at_s", "seq", "body", _SAID, _notification, is_in_seconds=True),
    Sweep("incidents", "said_at_s", "id", "body", _OVER, _incident, is_in_seconds=True),
)


# --- from where -------------------------------------------------------------------------------------------

_WHERE = (
    _log("address", event_from_nowhere),
    _rooms(entity_from_nowhere),
    _participants(_tells("network_address"), entity_from_nowhere),
)

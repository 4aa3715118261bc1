"""How does SQLite forget whom its rows are about, and from where they called, while the rows stay?

An index for each table holds exactly the rows that still tell it (migration 8), so nothing is looked at twice, whatever
came late, and it does not matter where an earlier attempt was broken off.  What is left of a row says
`monitor.store.forgotten`.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from alerts.model import Alert, Incident, Notification
from collectors.events import Event
from monitor.entities import Participant, Recording, Room
from monitor.packing import pack, unpack
from monitor.store.database import Database
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
    renamed,
)
from monitor.store.rows import decode_events, encode
from monitor.store.slices import Change, change_all, delete_all

Row = tuple[Any, ...]
Writer = sqlite3.Connection

_decode_room = msgspec.json.Decoder(Room).decode
_decode_participant = msgspec.json.Decoder(Participant).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_incident = msgspec.json.Decoder(Incident).decode
_decode_notification = msgspec.json.Decoder(Notification).decode


async def forget(database: Database, bounds_ms: Mapping[str, int], stand_in: StandIn) -> dict[str, int]:
    """Forget who it was, and from where, in what is older than the bound; return how many rows did."""
    who_ms, where_ms = bounds_ms["identities"], bounds_ms["addresses"]
    keys = await delete_all(database, _KEYS_OF_CALLBACKS, {"ms": who_ms})
    who = [await change_all(database, each.question, {"bound": who_ms}, each.change) for each in _who(stand_in)]
    told = [await change_all(database, each.question, {"bound": who_ms / 1000}, each.change) for each in _WHO_WAS_MEANT]
    where = [await change_all(database, each.question, {"bound": where_ms}, each.change) for each in _WHERE]
    return {"identities": keys + sum(who) + sum(told), "addresses": sum(where)}


class _Sweep(NamedTuple):
    question: str
    change: Change


def _question(table: str, at: str, key: str, columns: str, which: str) -> str:
    return (
        f"SELECT {at}, {key}, {columns} FROM {table} WHERE {at} < :bound AND ({which})"  # noqa: S608  # of constants
        f" AND ({at}, {key}) > (:at, :key) ORDER BY {at}, {key} LIMIT :slice"
    )


_TELLS_WHO, _TELLS_WHERE = """instr({}, CAST('"identity":"' AS BLOB))""", """instr({}, CAST('"address":"' AS BLOB))"""
_KEYS_OF_CALLBACKS = (
    "DELETE FROM ingest_seen WHERE key IN (SELECT key FROM ingest_seen WHERE received_at_ms < :ms LIMIT :slice)"
)


def _who(stand_in: StandIn) -> list[_Sweep]:
    """Return what forgets who it was; bounds are in milliseconds."""
    return [
        _Sweep(_LOG.format(_TELLS_WHO.format("body")), _in_log(lambda event: event_of_nobody(event, stand_in))),
        _Sweep(
            _question(
                *("events", "at_ms", "id", "participant, source, body"),
                f"{_TELLS_WHO.format('body')} OR substr(participant, 1, 9) = 'identity:'",
            ),
            lambda writer, row: _event(writer, row, stand_in),
        ),
        _Sweep(_UNSEALED_ROOMS, _in_room(lambda room: entity_of_nobody(room, stand_in))),
        _Sweep(
            _question("participants", "over_at_ms", "key", "body", "over_at_ms IS NOT NULL AND identity IS NOT NULL"),
            _in_participant(lambda person: entity_of_nobody(person, stand_in)),
        ),
        _Sweep(
            _question("series", "to_ms", "id", "room, participant", "identity IS NOT NULL"),
            lambda writer, row: _series(writer, row, stand_in),
        ),
        _Sweep(
            _question(
                *("recordings", "over_at_ms", "recording_sid", "body"),
                f"over_at_ms IS NOT NULL AND {_TELLS_WHO.format('body')}",
            ),
            lambda writer, row: _recording(writer, row, stand_in),
        ),
    ]


# --- the log and what happened ----------------------------------------------------------------------------

_LOG = (
    "SELECT received_at_ms, id, body FROM ingest_log"
    " WHERE received_at_ms < :bound AND id <= (SELECT through FROM checkpoint) AND {}"
    " AND (received_at_ms, id) > (:at, :key) ORDER BY received_at_ms, id LIMIT :slice"
)


def _in_log(forgetting: Callable[[Event], Event]) -> Change:
    def change(writer: Writer, row: Row) -> int:
        body = encode([forgetting(event) for event in decode_events(row[-1])])
        return writer.execute("UPDATE ingest_log SET body = ? WHERE id = ?", (body, row[1])).rowcount

    return change


def _event(writer: Writer, row: Row, stand_in: StandIn) -> int:
    _, event_id, participant, source, body = row
    after = happening_of_nobody(participant, source, body, stand_in)
    if after == (participant, body):
        return 0
    values = (*after, event_id)
    return writer.execute("UPDATE events SET participant = ?, body = ? WHERE id = ?", values).rowcount


# --- what is on record ------------------------------------------------------------------------------------

# Whoever was in a room that is sealed has a row; as a rule a room is sealed hours after its end.
_UNSEALED_ROOMS = _question("rooms", "over_at_ms", "key", "body", "over_at_ms IS NOT NULL AND NOT sealed")


def _in_room(forgetting: Callable[[Room], Room]) -> Change:
    def change(writer: Writer, row: Row) -> int:
        before = unpack(row[-1])
        after = encode(forgetting(_decode_room(before)))
        if after == before:
            return 0
        return writer.execute("UPDATE rooms SET body = ? WHERE key = ?", (pack(after), row[1])).rowcount

    return change


def _in_participant(forgetting: Callable[[Participant], Participant]) -> Change:
    def change(writer: Writer, row: Row) -> int:
        person = forgetting(_decode_participant(row[-1]))
        values = (f"{person.room_key}/{person.key}", person.identity, encode(person), row[1])
        return writer.execute(
            "UPDATE OR REPLACE participants SET key = ?, identity = ?, body = ? WHERE key = ?", values
        ).rowcount

    return change


def _recording(writer: Writer, row: Row, stand_in: StandIn) -> int:
    body = encode(entity_of_nobody(_decode_recording(row[-1]), stand_in))
    return writer.execute("UPDATE recordings SET body = ? WHERE recording_sid = ?", (body, row[1])).rowcount


def _series(writer: Writer, row: Row, stand_in: StandIn) -> int:
    to_ms, series_id, room, participant = row
    key = renamed(participant, stand_in)
    same = writer.execute("SELECT id FROM series WHERE room = ? AND participant = ?", (room, key)).fetchone()
    if same is None or same[0] == series_id:
        writer.execute("UPDATE series SET participant = ?, identity = NULL WHERE id = ?", (key, series_id))
    else:  # the same person came back, long ago, to a room that is known by name only
        writer.execute("UPDATE chunks SET series = ? WHERE series = ?", (same[0], series_id))
        writer.execute("UPDATE series SET to_ms = max(to_ms, ?) WHERE id = ?", (to_ms, same[0]))
        writer.execute("DELETE FROM series WHERE id = ?", (series_id,))
    return 1


# --- who was meant by alerts ------------------------------------------------------------------------------


def _transition(writer: Writer, row: Row) -> int:
    _, transition_id, alert = row
    alert = _decode_alert(alert)
    if is_about_a_name(alert.entity):
        return writer.execute("DELETE FROM transitions WHERE id = ?", (transition_id,)).rowcount
    values = (encode(alert_of_nobody(alert)), transition_id)
    return writer.execute("UPDATE transitions SET alert = ? WHERE id = ?", values).rowcount


def _notification(writer: Writer, row: Row) -> int:
    _, seq, body = row
    told = notification_with(_decode_notification(body), _alert_of_nobody)
    if told is None:
        return writer.execute("DELETE FROM outbox WHERE seq = ?", (seq,)).rowcount
    return writer.execute("UPDATE outbox SET body = ? WHERE seq = ?", (encode(told), seq)).rowcount


def _incident(writer: Writer, row: Row) -> int:
    _, incident_id, body = row
    values = (encode(incident_with(_decode_incident(body), _alert_of_nobody)), incident_id)
    return writer.execute("UPDATE incidents SET body = ? WHERE id = ?", values).rowcount


def _alert_of_nobody(alert: Alert) -> Alert | None:
    return None if is_about_a_name(alert.entity) else alert_of_nobody(alert)


_WHO_WAS_MEANT = (  # bounds are in seconds
    _Sweep(_question("transitions", "at_s", "id", "alert", _TELLS_WHO.format("alert")), _transition),
    _Sweep(
        _question("outbox", "created_at_s", "seq", "body", f"state <> 'waiting' AND {_TELLS_WHO.format('body')}"),
        _notification,
    ),
    _Sweep(
        _question("incidents", "said_at_s", "id", "body", f"closed_at_s IS NOT NULL AND {_TELLS_WHO.format('body')}"),
        _incident,
    ),
)


# --- from where -------------------------------------------------------------------------------------------


def _client(writer: Writer, row: Row) -> int:
    return writer.execute(
        "UPDATE series SET client = CAST(json_remove(CAST(client AS TEXT), '$.address') AS BLOB) WHERE id = ?",
        (row[1],),
    ).rowcount


_WHERE = (
    _Sweep(_LOG.format(_TELLS_WHERE.format("body")), _in_log(event_from_nowhere)),
    _Sweep(_UNSEALED_ROOMS, _in_room(entity_from_nowhere)),
    _Sweep(
        _question(
            *("participants", "over_at_ms", "key", "body"),
            """over_at_ms IS NOT NULL AND instr(body, CAST('"network_address":"' AS BLOB))""",
        ),
        _in_participant(entity_from_nowhere),
    ),
    _Sweep(_question("series", "to_ms", "id", "client", _TELLS_WHERE.format("client")), _client),
)

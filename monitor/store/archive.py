"""How is a call found again, and all that is on record of it?

By whatever somebody has at hand.  What kind of thing that is shows in how it begins, so every question goes through an
index, and none through the whole table.
"""

from collections.abc import Iterator, Sequence

import msgspec

from alerts.model import Alert, Transition
from monitor.entities import Composition, Participant, Recording, Room
from monitor.packing import unpack
from monitor.store.database import Database
from monitor.store.ports import ANY_RULE, Call, Changed, Found, Search

_decode_room = msgspec.json.Decoder(Room).decode
_decode_participant = msgspec.json.Decoder(Participant).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_composition = msgspec.json.Decoder(Composition).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_transition = msgspec.json.Decoder(Transition).decode

_PAST_ANY = "\U0010ffff"  # sorts after whatever a name may go on with

_SID_LENGTH = 34
_LONGEST_ROOM_MS = 86_400_000  # Twilio ends a room after a day: what began earlier need not be looked through

_COLUMNS = "key, room_sid, room_name, account_sid, status, created_at_ms, over_at_ms"
# What fired in a call is about its room, the people in it, whose names begin with the room's, or its compositions.
_FIRED = """
FROM transitions WHERE after = 'firing' AND (
    entity = found.key OR (entity > found.key || '/' AND entity < found.key || '0')
    OR entity IN (SELECT composition_sid FROM compositions WHERE room_sid = found.room_sid)
)
"""
_CONDITIONS = {
    "": "",
    ANY_RULE: f"AND EXISTS (SELECT 1 {_FIRED})",
    None: f"AND EXISTS (SELECT 1 {_FIRED} AND rule = :fired)",
}

_ANY = "rooms"


def _of(wanted: str) -> str:
    """Return the calls in rooms, which are wanted by key or SID; those are the same for nearly all."""
    return f"""(
        WITH wanted(room) AS ({wanted})
        SELECT {_COLUMNS} FROM rooms WHERE key IN wanted
        UNION SELECT {_COLUMNS} FROM rooms WHERE room_sid IN wanted AND room_sid <> key
    )"""  # noqa: S608  # of constants


_BY_SID = _of("SELECT :text")
_BY_PARTICIPANT = _of(
    "SELECT room_key FROM participants WHERE participant_sid = :text"
    " UNION SELECT room FROM series WHERE participant = :text"
)
_BY_NAME = _of(
    "SELECT key FROM rooms WHERE room_name >= :text AND room_name < :text || :past"
    " UNION SELECT room_key FROM participants WHERE identity = :text"
    " UNION SELECT room FROM series WHERE identity = :text"
)


class SqliteArchive:
    """The calls there are and were, on SQLite (`monitor.store.ports.Archive`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, search: Search) -> Sequence[Found]:
        """Return the calls that were looked for, the latest first."""
        after_ms, after_key = search.after or (search.to_ms, "")
        values = {
            "text": search.text,
            "past": _PAST_ANY,
            "from_ms": search.from_ms,
            "to_ms": search.to_ms,
            "after_ms": after_ms,
            "after_key": after_key,
            "limit": search.limit,
            "fired": search.fired,
        }
        rows = await self._database.read(_question(search), values)
        return [Found._make([*found, _sorted(fired)]) for *found, fired in rows]

    async def call(self, room: str) -> Call | None:
        """Return the call in a room, by its SID, its key, or its name: of several of one name, the latest."""
        rows = await self._database.read(
            "SELECT body FROM rooms WHERE key = :room"
            " UNION ALL SELECT body FROM rooms WHERE room_sid = :room AND room_sid <> key"
            " UNION ALL SELECT * FROM"
            " (SELECT body FROM rooms WHERE room_name = :room ORDER BY created_at_ms DESC LIMIT 1)",
            {"room": room},
        )
        if not rows:
            return None
        found = _decode_room(unpack(rows[0][0]))
        await self._bring_back([found])
        recordings = [_decode_recording(body) for body in await self._media("recordings", found.sid)]
        compositions = [_decode_composition(body) for body in await self._media("compositions", found.sid)]
        call = Call(found, recordings, compositions)
        return call._replace(transitions=[each.transition for each in await self.alerts(call)])

    async def overlapping(self, from_ms: int, to_ms: int, limit: int) -> Sequence[Room]:
        """Return at most `limit` rooms that went on at some time in [from_ms, to_ms), those that began last first."""
        rows = await self._database.read(
            "SELECT body FROM rooms WHERE created_at_ms >= ? AND created_at_ms < ?"
            " AND (over_at_ms IS NULL OR over_at_ms > ?) ORDER BY created_at_ms DESC, key DESC LIMIT ?",
            (from_ms - _LONGEST_ROOM_MS, to_ms, from_ms, limit),
        )
        rooms = [_decode_room(unpack(body)) for (body,) in rows]
        await self._bring_back(rooms)
        return rooms

    async def _bring_back(self, rooms: Sequence[Room]) -> None:
        """Put those who have left back into the records of their rooms."""
        by_key = {room.key: room for room in rooms}
        keys = msgspec.json.encode([*by_key])
        rows = await self._database.read(
            "SELECT body FROM participants WHERE room_key IN (SELECT value FROM json_each(CAST(? AS TEXT)))", (keys,)
        )
        for person in (_decode_participant(body) for (body,) in rows):
            room = by_key[person.room_key]
            if person.key not in room.participants:
                room.left.setdefault(person.sid or person.key, person)

    async def _media(self, table: str, room_sid: str | None) -> Iterator[bytes]:
        rows = await self._database.read(
            f"SELECT body FROM {table} WHERE room_sid = ? ORDER BY created_at_ms",  # noqa: S608  # one of two
            (room_sid,),
        )
        return (body for (body,) in rows)

    async def alerts(self, call: Call) -> Sequence[Changed]:
        """Return the transitions of a call, each with its alert as it was then, oldest first.

        They are about the room, its compositions, and the people in it, whose names begin with that of the room.
        """
        found: list[Changed] = []
        for key in (call.room.key, *(each.sid for each in call.compositions)):
            rows = await self._database.read(
                "SELECT body, alert FROM transitions WHERE entity = :key"
                " UNION ALL SELECT body, alert FROM transitions WHERE entity > :key || '/' AND entity < :key || '0'",
                {"key": key},
            )
            found += [Changed(_decode_transition(body), _decode_alert(alert)) for body, alert in rows]
        return sorted(found, key=lambda each: each.transition.at)


def _sorted(rules: str | None) -> tuple[str, ...]:
    return tuple(sorted(rules.split(","))) if rules else ()


def _question(search: Search) -> str:
    """Return the question for a page; what fired is looked up for the calls on it only, by the index of transitions."""
    condition = _CONDITIONS[search.fired if search.fired in _CONDITIONS else None]
    return f"""
        SELECT {_COLUMNS}, (SELECT group_concat(DISTINCT rule) {_FIRED})
        FROM {_calls(search.text)} AS found
        WHERE created_at_ms >= :from_ms AND created_at_ms < :to_ms AND (created_at_ms, key) < (:after_ms, :after_key)
        {condition} ORDER BY created_at_ms DESC, key DESC LIMIT :limit
    """  # noqa: S608  # of constants


def _calls(text: str) -> str:
    if not text:
        return _ANY
    if len(text) != _SID_LENGTH:
        return _BY_NAME
    return {"RM": _BY_SID, "PA": _BY_PARTICIPANT}.get(text[:2], _BY_NAME)

"""How is a call found again in PostgreSQL, and all that is on record of it?

By whatever somebody has at hand.  What kind of thing that is shows in how it begins, so every question goes through an
index, and none through the whole table.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec

from alerts.model import Alert, Transition
from monitor.entities import Composition, Participant, Recording, Room
from monitor.packing import unpack
from monitor.store.ports import ANY_RULE, Call, Changed, Found, Lacking, Search, StoreFailed
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database

_decode_room = msgspec.json.Decoder(Room).decode
_decode_participant = msgspec.json.Decoder(Participant).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_composition = msgspec.json.Decoder(Composition).decode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_transition = msgspec.json.Decoder(Transition).decode

_PAST_ANY = "\U0010ffff"  # sorts after whatever a name may go on with

_ONLY_MEASURED = "who only ever measured something is missing"

_SID_LENGTH = 34
_LONGEST_ROOM_MS = 86_400_000  # Twilio ends a room after a day: what began earlier need not be looked through

_COLUMNS = "key, room_sid, room_name, account_sid, status, created_at_ms, over_at_ms"
# What fired in a call is about its room, the people in it, whose names begin with the room's, or its compositions.
_FIRED = """
FROM (
    SELECT rule FROM transitions WHERE after = 'firing' AND entity = found.key
    UNION ALL
    SELECT rule FROM transitions WHERE after = 'firing' AND entity > found.key || '/' AND entity < found.key || '0'
    UNION ALL
    SELECT rule FROM transitions JOIN compositions ON entity = composition_sid
    WHERE after = 'firing' AND compositions.room_sid = found.room_sid
) AS fired
"""

_CALL = """
SELECT body FROM (
    SELECT body, 1 AS place FROM rooms WHERE key = $1
    UNION ALL SELECT body, 2 FROM rooms WHERE room_sid = $1 AND room_sid <> key
    UNION ALL (SELECT body, 3 FROM rooms WHERE room_name = $1 ORDER BY created_at_ms DESC NULLS LAST LIMIT 1)
) AS found ORDER BY place LIMIT 1
"""
_ALERTS = """
SELECT body, alert FROM (
    SELECT id, body, alert FROM transitions WHERE entity = $1
    UNION ALL SELECT id, body, alert FROM transitions WHERE entity > $1 || '/' AND entity < $1 || '0'
) AS found ORDER BY id
"""


_KEYS = {"recordings": "recording_sid", "compositions": "composition_sid"}


MeasuredIn = Callable[[str], Awaitable[Collection[str]]]  # the rooms in which somebody of a name or SID measured
Lacks = Callable[[int], Awaitable[str]]  # what may be missing of what was measured from a moment on, or nothing


class PostgresArchive:
    """The calls there are and were, on PostgreSQL (`monitor.store.ports.Archive`)."""

    def __init__(self, database: Database, measured_in: MeasuredIn | None = None, lacks: Lacks | None = None) -> None:
        self._database = database
        self._measured_in = measured_in
        self._lacks = lacks

    async def search(self, search: Search) -> Sequence[Found]:
        """Return the calls that were looked for, the latest first.

        Raises:
            Lacking: who measured something is kept elsewhere, and that does not answer, or has not all of it yet.
        """
        if self._measured_in is None or not search.text:
            return await self._found(search, ())
        lacking = await self._lacks(search.from_ms) if self._lacks else ""
        try:
            rooms = await self._measured_in(search.text)
        except StoreFailed as error:
            raise Lacking(f"{error}; {_ONLY_MEASURED}", await self._found(search, ())) from error
        found = await self._found(search, rooms)
        if lacking:
            raise Lacking(f"{lacking}; {_ONLY_MEASURED}", found)
        return found

    async def _found(self, search: Search, rooms: Collection[str]) -> Sequence[Found]:
        question = _Question(search, rooms)
        rows = await self._database.read(question.sql, *question.values)
        return [Found._make([*found, tuple(fired or ())]) for *found, fired in rows]

    async def call(self, room: str) -> Call | None:
        """Return the call in a room, by its SID, its key, or its name: of several of one name, the latest."""
        async with self._database.reading() as connection:
            body = await connection.fetchval(_CALL, room)
            if body is None:
                return None
            found = _decode_room(unpack(body))
            await _bring_back(connection, [found])
            recordings = [_decode_recording(each) for each in await _media(connection, "recordings", found.sid)]
            compositions = [_decode_composition(each) for each in await _media(connection, "compositions", found.sid)]
            call = Call(found, recordings, compositions)
            return call._replace(transitions=[each.transition for each in await _alerts(connection, call)])

    async def alerts(self, call: Call) -> Sequence[Changed]:
        """Return the transitions of a call, each with its alert as it was then, oldest first."""
        async with self._database.reading() as connection:
            return await _alerts(connection, call)

    async def overlapping(self, from_ms: int, to_ms: int, limit: int) -> Sequence[Room]:
        """Return at most `limit` rooms that went on at some time in [from_ms, to_ms), those that began last first."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(
                "SELECT body FROM rooms WHERE created_at_ms >= $1 AND created_at_ms < $2"
                " AND (over_at_ms IS NULL OR over_at_ms > $3) ORDER BY created_at_ms DESC, key DESC LIMIT $4",
                from_ms - _LONGEST_ROOM_MS,
                to_ms,
                from_ms,
                limit,
            )
            rooms = [_decode_room(unpack(body)) for (body,) in rows]
            await _bring_back(connection, rooms)
        return rooms


async def _bring_back(connection: Connection, rooms: Sequence[Room]) -> None:
    """Put those who have left back into the records of their rooms."""
    by_key = {room.key: room for room in rooms}
    rows = await connection.fetch(
        "SELECT body FROM participants WHERE room_key = ANY($1::text[]) ORDER BY key", texts.array(by_key)
    )
    for person in (_decode_participant(body) for (body,) in rows):
        room = by_key[person.room_key]
        if person.key not in room.participants:
            room.left.setdefault(person.sid or person.key, person)


async def _media(connection: Connection, table: str, room_sid: str | None) -> Iterator[bytes]:
    question = f"SELECT body FROM {table} WHERE room_sid = $1 ORDER BY created_at_ms NULLS FIRST, {_KEYS[table]}"  # noqa: S608
    return (body for (body,) in await connection.fetch(question, room_sid))


async def _alerts(connection: Connection, call: Call) -> list[Changed]:
    """Return what became of alerts about the room, its compositions, and the people in it."""
    found: list[Changed] = []
    for key in (call.room.key, *(each.sid for each in call.compositions)):
        rows = await connection.fetch(_ALERTS, key)
        found += [Changed(_decode_transition(body), _decode_alert(alert)) for body, alert in rows]
    return sorted(found, key=lambda each: each.transition.at)


class _Question:
    """The question for a page of calls, and the values in it; what fired is looked up for the calls on it only."""

    def __init__(self, search: Search, measured_in: Collection[str]) -> None:
        self.values: list[Any] = []
        self._measured_in = list(measured_in)
        after_ms, after_key = search.after or (search.to_ms, "")
        calls = self._calls(search.text)
        is_after = f"(created_at_ms, key) < ({self._mark(after_ms)}::bigint, {self._mark(after_key)}::text)"
        self.sql = f"""
            SELECT {_COLUMNS}, (SELECT array_agg(DISTINCT rule ORDER BY rule) {_FIRED})
            FROM {calls} AS found
            WHERE created_at_ms >= {self._mark(search.from_ms)} AND created_at_ms < {self._mark(search.to_ms)}
            AND {is_after} {self._fired(search.fired)}
            ORDER BY created_at_ms DESC, key DESC LIMIT {self._mark(search.limit)}
        """  # noqa: S608  # of constants and marks

    def _mark(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def _fired(self, rule: str) -> str:
        if not rule:
            return ""
        which = "" if rule == ANY_RULE else f"WHERE rule = {self._mark(rule)}"
        return f"AND EXISTS (SELECT 1 {_FIRED} {which})"  # of constants and marks

    def _calls(self, text: str) -> str:
        if not text:
            return "rooms"
        told = self._mark(text)
        prefix = text[:2] if len(text) == _SID_LENGTH else ""
        if prefix == "RM":
            return _of(f"SELECT {told}::text")
        if prefix == "PA":
            return _of(f"SELECT room_key FROM participants WHERE participant_sid = {told} {self._elsewhere()}")  # noqa: S608
        past = self._mark(text + _PAST_ANY)
        return _of(
            f"SELECT key FROM rooms WHERE room_name >= {told} AND room_name < {past}"  # noqa: S608  # marks
            f" UNION SELECT room_key FROM participants WHERE identity = {told} {self._elsewhere()}"
        )

    def _elsewhere(self) -> str:
        if not self._measured_in:
            return ""
        return f"UNION SELECT unnest({self._mark(texts.array(self._measured_in))}::text[])"


def _of(wanted: str) -> str:
    """Return the calls in rooms, which are wanted by key or SID; those are the same for nearly all."""
    return f"""(
        WITH wanted(room) AS ({wanted})
        SELECT {_COLUMNS} FROM rooms WHERE key IN (SELECT room FROM wanted)
        UNION SELECT {_COLUMNS} FROM rooms WHERE room_sid IN (SELECT room FROM wanted) AND room_sid <> key
    )"""  # noqa: S608  # of constants and marks

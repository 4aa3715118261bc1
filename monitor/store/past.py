"""What is on record of everybody's calls at some time, in the order in which it happened?

For whoever lives through that time again.  Samples are not here: they are read a line at a time
(`monitor.store.samples`).
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from monitor.entities import Room
from monitor.packing import unpack
from monitor.store.database import Database
from monitor.store.ports import Happened, Happening, OnRecord

_decode_room = msgspec.json.Decoder(Room).decode

_LONGEST_ROOM_MS = 86_400_000

#: Who speaks, whose camera failed, what somebody thought of the call, how the network was: it changes no picture.
_COUNTS = "(source <> 'telemetry' OR kind NOT IN ('speaker', 'device', 'feedback', 'preflight'))"
_OF_ROOMS = "(:rooms = '[]' OR room IN (SELECT value FROM json_each(:rooms)))"

_HAPPENED = f"""
SELECT room, at_ms, kind, source, participant, body FROM events
WHERE at_ms >= :from_ms AND at_ms < :to_ms AND {_COUNTS} AND {_OF_ROOMS} ORDER BY at_ms, id
"""  # noqa: S608  # of constants
_OF_ACCOUNTS = """
SELECT room, at_ms, kind, source, participant, body FROM events
WHERE room = '' AND at_ms < :before_ms ORDER BY at_ms, id
"""
_ROOMS = """
SELECT body, (SELECT count(*) FROM recordings WHERE recordings.room_sid = rooms.room_sid) FROM rooms
WHERE (created_at_ms IS NULL OR (created_at_ms >= :from_ms AND created_at_ms < :to_ms))
    AND (over_at_ms IS NULL OR over_at_ms >= :from_ms)
    AND (:rooms = '[]' OR key IN (SELECT value FROM json_each(:rooms)))
"""
_NAMES = """
SELECT key, room_sid, room_name FROM rooms WHERE key = :room
UNION SELECT key, room_sid, room_name FROM rooms WHERE room_sid = :room AND room_sid <> key
UNION SELECT key, room_sid, room_name FROM rooms WHERE room_name = :room
"""


class Reach(NamedTuple):
    """Since when there is anything on record; None: there is nothing."""

    events_ms: int | None
    samples_ms: int | None


class SqlitePast:
    """What happened, of everybody at once, on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def happened(self, from_ms: int, to_ms: int, rooms: Collection[str] = ()) -> Iterator[Happened]:
        """Yield what happened in [from_ms, to_ms), in rooms by their names on record, or in all of them."""
        values = {"from_ms": from_ms, "to_ms": to_ms, "rooms": _as_list(rooms)}
        with self._database.reading() as reader:
            for room, *happening in reader.execute(_HAPPENED, values):
                yield Happened(room, Happening(*happening))

    async def of_accounts(self, before_ms: int) -> list[Happened]:
        """Return what was ever told of accounts before a moment: some of it counts until something else is told."""
        rows = await self._database.read(_OF_ACCOUNTS, {"before_ms": before_ms})
        return [Happened(room, Happening(*happening)) for room, *happening in rows]

    async def rooms(self, from_ms: int, to_ms: int, rooms: Collection[str] = ()) -> list[OnRecord]:
        """Return the rooms that went on at some time in [from_ms, to_ms), without those who had left."""
        values = {"from_ms": from_ms - _LONGEST_ROOM_MS, "to_ms": to_ms, "rooms": _as_list(rooms)}
        rows = await self._database.read(_ROOMS, values)
        return [OnRecord(_decode_room(unpack(body)), recordings) for body, recordings in rows]

    async def names_of(self, room: str) -> frozenset[str]:
        """Return what a room, given by its SID or name, may be called in the record."""
        rows = await self._database.read(_NAMES, {"room": room})
        names = {name for key, sid, told in rows for name in (key, sid, told and f"name:{told}") if name}
        return frozenset((room, f"name:{room}", *names))

    async def reach(self) -> Reach:
        """Return how far back the record goes."""
        ((events_ms, chunks_ms, log_ms),) = await self._database.read(
            "SELECT (SELECT min(at_ms) FROM events), (SELECT min(from_ms) FROM chunks),"
            " (SELECT min(received_at_ms) FROM ingest_log, checkpoint WHERE id > settled)"
        )
        return Reach(events_ms, min((at_ms for at_ms in (chunks_ms, log_ms) if at_ms is not None), default=None))


def _as_list(rooms: Collection[str]) -> str:
    return msgspec.json.encode(sorted(rooms)).decode()

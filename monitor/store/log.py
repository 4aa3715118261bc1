"""How is an accepted event made durable, exactly once?

`append` takes everything that arrived together and writes it in one transaction: the keys of what was seen, the log,
and the things that happened.  When it returns, a `kill -9` loses nothing of it.
"""

import sqlite3
from collections.abc import Sequence

from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.store.database import Database
from monitor.store.ports import Entry, Happening, Post
from monitor.store.rows import decode_event, encode, happenings_of, has_samples, place_of

_KEYS_A_STATEMENT = 400


class SqliteEventLog:
    """The event log on SQLite (`monitor.store.ports.EventLog`)."""

    def __init__(self, database: Database, last_id: int) -> None:
        self._database = database
        self._last_id = last_id

    async def append(self, entries: Sequence[Entry], now_ms: int) -> Sequence[int | None]:
        """Make the events durable in one transaction; return the log id of each, None for a repeat."""
        ids = await self._database.write(lambda writer: self._append(writer, entries, now_ms))
        self._last_id = max((log_id for log_id in ids if log_id is not None), default=self._last_id)
        return ids

    def _append(self, writer: sqlite3.Connection, entries: Sequence[Entry], now_ms: int) -> list[int | None]:
        fresh = _insert_keys(writer, [key for event, _ in entries if (key := event.dedup_key)], now_ms)
        ids: list[int | None] = []
        log, happened, last_id = [], [], self._last_id
        for event, kept in entries:
            if (key := event.dedup_key) is not None:
                if key not in fresh:
                    ids.append(None)
                    continue
                fresh.remove(key)  # the same key twice in one transaction is a repeat, too
            last_id += 1
            ids.append(last_id)
            place = place_of(event)
            log.append((last_id, now_ms, *place, has_samples(event), kept or encode(event)))
            happened += [(h.at_ms, place.room, *h[1:]) for h in happenings_of(event, place)]
        writer.executemany("INSERT INTO ingest_log VALUES (?, ?, ?, ?, ?, ?)", log)
        writer.executemany(
            "INSERT INTO events (at_ms, room, kind, source, participant, body) VALUES (?, ?, ?, ?, ?, ?)", happened
        )
        return ids

    async def since(self, log_id: int, limit: int) -> Sequence[tuple[int, Event]]:
        """Return at most `limit` events after `log_id`, oldest first."""
        rows = await self._database.read(
            "SELECT id, body FROM ingest_log WHERE id > ? ORDER BY id LIMIT ?", (log_id, limit)
        )
        return [(row_id, decode_event(body)) for row_id, body in rows]

    async def posts(self, room: str, from_ms: int, to_ms: int, limit: int) -> Sequence[Post]:
        """Return at most `limit` telemetry posts of a room received in [from_ms, to_ms), oldest first."""
        rows = await self._database.read(
            "SELECT received_at_ms, participant, body FROM ingest_log"
            " WHERE has_samples AND room = ? AND received_at_ms >= ? AND received_at_ms < ?"
            " ORDER BY received_at_ms, id LIMIT ?",
            (room, from_ms, to_ms, limit),
        )
        posts = ((at_ms, participant, decode_event(body)) for at_ms, participant, body in rows)
        return [Post(at, who, batch.observations) for at, who, batch in posts if isinstance(batch, TelemetryBatch)]

    async def happenings(self, room: str, from_ms: int, to_ms: int, limit: int) -> Sequence[Happening]:
        """Return at most `limit` things that happened in a room in [from_ms, to_ms), oldest first."""
        rows = await self._database.read(
            "SELECT at_ms, kind, source, participant, body FROM events"
            " WHERE room = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id LIMIT ?",
            (room, from_ms, to_ms, limit),
        )
        return [Happening(*row) for row in rows]


def _insert_keys(writer: sqlite3.Connection, keys: Sequence[str], now_ms: int) -> set[str]:
    """Write the keys and return those that were not there before."""
    fresh: set[str] = set()
    for start in range(0, len(keys), _KEYS_A_STATEMENT):
        part = keys[start : start + _KEYS_A_STATEMENT]
        rows = writer.execute(
            f"INSERT INTO ingest_seen (key, received_at_ms) VALUES {', '.join(['(?, ?)'] * len(part))}"  # noqa: S608
            " ON CONFLICT DO NOTHING RETURNING key",
            [value for key in part for value in (key, now_ms)],
        )
        fresh.update(key for (key,) in rows)
    return fresh


async def open_log(database: Database) -> SqliteEventLog:
    """Return the log of an open database; ids go on from the highest ever given."""
    ((last_id,),) = await database.read(
        "SELECT MAX(COALESCE((SELECT MAX(id) FROM ingest_log), 0), (SELECT through FROM checkpoint))"
    )
    return SqliteEventLog(database, last_id)

"""What is dropped from PostgreSQL, and when?

As in SQLite: each class of what is stored has a time of its own (`monitor.store.keeping`); what is live, waiting or
undelivered never goes.
"""

from collections.abc import Mapping

from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.slices import Old, delete_all

_IS_SAVED = "id <= (SELECT through FROM checkpoint)"
_SEGMENT_IS_OLD = """
settled_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM ingest_log WHERE id > after_id AND id <= through_id AND received_at_ms >= $1
)
"""
_IS_IN_NO_SEGMENT = """
NOT EXISTS (
    SELECT 1 FROM segments WHERE settled_at IS NULL AND ingest_log.id > after_id AND ingest_log.id <= through_id
)
"""

_DROPPED: Mapping[str, tuple[Old, ...]] = {
    "raw": (
        # What is in a segment never changes until it is settled: it goes whole, or waits for the rest of it.
        Old("segments", "number", _SEGMENT_IS_OLD),
        Old("ingest_log", "id", f"received_at_ms < $1 AND {_IS_SAVED} AND {_IS_IN_NO_SEGMENT}"),
        Old("ingest_seen", "key", "received_at_ms < $1"),
        Old("telemetry_sessions", "session", "heard_at_ms < $1"),
    ),
    "events": (Old("events", "id", "at_ms < $1"),),
    "history": (
        # A link ends with what it shows, so before that goes.
        Old("shares", "id", "room IN (SELECT room_sid FROM rooms WHERE over_at_ms < $1)"),
        Old("shares", "id", "expires_at_ms < $1"),
        Old("rooms", "key", "over_at_ms < $1"),
        Old("participants", "key", "over_at_ms < $1"),
        Old("compositions", "composition_sid", "over_at_ms < $1"),
        Old("recordings", "recording_sid", "over_at_ms < $1"),
        Old("transitions", "id", "at_s < $1", is_in_seconds=True),
        Old("outbox", "seq", "state <> 'waiting' AND created_at_s < $1", is_in_seconds=True),
        Old("incidents", "id", "closed_at_s < $1", is_in_seconds=True),
        Old("notes", "id", "at_s < $1", is_in_seconds=True),
        Old("receipts", "notification, reference, status", "at_s < $1", is_in_seconds=True),
        Old("silences", "id", "ends_at_s < $1", is_in_seconds=True),
        Old("login_sessions", "token_hash", "expires_at_s < $1", is_in_seconds=True),
    ),
    "audit": (Old("audit", "id", "at_ms < $1"),),
}


async def drop(database: Database, bounds_ms: Mapping[str, int]) -> dict[str, int]:
    """Drop what is older than the bound of its class; return how many rows of each went."""

    async def remember(connection: Connection) -> None:
        await connection.execute(
            "UPDATE checkpoint SET raw_since_ms = $1 WHERE raw_since_ms < $1",
            bounds_ms["raw"],
        )

    await database.write(remember)
    return {
        name: sum([await delete_all(database, old, bounds_ms[name]) for old in olds]) for name, olds in _DROPPED.items()
    }

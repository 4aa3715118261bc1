"""What is dropped, and when?

Each class of what is stored has a time of its own (`monitor.store.keeping`); what is live, waiting or undelivered never
goes.  What only forgets somebody is in `monitor.store.forgetting`.
"""

from collections.abc import Mapping

from monitor.store.database import Database
from monitor.store.slices import delete_all

# Each deletes some of what is older than the bound; `:ms` and `:s` are the bound in the column's unit.
_DROPPED: Mapping[str, tuple[str, ...]] = {
    "raw": (
        """DELETE FROM ingest_log WHERE id IN (SELECT id FROM ingest_log ORDER BY id LIMIT :slice)
           AND received_at_ms < :ms AND id <= (SELECT through FROM checkpoint)""",
        """DELETE FROM ingest_seen WHERE key IN
           (SELECT key FROM ingest_seen WHERE received_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM telemetry_sessions WHERE session IN
           (SELECT session FROM telemetry_sessions WHERE heard_at_ms < :ms LIMIT :slice)""",
    ),
    "events": ("""DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < :ms LIMIT :slice)""",),
    "history": (
        # Who measured something is known for as long as what they measured.
        """DELETE FROM series WHERE id IN (SELECT id FROM series WHERE to_ms < :ms
           AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.series = series.id) LIMIT :slice)""",
        # A link ends with what it shows, so before that goes.
        """DELETE FROM shares WHERE id IN (SELECT shares.id FROM shares JOIN rooms ON rooms.room_sid = shares.room
           WHERE rooms.over_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM shares WHERE id IN (SELECT id FROM shares WHERE expires_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM rooms WHERE key IN (SELECT key FROM rooms WHERE over_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM participants WHERE key IN (SELECT key FROM participants WHERE over_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM compositions WHERE composition_sid IN
           (SELECT composition_sid FROM compositions WHERE over_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM recordings WHERE recording_sid IN
           (SELECT recording_sid FROM recordings WHERE over_at_ms < :ms LIMIT :slice)""",
        """DELETE FROM transitions WHERE id IN (SELECT id FROM transitions WHERE at_s < :s LIMIT :slice)""",
        """DELETE FROM outbox WHERE seq IN
           (SELECT seq FROM outbox WHERE state <> 'waiting' AND created_at_s < :s LIMIT :slice)""",
        """DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE closed_at_s < :s LIMIT :slice)""",
        """DELETE FROM notes WHERE id IN (SELECT id FROM notes WHERE at_s < :s LIMIT :slice)""",
        """DELETE FROM receipts WHERE (notification, reference, status) IN
           (SELECT notification, reference, status FROM receipts WHERE at_s < :s LIMIT :slice)""",
        """DELETE FROM silences WHERE id IN (SELECT id FROM silences WHERE ends_at_s < :s LIMIT :slice)""",
        """DELETE FROM login_sessions WHERE token_hash IN
           (SELECT token_hash FROM login_sessions WHERE expires_at_s < :s LIMIT :slice)""",
    ),
    "audit": ("""DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < :ms LIMIT :slice)""",),
    "rollups": ("""DELETE FROM rollups WHERE id IN (SELECT id FROM rollups WHERE from_ms < :ms LIMIT :slice)""",),
}


async def drop(database: Database, bounds_ms: Mapping[str, int]) -> dict[str, int]:
    """Drop what is older than the bound of its class; return how many rows of each went."""
    raw_since_ms = bounds_ms["raw"]
    await database.write(
        lambda writer: writer.execute("UPDATE checkpoint SET raw_since_ms = max(raw_since_ms, ?)", (raw_since_ms,))
    )
    return {
        name: sum([await delete_all(database, statement, _in_units(bounds_ms[name])) for statement in statements])
        for name, statements in _DROPPED.items()
    }


def _in_units(bound_ms: int) -> Mapping[str, float]:
    return {"ms": bound_ms, "s": bound_ms / 1000}

"""What is dropped, and when?

Raw telemetry and the log go first, finished history later, what samples add up to last; what is live, waiting or
undelivered never goes.  Deleting happens in slices, so that nobody who wants to write waits long.
"""

import sqlite3
from collections.abc import Callable, Mapping

from monitor.store.database import Database

_SLICE = 2_000
DAY_MS = 86_400_000

# Each deletes one slice of what is older than the bound; `:ms` and `:s` are the bound in the column's unit.
_RAW = (
    """DELETE FROM ingest_log WHERE id IN (SELECT id FROM ingest_log ORDER BY id LIMIT :slice)
       AND received_at_ms < :ms AND id <= (SELECT through FROM checkpoint)""",
    """DELETE FROM ingest_seen WHERE key IN (SELECT key FROM ingest_seen WHERE received_at_ms < :ms LIMIT :slice)""",
    """DELETE FROM telemetry_sessions WHERE session IN
       (SELECT session FROM telemetry_sessions WHERE heard_at_ms < :ms LIMIT :slice)""",
)
_HISTORY = (
    """DELETE FROM series WHERE id IN (SELECT id FROM series WHERE to_ms < :ms LIMIT :slice)""",
    """DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < :ms LIMIT :slice)""",
    """DELETE FROM rooms WHERE key IN (SELECT key FROM rooms WHERE over_at_ms < :ms LIMIT :slice)""",
    """DELETE FROM participants WHERE key IN (SELECT key FROM participants WHERE over_at_ms < :ms LIMIT :slice)""",
    """DELETE FROM compositions WHERE composition_sid IN
       (SELECT composition_sid FROM compositions WHERE over_at_ms < :ms LIMIT :slice)""",
    """DELETE FROM recordings WHERE recording_sid IN
       (SELECT recording_sid FROM recordings WHERE over_at_ms < :ms LIMIT :slice)""",
    """DELETE FROM transitions WHERE id IN (SELECT id FROM transitions WHERE at_s < :s LIMIT :slice)""",
    """DELETE FROM outbox WHERE seq IN
       (SELECT seq FROM outbox WHERE state <> 'waiting' AND created_at_s < :s LIMIT :slice)""",
    """DELETE FROM login_sessions WHERE expires_at_s < :s AND :slice""",
)
_ROLLUPS = ("""DELETE FROM rollups WHERE id IN (SELECT id FROM rollups WHERE from_ms < :ms LIMIT :slice)""",)


async def retain(database: Database, now_ms: int, raw_days: float, history_days: float, rollups_days: float) -> int:
    """Drop what is older than asked for; return how many rows went."""
    raw_ms = now_ms - raw_days * DAY_MS
    await database.write(
        lambda writer: writer.execute("UPDATE checkpoint SET raw_since_ms = max(raw_since_ms, ?)", (int(raw_ms),))
    )
    return (
        await _drop(database, _RAW, raw_ms)
        + await _drop(database, _HISTORY, now_ms - history_days * DAY_MS)
        + await _drop(database, _ROLLUPS, now_ms - rollups_days * DAY_MS)
    )


async def _drop(database: Database, statements: tuple[str, ...], before_ms: float) -> int:
    bounds = {"ms": int(before_ms), "s": before_ms / 1000, "slice": _SLICE}
    dropped = 0
    for statement in statements:
        rows = _SLICE
        while rows == _SLICE:
            rows = await database.write(_dropping(statement, bounds))
            dropped += rows
    return dropped


def _dropping(statement: str, bounds: Mapping[str, float]) -> Callable[[sqlite3.Connection], int]:
    return lambda writer: writer.execute(statement, bounds).rowcount

"""What is in the file of a daemon, as a cluster is to have it?

All of it is read at one moment, and nothing is changed.  Rows come as values that PostgreSQL takes, table by table, in
the order of their keys; chunks and rollups come newest first, since people ask about last week before they ask about
last year.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from monitor.history.counters import Malformed
from monitor.history.rollup_rows import Row, unpacked
from monitor.history.rollups import NO_ROLLUPS, Rollups, merged
from monitor.store.damage import readable
from monitor.store.identifying import post_of
from monitor.store.keeping import DAY_MS
from monitor.store.numbering import Numbers
from monitor.store.ports import Line
from monitor.store.rows import decode_events
from monitor.store.snapshot import Snapshot
from monitor.store.unsettled import series_in

#: What is copied, in this order, each with its key.  Chunks, series and rollups are carried later.
TABLES: Mapping[str, tuple[str, ...]] = {
    "secrets": ("name",),
    "accounts": ("account_sid",),
    "rooms": ("key",),
    "participants": ("key",),
    "compositions": ("composition_sid",),
    "recordings": ("recording_sid",),
    "events": ("id",),
    "alerts": ("fingerprint",),
    "transitions": ("id",),
    "groups": ("key",),
    "incidents": ("id",),
    "notes": ("id",),
    "outbox": ("seq",),
    "attempts": ("outbox_seq", "number"),
    "receivers": ("name",),
    "receipts": ("notification", "reference", "status"),
    "silences": ("id",),
    "slo_steps": ("width_s", "at_s", "objective", "whose"),
    "login_sessions": ("token_hash",),
    "shares": ("id",),
    "audit": ("id",),
    "ingest_seen": ("key",),
    "telemetry_sessions": ("session",),
    "ingest_log": ("id",),
}

SAMPLES_A_PART = 100_000
ROLLUPS_A_PART = 2_000

Types = Mapping[str, Mapping[str, str]]  # of each table the columns, and of each column the type in PostgreSQL

_decode_ranges = msgspec.json.Decoder(list[int]).decode


class Chunk(NamedTuple):
    """A chunk of the file, and its samples: none where it is damaged."""

    number: int
    line: Line
    bytes: int


class RollupPart(NamedTuple):
    """Some rollups of one day, and the number by which they are known."""

    number: int
    day: int
    rollups: Rollups
    rows: int
    damaged: int


class Position(NamedTuple):
    """How far a file had come."""

    through: int
    settled: int
    last_chunk: int
    last_rollup: int
    raw_since_ms: int
    last_log_id: int


class Source:
    """A file at one moment."""

    def __init__(self, path: Path, reader: sqlite3.Connection) -> None:
        self.path = path
        self._reader = reader
        ((*told,),) = reader.execute(_POSITION)
        self.position = Position(*told)

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """Open a file, and change nothing in it.

        Raises:
            SchemaTooNew: the file was written by a newer Roomwatch.
            StoreFailed: there is none, or it cannot be read, or it was written by an older Roomwatch.
        """
        with Snapshot.taken(path) as snapshot, snapshot.reading() as reader:
            yield cls(path, reader)

    @property
    def mark(self) -> str:
        """Return what tells this file from another one, and from itself after somebody has written to it."""
        rows = self._reader.execute(_MARK).fetchall()
        return msgspec.json.encode([*self.position, *rows[0]]).decode()

    # --- what is copied -------------------------------------------------------------------------------------

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, its key first."""
        names = [row[1] for row in self._reader.execute(f"PRAGMA table_info({table})")]
        key = TABLES[table]
        return [*key, *(name for name in names if name not in key)]

    def count(self, table: str) -> int:
        """Return about how many rows of a table are copied."""
        ((count,),) = self._reader.execute(f"SELECT count(*) FROM {table}{_where(table)}")  # noqa: S608  # of constants
        return int(count)

    def highest(self, table: str) -> int:
        """Return the highest number that was given to a row of a table."""
        (key,) = TABLES[table]
        ((highest,),) = self._reader.execute(f"SELECT coalesce(max({key}), 0) FROM {table}")  # noqa: S608
        given = self._reader.execute(_GIVEN, (table,)).fetchall()
        return max([int(highest), *(int(each) for (each,) in given)])

    def rows(self, table: str, types: Types) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table, as values of these types."""
        if table == "telemetry_sessions":
            yield from self._sessions()
            return
        columns = self.columns(table)
        kinds = [types[table][column] for column in columns]
        select = f"SELECT {', '.join(columns)} FROM {table}{_where(table)} ORDER BY {', '.join(TABLES[table])}"  # noqa: S608
        for row in self._reader.execute(select):
            yield tuple(_value(value, kind) for value, kind in zip(row, kinds, strict=True))

    def _sessions(self) -> Iterator[tuple[Any, ...]]:
        """Yield which posts were stored, also those that came after the picture was saved: the log alone has them."""
        late = self._late()
        for session, ranges, heard_at_ms in self._reader.execute(_SESSIONS):
            told = late.pop(session, None)
            if told is None:
                yield session, _decode_ranges(ranges), heard_at_ms
            else:
                yield session, told.bounds, max(heard_at_ms, told.heard_at_ms)
        for session, told in sorted(late.items()):
            yield session, told.bounds, told.heard_at_ms

    def _late(self) -> dict[str, Numbers]:
        found: dict[str, Numbers] = {}
        for (body,) in self._reader.execute(_LATE, (self.position.through,)):
            for event in decode_events(body):
                post = post_of(event)
                if post is None:
                    continue
                session, seq = post
                if session not in found:
                    stored = self._reader.execute(f"{_SESSIONS_OF} WHERE session = ?", (session,)).fetchone()
                    found[session] = Numbers.of(_decode_ranges(stored[0]) if stored else ())
                found[session].add(seq)
                found[session].heard_at_ms = max(found[session].heard_at_ms, getattr(event, "received_at_ms", 0))
        return found

    # --- what is carried later ------------------------------------------------------------------------------

    def samples_before(self, number: int) -> int:
        """Return how many samples are in the chunks below a number."""
        ((count,),) = self._reader.execute("SELECT total(samples) FROM chunks WHERE id < ?", (number,))
        return int(count)

    def chunks(self, before: int) -> list[Chunk]:
        """Return the next chunks below a number, the latest first, as many as are carried together."""
        found: list[Chunk] = []
        count = 0
        for number, body, *who in self._reader.execute(_CHUNKS, (before,)):
            series = series_in(who)
            samples = readable(body, f"{series.participant} in {series.room}")
            found.append(Chunk(number, Line(series, samples), len(body)))
            count += samples.count
            if count >= SAMPLES_A_PART:
                break
        return found

    def rollup_rows(self) -> int:
        """Return how many rollups there are."""
        ((count,),) = self._reader.execute(f"SELECT count(*) FROM rollups WHERE {_IS_TRUE}")  # noqa: S608
        return int(count)

    def rollup_parts(self, done: frozenset[tuple[int, int]] = frozenset()) -> Iterator[RollupPart]:
        """Yield rollups, a part of a day at a time, the latest day first; parts that are `done` are empty.

        The number of a part comes after those of all chunks, and is the same whenever it is asked for.
        """
        days = sorted({from_ms // DAY_MS for (from_ms,) in self._reader.execute(_HOURS)}, reverse=True)
        for day in days:
            ids = [row_id for (row_id,) in self._reader.execute(_OF_DAY, (day * DAY_MS, (day + 1) * DAY_MS))]
            for start in range(0, len(ids), ROLLUPS_A_PART):
                some = ids[start : start + ROLLUPS_A_PART]
                number = self.position.last_chunk + some[-1]
                if (number, day) in done:
                    yield RollupPart(number, day, NO_ROLLUPS, len(some), 0)
                    continue
                marks = ", ".join("?" * len(some))
                rows = [Row(*row) for row in self._reader.execute(f"{_ROLLUPS} WHERE id IN ({marks})", some)]
                rollups, damaged = _opened(rows)
                yield RollupPart(number, day, rollups, len(some), damaged)


def _where(table: str) -> str:
    return " WHERE id > (SELECT settled FROM checkpoint)" if table == "ingest_log" else ""


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "bytea" and isinstance(value, str):
        return value.encode()
    if kind == "double precision":
        return float(value)
    return value


def _opened(rows: Sequence[Row]) -> tuple[Rollups, int]:
    """Return the rollups in rows, and how many are damaged."""
    try:
        return merged([unpacked(rows)]), 0
    except Malformed:
        found, damaged = NO_ROLLUPS, 0
        for row in rows:
            try:
                found = merged([found, unpacked([row])])
            except Malformed:
                damaged += 1
        return found, damaged


# --- SQL --------------------------------------------------------------------------------------------------

_POSITION = """
SELECT through, settled, last_chunk, last_rollup, raw_since_ms,
    max(through, coalesce((SELECT max(id) FROM ingest_log), 0))
FROM checkpoint
"""
_MARK = """
SELECT merged_ms, dropped_ms, (SELECT count(*) FROM series), (SELECT coalesce(max(id), 0) FROM events),
    (SELECT coalesce(max(seq), 0) FROM outbox), (SELECT coalesce(max(id), 0) FROM transitions)
FROM checkpoint
"""
_GIVEN = "SELECT seq FROM sqlite_sequence WHERE name = ?"
_SESSIONS_OF = "SELECT ranges FROM telemetry_sessions"
_SESSIONS = "SELECT session, ranges, heard_at_ms FROM telemetry_sessions ORDER BY session"
_LATE = "SELECT body FROM ingest_log WHERE id > ? ORDER BY id"
_CHUNKS = """
SELECT chunks.id, body, room, participant, room_name, identity, account_sid, client
FROM chunks JOIN series ON series.id = chunks.series
WHERE chunks.id < ? AND chunks.id <= (SELECT last_chunk FROM checkpoint) ORDER BY chunks.id DESC
"""
_IS_TRUE = "id <= (SELECT last_rollup FROM checkpoint)"
_HOURS = f"SELECT DISTINCT from_ms FROM rollups WHERE {_IS_TRUE}"  # noqa: S608  # of constants
_OF_DAY = f"SELECT id FROM rollups WHERE from_ms >= ? AND from_ms < ? AND {_IS_TRUE} ORDER BY id"  # noqa: S608
_ROLLUPS = "SELECT scope, key, from_ms, samples, body, sketches FROM rollups"

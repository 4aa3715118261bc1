"""How does what a cluster has become the file of one daemon, whole or not at all?

It is written under a passing name, without a care for power cuts, and looked over, synced and given its name at the
end.  What was broken off before has left no file that a daemon could mistake for one.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from monitor.history.chunks import THOROUGH
from monitor.history.rollup_rows import Row
from monitor.history.rollups import HOUR_MS
from monitor.store.copying import refuse_faults, understood
from monitor.store.database import open_writer
from monitor.store.moving_source import TABLES
from monitor.store.ports import Line, StoreFailed
from monitor.store.private_files import create_part, hand_over, put_in_place
from monitor.store.rollups import put_rows
from monitor.store.samples import put_down

_LOG_PAGES = 1_000  # there is no write-ahead log while it is written


class Reach(NamedTuple):
    """How far a log has come that goes on in the file."""

    through: int  # the id that the saved picture reaches
    settled: int  # the id up to which samples are history
    raw_since_ms: int  # of what was measured before, the samples may be gone


class Target:
    """A file on its way."""

    def __init__(self, writer: sqlite3.Connection) -> None:
        self._writer = writer
        self._last_rollup = 0

    @classmethod
    @contextmanager
    def written(cls, file: Path) -> Iterator[Self]:
        """Begin a file that is not there yet; it has its name once this is over, unless that was by an error.

        Raises:
            StoreFailed: something is there, or it cannot be written.
        """
        if file.exists():
            raise StoreFailed(f"{file}: expected the name of a file that is not there yet, got one that is")
        try:
            part = create_part(file)
        except OSError as error:
            raise StoreFailed(f"{file}: expected a folder that can be written, got {error.strerror}") from error
        try:
            open_writer(part, "off", _LOG_PAGES).close()
            with understood(f"{file}: expected to write it"), closing(_begun(part)) as writer:
                yield cls(writer)
                writer.execute("COMMIT")
            refuse_faults(part, file, "quick_check")
            hand_over(part, file)
            if file.exists():
                raise StoreFailed(f"{file}: expected nobody to write it meanwhile, got a file that is there")
            put_in_place(part, file)
        finally:
            for suffix in ("", "-wal", "-shm"):
                part.with_name(part.name + suffix).unlink(missing_ok=True)

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, its key first."""
        names = [row[1] for row in self._writer.execute(f"PRAGMA table_info({table})")]
        key = TABLES[table]
        return [*key, *(name for name in names if name not in key)]

    def add_rows(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows of a table, in the order of its columns, as PostgreSQL tells them."""
        columns = self.columns(table)
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # of the schema
        self._writer.executemany(insert, ([_value(value) for value in row] for row in rows))

    def add_lines(self, lines: Sequence[Line]) -> None:
        """Add what several people measured."""
        put_down(self._writer, lines, THOROUGH)

    def add_rollups(self, rows: Sequence[Row]) -> None:
        """Add what samples add up to; of a scope, key and hour there is one row."""
        put_rows(self._writer, rows, self._last_rollup, is_merged=True)
        self._last_rollup += len(rows)

    def finish(self, reach: Reach, last_audit_id: int) -> None:
        """Say how far all of it reaches, and let the audit log go on after a number, also where its rows are gone."""
        self._writer.execute(_REACH, (*reach, self._last_rollup))
        # Chunks are put together; but who was heard of last may have more in the log.
        self._writer.execute(_MERGED, (HOUR_MS,))
        self._writer.execute("DELETE FROM sqlite_sequence WHERE name = 'audit'")
        self._writer.execute("INSERT INTO sqlite_sequence VALUES ('audit', ?)", (last_audit_id,))


def _begun(part: Path) -> sqlite3.Connection:
    """Begin to write, from any thread, what nobody will miss before it is whole."""
    writer = sqlite3.connect(part, isolation_level=None, check_same_thread=False)
    writer.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
    return writer


def _value(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, list) else value


# --- SQL --------------------------------------------------------------------------------------------------

_REACH = "UPDATE checkpoint SET through = ?, settled = ?, raw_since_ms = ?, last_rollup = ?"
_MERGED = "UPDATE checkpoint SET merged_ms = max(0, (SELECT coalesce(max(to_ms), 0) FROM series) - ?)"

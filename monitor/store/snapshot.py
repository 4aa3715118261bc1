"""How is a database read that somebody else writes to?

From a connection of its own, in one transaction from the first look to the last: whatever the daemon writes meanwhile,
it is one moment that is seen, the end of the log included.  As long as that lasts the write-ahead log keeps all that is
written, so it should not last for hours.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

from monitor.store.copying import opened_to_read, understood
from monitor.store.database import Database
from monitor.store.ports import StoreFailed
from monitor.store.schema import newest, version_of

T = TypeVar("T")


class Snapshot(Database):
    """A database as it was at one moment; whatever reads it may be a command, which has nothing else to do."""

    def __init__(self, path: Path, reader: sqlite3.Connection) -> None:
        self.path = path
        self._connection = reader

    @classmethod
    @contextmanager
    def taken(cls, path: Path) -> Iterator[Self]:
        """Open a database and keep to this moment.

        Raises:
            SchemaTooNew: it is of a newer version.
            StoreFailed: there is none, or it cannot be read, or it is of an older version.
        """
        with opened_to_read(path, of_one_thread=False) as connection:
            with understood(f"{path}: expected a readable Roomwatch database"):
                connection.execute("BEGIN")
                _refuse_older(version_of(connection, path), path)
            yield cls(path, connection)

    async def read(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Sequence[Any]:
        """Return the rows of a query.

        Raises:
            StoreFailed: SQLite refused.
        """
        with understood(f"{self.path}: expected a sound database"):
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to a thread that reads for longer than a query."""
        with understood(f"{self.path}: expected a sound database"):
            yield self._connection

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> NoReturn:  # noqa: ARG002  # it is not done
        """Refuse.

        Raises:
            StoreFailed: always.
        """
        raise StoreFailed(f"{self.path}: expected to read only, got something to write")

    async def close(self) -> None:
        """Leave that to whoever opened it."""


def _refuse_older(version: int, path: Path) -> None:
    if version < newest():
        raise StoreFailed(
            f"{path}: expected schema {newest()}, got {version}; start the daemon of this version, which upgrades it"
        )

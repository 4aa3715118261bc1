"""What is asked of a connection to PostgreSQL?  As much of asyncpg's as is used here, which ships no types."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Connection(Protocol):
    """A connection in the hands of one transaction."""

    async def execute(self, sql: str, *values: Any) -> str:
        """Run one statement and return its command tag, such as `UPDATE 1`."""

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values, in one round trip."""

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        """Return the rows of a statement."""

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        """Return the first row of a statement, or None."""

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """Return the first value of the first row of a statement, or None."""


def count_of(tag: str) -> int:
    """Return how many rows a statement was about, by its command tag."""
    return int(tag.rpartition(" ")[2])

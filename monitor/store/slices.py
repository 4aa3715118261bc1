"""How is much done to many rows without anybody waiting long?

In slices, each a transaction of its own, and each over when its time is up, not after so many rows: a row may be fifty
bytes or forty thousand.  Whatever stops between two slices, the next attempt goes on where this one ended.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from monitor.store.database import Database

SLICE_S = 0.01  # and as long again or twice until the disk has it; who waits to write waits for one slice at most
BITE_ROWS = 16  # between two looks at the clock: of rows of forty kilobytes, some milliseconds


class Place(NamedTuple):
    """How far somebody has got in an order of rows: the time of the last one, and its key."""

    at: float = -1e18
    key: str | int = -(2**62)


Change = Callable[[sqlite3.Connection, tuple[Any, ...]], int]


async def delete_all(database: Database, statement: str, bounds: Mapping[str, float]) -> int:
    """Repeat a statement that deletes at most `:slice` rows until nothing is left for it; return how many went."""
    deleted, is_done = 0, False
    while not is_done:
        rows, is_done = await database.write(partial(_delete_some, statement=statement, bounds=bounds))
        deleted += rows
    return deleted


def _delete_some(writer: sqlite3.Connection, statement: str, bounds: Mapping[str, float]) -> tuple[int, bool]:
    deleted, until_s = 0, time.perf_counter() + SLICE_S
    while time.perf_counter() < until_s:
        rows = writer.execute(statement, {**bounds, "slice": BITE_ROWS}).rowcount
        deleted += rows
        if rows < BITE_ROWS:
            return deleted, True
    return deleted, False


async def change_all(database: Database, question: str, bounds: Mapping[str, float], change: Change) -> int:
    """Change each row that a question finds; return how many were.

    Args:
        database: where.
        question: for the time, the key and more of at most `:slice` rows after (`:at`, `:key`), in that order.
        bounds: the other values in it.
        change: changes a row and returns how many that were, one or none.
    """
    changed, place = 0, Place()
    while True:
        some = partial(_change_some, question=question, bounds=bounds, change=change, place=place)
        rows, reached = await database.write(some)
        changed += rows
        if reached is None:
            return changed
        place = reached


def _change_some(
    writer: sqlite3.Connection, question: str, bounds: Mapping[str, float], change: Change, place: Place
) -> tuple[int, Place | None]:
    changed, until_s = 0, time.perf_counter() + SLICE_S
    while time.perf_counter() < until_s:
        values = {**bounds, "at": place.at, "key": place.key, "slice": BITE_ROWS}
        rows = writer.execute(question, values).fetchall()
        changed += sum(change(writer, row) for row in rows)
        if len(rows) < BITE_ROWS:
            return changed, None
        place = Place(*rows[-1][:2])
    return changed, place

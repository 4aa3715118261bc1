"""What is in the log, and in no chunk and no rollup yet?

Ten minutes of everybody's posts.  Questions about an hour that is not over are about these, too, so what they add up to
is kept at hand: each question adds what has come since the last one, and starts again once they have been settled.
"""

import sqlite3
from collections.abc import Sequence
from threading import Lock
from typing import Any

import msgspec

from monitor.history.rollups import NO_ROLLUPS, Rollups, merged, rolled
from monitor.store.lines import Lines, in_batches, united
from monitor.store.ports import Client, Line, Resolve, Series
from monitor.store.rows import measured_in
from monitor.store.scopes import Scopes, is_told_whole, placed
from monitor.store.turns import Turns

SAMPLES_A_TIME = 400_000  # thirty-two megabytes while they are gathered

_NEVER = 2**62
_decode_client = msgspec.json.Decoder(Client).decode


def gathered(reader: sqlite3.Connection, after: int, through: int = _NEVER) -> tuple[Lines, int | None]:
    """Return the samples in the log after one id and up to another, as many as are gathered at a time.

    With them comes the id that they reach; None: there is nothing there.
    """
    lines, reached, turns = Lines(), None, Turns()
    rows = reader.execute("SELECT id, body FROM ingest_log WHERE id > ? AND id <= ? ORDER BY id", (after, through))
    for log_id, body in rows:
        reached = log_id
        for batch in measured_in(body):
            lines.add(batch)
            turns.give_way()
        if lines.count >= SAMPLES_A_TIME:
            break
    return lines, reached


def rolled_up(reader: sqlite3.Connection, lines: Sequence[Line], scopes: Scopes) -> Rollups:
    """Return what the samples of several people add up to; of who has not told all of it, what is known counts."""
    known = _known(reader, [line.series for line in lines if not is_told_whole(line.series, scopes)])
    return rolled(placed(_completed(line, known), scopes) for line in lines)


def _completed(line: Line, known: dict[tuple[str, str], Series]) -> Line:
    earlier = known.get((line.series.room, line.series.participant))
    return line if earlier is None else line._replace(series=united(earlier, line.series))


def _known(reader: sqlite3.Connection, wanted: Sequence[Series]) -> dict[tuple[str, str], Series]:
    if not wanted:
        return {}
    marks = ", ".join(["(?, ?)"] * len(wanted))
    rows = reader.execute(
        "SELECT room, participant, room_name, identity, account_sid, client FROM series"  # noqa: S608  # only marks
        f" WHERE (room, participant) IN (VALUES {marks})",
        [value for series in wanted for value in (series.room, series.participant)],
    )
    return {(row[0], row[1]): series_in(row) for row in rows}


def series_in(row: Sequence[Any]) -> Series:
    """Return who it is that a row begins with."""
    room, participant, room_name, identity, account_sid, client = row[:6]
    return Series(room, participant, room_name, identity, account_sid, _decode_client(client))


class Unsettled:
    """What is in the log, added up; asked from any thread."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._lock = Lock()
        self._settled = self._reached = -1
        self._rollups = NO_ROLLUPS

    def rollups(self, reader: sqlite3.Connection, resolve: Resolve) -> Rollups:
        """Return the rollups of what is not settled, as the reader sees it."""
        with self._lock:
            ((settled,),) = reader.execute("SELECT settled FROM checkpoint")
            if settled != self._settled:
                self._settled = self._reached = settled
                self._rollups = NO_ROLLUPS
            while self._add_some(reader, resolve):
                pass
            return self._rollups

    def _add_some(self, reader: sqlite3.Connection, resolve: Resolve) -> bool:
        lines, reached = gathered(reader, self._reached)
        if reached is None:
            return False
        turns = Turns()
        for some in in_batches(lines.take(resolve)):
            self._rollups = merged([self._rollups, rolled_up(reader, some, self._scopes)])
            turns.give_way()
        self._reached = reached
        return True

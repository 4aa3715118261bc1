"""How does a call that was recorded elsewhere get into the database?

In one transaction, and beside what is there: what is known here stays as it is, and only what is missing is added, so
to do it twice changes nothing the second time.  Nobody else may have the database meanwhile.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from monitor.entities import Entity
from monitor.store.picture_rows import row_of
from monitor.store.ports import Changed, Happening, Line, Resolve
from monitor.store.rows import encode
from monitor.store.samples import add_line


class Evidence(NamedTuple):
    """A call; what there may be much of is read when it is wanted, and again if it is wanted again."""

    entities: Sequence[Entity]
    alerts: Sequence[Changed]
    happenings: Mapping[str, Callable[[], Iterator[Happening]]]  # by the key of a room
    lines: Callable[[], Iterator[Line]]


class Added(NamedTuple):
    """How much of it was not there before."""

    entities: int
    alerts: int
    happenings: int
    samples: int


def add_evidence(writer: sqlite3.Connection, evidence: Evidence, resolve: Resolve) -> Added:
    """Add what is not there, as a part of a transaction."""
    return Added(
        sum(_add_entity(writer, each) for each in evidence.entities),
        sum(_add_alert(writer, each) for each in evidence.alerts),
        sum(_add_happenings(writer, room, happened()) for room, happened in evidence.happenings.items()),
        sum(add_line(writer, line, resolve) for line in evidence.lines()),
    )


def _add_entity(writer: sqlite3.Connection, entity: Entity) -> int:
    table, row = row_of(entity)
    statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))}) ON CONFLICT DO NOTHING"  # noqa: S608
    return writer.execute(statement, row).rowcount


def _add_alert(writer: sqlite3.Connection, change: Changed) -> int:
    told = change.transition
    names = (told.fingerprint, told.rule, told.entity, told.before.value, told.after.value, told.at)
    return writer.execute(_INSERT_TRANSITION, (*names, encode(told), encode(change.alert), *names)).rowcount


def _add_happenings(writer: sqlite3.Connection, room: str, told: Iterable[Happening]) -> int:
    """Add what is told more often than it is known: that it happened twice at the same moment may be true."""
    added = 0
    for at_ms, of_moment in groupby(told, key=attrgetter("at_ms")):
        rows = writer.execute(
            "SELECT kind, source, participant, body FROM events WHERE room = ? AND at_ms = ?", (room, at_ms)
        )
        known = Counter((*names, _on_one_line(body)) for *names, body in rows.fetchall())
        for happening in of_moment:
            told_as = (happening.kind, happening.source, happening.participant, _on_one_line(happening.body))
            if known[told_as] > 0:
                known[told_as] -= 1
            else:
                writer.execute(_INSERT_EVENT, (at_ms, room, *happening[1:]))
                added += 1
    return added


def _on_one_line(body: bytes) -> bytes:
    return msgspec.json.format(body, indent=-1)


_INSERT_TRANSITION = """
INSERT INTO transitions (fingerprint, rule, entity, before, after, at_s, body, alert) SELECT ?, ?, ?, ?, ?, ?, ?, ?
WHERE NOT EXISTS (
    SELECT 1 FROM transitions
    WHERE fingerprint = ? AND rule = ? AND entity = ? AND before = ? AND after = ? AND at_s = ?
)
"""
_INSERT_EVENT = "INSERT INTO events (at_ms, room, kind, source, participant, body) VALUES (?, ?, ?, ?, ?, ?)"

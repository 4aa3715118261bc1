"""Where is a person mentioned, and what is left of a row of the log without them?  Pure.

What `monitor.store.person` says of one event is said here of rows, in which there are many.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
from msgspec import Raw

from alerts.model import Alert
from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.entities import Account, Entity, Participant, Recording, Room
from monitor.packing import pack, unpack
from monitor.store.forgotten import IDENTITY
from monitor.store.person import Person, entity_without, event_without, is_alert_about
from monitor.store.rows import encode

_SID = re.compile(rb"PA\w{32}")

_raws = msgspec.json.Decoder(list[Raw]).decode


class Mentions:
    """Finds quickly what may be about a person: what has one of their SIDs in it, or one of their names as a value."""

    def __init__(self, person: Person) -> None:
        quoted = [encode(name) for name in person.names]
        self._names = [*quoted, *(IDENTITY.encode() + each[1:] for each in quoted)]
        self._sids = frozenset(sid.encode() for sid in person.sids)

    def are_in(self, body: bytes) -> bool:
        """Whether a row with this body may be about the person."""
        return any(name in body for name in self._names) or not self._sids.isdisjoint(_SID.findall(body))


class Piece(NamedTuple):
    """A row of the log: the number of its last event, and its events."""

    last_id: int
    bodies: Sequence[bytes]


def pieces_left(first_id: int, body: bytes, before: Sequence[Event], after: Sequence[Event | None]) -> Iterator[Piece]:
    """Return the rows that a row of the log becomes: it is split where something is missing."""
    numbered = enumerate(zip(_raws(body), before, after, strict=True), start=first_id)
    for is_gone, some in groupby(numbered, key=lambda each: each[1][2] is None):
        if not is_gone:
            run = list(some)
            yield Piece(run[-1][0], [bytes(raw) if new is old else encode(new) for _, (raw, old, new) in run])


def sessions_of(events: Iterable[Event], person: Person) -> Iterator[str]:
    """Return the sessions of posts of which nothing is left without the person."""
    for event in events:
        if isinstance(event, TelemetryBatch) and event.session and event_without(event, person) is None:
            yield event.session


def keys_of(events: Iterable[Event]) -> Iterator[str]:
    """Return the keys by which repeats of events are known, if they are no posts."""
    return (key for event in events if not isinstance(event, TelemetryBatch) and (key := event.dedup_key) is not None)


def sids_of(events: Iterable[Event], names: frozenset[str]) -> Iterator[str]:
    """Return under which participant SIDs events tell of somebody with one of the names."""
    for event in events:
        sid: str | None = getattr(event, "participant_sid", None)
        if sid is not None and getattr(event, "identity", None) in names:
            yield sid


def alert_without(person: Person) -> Callable[[Alert], Alert | None]:
    """Return what leaves nothing of an alert that is about the person."""
    return lambda alert: None if is_alert_about(alert, person) else alert


# --- what is on record ------------------------------------------------------------------------------------


class RecordTable(NamedTuple):
    """A table of records; a `packed` one has bodies that are."""

    name: str
    key: str
    kind: type[Entity]
    is_packed: bool = False

    def without(self, person: Person, mentions: Mentions, kept: bytes) -> bytes | None:
        """Return what is kept of a record that nobody can tell the person by: as it was, changed, or nothing."""
        opened, closed = (unpack, pack) if self.is_packed else (bytes, bytes)
        body = opened(kept)
        if not mentions.are_in(body):
            return kept
        left = entity_without(msgspec.json.decode(body, type=self.kind), person)
        if left is None:
            return None
        return closed(after) if (after := encode(left)) != body else kept


RECORDS = (
    RecordTable("rooms", "key", Room, is_packed=True),
    RecordTable("participants", "key", Participant),
    RecordTable("recordings", "recording_sid", Recording),
    RecordTable("accounts", "account_sid", Account),
)

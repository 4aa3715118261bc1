"""What is the story of a call told from?"""

from collections.abc import Sequence

from msgspec import Struct

from alerts.model import Incident
from collectors.error_codes import explain
from monitor.entities import Room
from monitor.store.ports import Call, Changed, Happening
from monitor.story.identifying import entry_id
from monitor.story.people import People
from monitor.story.shapes import Entry


class Material(Struct, frozen=True):
    """All that is on record of a call between two moments; `incidents` are those of its alerts' groups."""

    call: Call
    people: People
    happenings: Sequence[Happening]
    alerts: Sequence[Changed]
    incidents: Sequence[Incident]
    span_ms: tuple[int, int]

    @property
    def room(self) -> Room:
        """Return the room."""
        return self.call.room


class Told(Struct, frozen=True):
    """What an entry says beside its words."""

    until_ms: int | None = None
    key: str | None = None
    told_by: str | None = None
    sid: str | None = None
    sequence: int | None = None
    code: int | None = None
    rating: int | None = None
    text: str | None = None


_NOTHING_MORE = Told()


def entry(at_ms: int, kind: str, source: str, words: str, told: Told = _NOTHING_MORE) -> Entry:
    """Return an entry; a code is explained in it."""
    known = explain(told.code) if told.code else None
    return Entry(
        id=entry_id(at_ms, kind, source, told.key, told.sid, told.sequence),
        at_ms=at_ms,
        kind=kind,
        source=source,
        words=words,
        until_ms=told.until_ms,
        key=told.key,
        told_by=told.told_by,
        sid=told.sid,
        sequence=told.sequence,
        code=told.code or None,
        code_name=known.name if known else None,
        code_words=known.meaning if known else None,
        remedy=known.remedy if known else None,
        rating=told.rating,
        text=told.text,
    )

"""Who came and went in a call, and whose connection broke?"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from alerts.times_in_words import in_words
from collectors.error_codes import is_trouble
from collectors.observations import Connection, ConnectionState
from monitor.evidence.thresholds import OUTAGE_MS
from monitor.story.material import Material, Told, entry
from monitor.story.people import Person
from monitor.story.shapes import Entry
from monitor.story.witnessed import Witnessed, connections_of


def told(material: Material) -> Iterator[Entry]:
    """Tell of the room, of everybody in it, and of their connections."""
    yield from _room(material)
    connections = connections_of(material.happenings, material.people)
    for person in material.people:
        own = connections.own(person.key)
        yield from _stay(person)
        yield from _outages(person, own or connections.of_others(person.key))
        yield from _ends(person, own)


def _room(material: Material) -> Iterator[Entry]:
    room = material.room
    if room.created_at_ms is not None:
        yield entry(room.created_at_ms, "room", "twilio", "The room began.")
    if room.ended_at_ms is not None:
        why = f": {room.end_reason}" if room.end_reason else ""
        yield entry(room.ended_at_ms, "room", "twilio" if room.is_end_told else "telemetry", f"The room ended{why}.")


def _stay(person: Person) -> Iterator[Entry]:
    record = person.record
    if record is None:
        return
    source = "twilio" if record.is_told else "telemetry"
    if record.joined_at_ms is not None:
        yield entry(record.joined_at_ms, "joined", source, f"{person.name} joined.", Told(key=person.key))
    if record.left_at_ms is not None and not record.is_live:
        why = f": {record.end_reason}" if record.end_reason else ""
        said = Told(key=person.key, code=record.error_code)
        yield entry(record.left_at_ms, "left", source, f"{person.name} left{why}.", said)


def _outages(person: Person, told: Sequence[Witnessed[Connection]]) -> Iterator[Entry]:
    """Tell of each time when a connection was lost, and of how it went on."""
    for each, after in zip_longest(told, told[1:]):
        if each.seen.state is ConnectionState.RECONNECTING:
            yield _outage(person, each, after)


def _outage(person: Person, lost: Witnessed[Connection], after: Witnessed[Connection] | None) -> Entry:
    is_known = after is not None and after.at_ms - lost.at_ms <= OUTAGE_MS
    until_ms = after.at_ms if after is not None and is_known else None
    how = "lost the connection" if until_ms is None else _how_long(lost.at_ms, until_ms, after)
    told_by = None if lost.teller == person.key else lost.teller
    said = Told(until_ms=until_ms, key=person.key, told_by=told_by, code=lost.seen.code)
    return entry(lost.at_ms, "reconnecting", "telemetry", f"{person.name} {how}.", said)


def _how_long(lost_ms: int, until_ms: int, after: Witnessed[Connection] | None) -> str:
    lasted = in_words((until_ms - lost_ms) / 1000)
    if after is not None and after.seen.state is ConnectionState.DISCONNECTED:
        return f"lost the connection, and for good after {lasted}"
    return f"lost the connection for {lasted}"


def _ends(person: Person, own: Sequence[Witnessed[Connection]]) -> Iterator[Entry]:
    """Tell of connections that ended with an error, or never came about."""
    for each in own:
        if each.seen.state is ConnectionState.DISCONNECTED and each.seen.code is not None:
            kind, how = ("refused", "could not join") if person.record is None else _how_it_ended(each.seen)
            said = Told(key=person.key, code=each.seen.code)
            yield entry(each.at_ms, kind, "telemetry", f"{person.name} {how}.", said)


def _how_it_ended(seen: Connection) -> tuple[str, str]:
    return "disconnected", "was disconnected by an error" if is_trouble(seen.code) else "was disconnected"

"""Where is all that explains an alert?

The store has the parts in five places; this puts together what belongs to one alert and has it told
(`alerts.explaining`).  The same for the daemon and for a command beside it: both have a store and a picture.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from alerts.explaining import Explanation, OnRecord, Today, explain
from alerts.fingerprint import fingerprint
from alerts.hindsight import Told
from alerts.lives import Change, life_at
from alerts.model import Incident, Kind, Note, Rule
from alerts.silences import Silence
from alerts.times_in_words import moment
from alerts.word_story import Said
from monitor.config import Config
from monitor.entities import Participant, Room
from monitor.failures import CommandFailed
from monitor.live import Live
from monitor.on_record import call_on_record
from monitor.store.ports import Call, Lacking, OutboxEntry, OutboxSearch, Resolve, Store
from monitor.value_courses import MEASURED, course_of

MOST_EXPLAINED = 50
_CHANGES, _NOTES, _WORDS = 500, 500, 500  # of one alert, at most
_DAY_S = 86_400.0
_NO_END_S = float("inf")
_SILENCE = re.compile(r"\((s1-[0-9a-f]+)\)$")


class Asked(NamedTuple):
    """What is to be explained: alerts about a room, or about somebody in it, of all rules or of one.

    `person` is a SID or an identity; `identities` are further names of the same person.
    """

    room: str
    at_s: float
    person: str = ""
    rule: str = ""
    identities: frozenset[str] = frozenset()


class Subject(NamedTuple):
    """An alert there is or might have been: of which rule, about what, which is called `name`."""

    fingerprint: str
    rule: str
    kind: str
    entity: str
    name: str
    room: Room | None = None
    person: Participant | None = None


class Explained(NamedTuple):
    """What was found out about one alert."""

    subject: Subject
    explanation: Explanation


class NotOnRecord(CommandFailed):
    """There is nothing of the kind; `str()` says what was expected."""


class Explainer:
    """Explains alerts.

    Args:
        store: what is on record.
        live: the picture, which knows calls that go on.
        resolve: whom a name stood for.
        config: what is configured at present.
    """

    def __init__(self, store: Store, live: Live, resolve: Resolve, config: Callable[[], Config]) -> None:
        self._store = store
        self._live = live
        self._resolve = resolve
        self._config = config

    async def of_alert(self, fingerprint: str, at_s: float) -> Explained:
        """Explain the alert with a fingerprint.

        Raises:
            NotOnRecord: it never was pending, or that is no longer known.
        """
        changes = await self._changes(fingerprint, at_s)
        if not changes:
            raise NotOnRecord(f"alert: expected the fingerprint of an alert on record, got {fingerprint[:60]!r}")
        alert = changes[-1].alert
        name = alert.annotations.get("summary") or alert.entity
        subject = Subject(fingerprint, alert.rule, alert.kind.value, alert.entity, name)
        return await self._explained(subject, changes, at_s)

    async def of_call(self, asked: Asked) -> tuple[Room, list[Explained]]:
        """Explain the alerts there were or might have been in a room, or about somebody in it.

        Raises:
            NotOnRecord: the room, the person or the rule is not.
        """
        call = await call_on_record(self._store.archive, self._live, asked.room)
        if call is None:
            raise NotOnRecord(f"room: expected the SID or name of a room on record, got {asked.room[:60]!r}")
        subjects = list(_each_once(self._subjects(call, asked)))[:MOST_EXPLAINED]
        if not subjects:
            raise NotOnRecord(self._expected_rule(asked))
        return call.room, [await self._looked_into(each, asked.at_s) for each in subjects]

    # --- which alerts -------------------------------------------------------------------------------------

    def _subjects(self, call: Call, asked: Asked) -> Iterator[Subject]:
        people = _people(call.room, asked) if asked.person else []
        if asked.person and not people:
            raise NotOnRecord(f"participant: expected somebody who was in the room, got {asked.person[:60]!r}")
        for rule in self._config().rules:
            if asked.rule in ("", rule.name):
                yield from _of_rule(rule, call, people, is_asked=bool(asked.rule))
        yield from _on_record(call, asked, people)

    def _expected_rule(self, asked: Asked) -> str:
        rules = [rule for rule in self._config().rules if rule.over is Kind.PARTICIPANT or not asked.person]
        names = ", ".join(rule.name for rule in rules)
        return f"rule: expected one about what was asked for ({names}), got {asked.rule[:60]!r}"

    # --- what is on record of one -------------------------------------------------------------------------

    async def _looked_into(self, subject: Subject, at_s: float) -> Explained:
        changes = await self._changes(subject.fingerprint, at_s)
        known = subject._replace(kind=changes[-1].alert.kind.value) if changes else subject
        return await self._explained(known, changes, at_s)

    async def _explained(self, subject: Subject, changes: Sequence[Change], at_s: float) -> Explained:
        config = self._config()
        rule = next((each for each in config.rules if each.name == subject.rule), None)
        course: tuple[Told, ...] | None = None
        lacking = ""
        try:
            course = await self._course(subject, rule, at_s)
        except Lacking as error:  # a course with a hole in it would say that nothing was measured there
            lacking = str(error)
        record = replace(await self._record(subject, changes, at_s), course=course, lacking=lacking)
        explanation = explain(record, Today(rule, config.routing, tuple(config.notifiers)), at_s)
        return Explained(subject, _with_presence(explanation, subject.person, at_s))

    async def _changes(self, fingerprint: str, at_s: float) -> list[Change]:
        found = await self._store.alerts.changes_of(fingerprint, at_s + _DAY_S, _CHANGES)
        return [Change(*each) for each in found]

    async def _record(self, subject: Subject, changes: Sequence[Change], at_s: float) -> OnRecord:
        life = life_at(changes, at_s)
        if life is None:
            return OnRecord()
        from_s, to_s = life.began_at, _NO_END_S if life.ended_at is None else life.ended_at + 1.0
        store, is_open = self._store, life.ended_at is None
        now = next((each for each in await store.alerts.load_alerts() if each.fingerprint == subject.fingerprint), None)
        alerts = [*(each.alert for each in life.changes), *([now] if now is not None and is_open else [])]
        keys = {key for alert in alerts for key in alert.groups}
        notes = await store.incidents.notes(subject.fingerprint, from_s, to_s, _NOTES)
        incidents = await store.incidents.incidents_of(keys, from_s, to_s) if keys else ()
        return OnRecord(
            changes=tuple(changes),
            now=now,
            notes=tuple(notes),
            incidents=tuple(incidents),
            said=tuple(await self._said(incidents)),
            groups=tuple(each for each in await store.incidents.load_groups() if each.key in keys),
            silences=tuple(await self._silences(notes)),
        )

    async def _course(self, subject: Subject, rule: Rule | None, at_s: float) -> tuple[Told, ...] | None:
        room, person = subject.room, subject.person
        if rule is None or room is None or person is None or rule.raise_when.value not in MEASURED:
            return None
        at_ms = int(at_s * 1000)
        began_ms = max(person.joined_at_ms or room.created_at_ms or 0, at_ms - int(_DAY_S * 1000)) - 60_000
        lines = await self._store.samples.timeline(room.history_key, max(began_ms, 0), at_ms + 1, self._resolve)
        return course_of(rule.raise_when.value, person, lines)

    async def _said(self, incidents: Iterable[Incident]) -> list[Said]:
        found = [
            entry
            for incident in incidents
            for entry in await self._store.alerts.notifications(OutboxSearch(incident=incident.id, limit=_WORDS))
        ]
        return [await self._became(each) for each in sorted(found, key=lambda entry: entry.seq)]

    async def _became(self, entry: OutboxEntry) -> Said:
        return Said(
            entry.notification,
            entry.state,
            tuple(await self._store.alerts.attempts(entry.seq)),
            entry.next_at_s if entry.state == "waiting" else None,
            entry.settled_at_s,
            entry.last_error,
            tuple(await self._store.receipts.of(entry.notification.id)),
        )

    async def _silences(self, notes: Iterable[Note]) -> list[Silence]:
        named = {found[1] for note in notes if (found := _SILENCE.search(note.text))}
        silences = [await self._store.silences.silence(name) for name in sorted(named)]
        return [each for each in silences if each is not None]


# --- which alerts ----------------------------------------------------------------------------------------


def _each_once(subjects: Iterable[Subject]) -> Iterable[Subject]:
    by_name: dict[str, Subject] = {}
    for each in subjects:
        by_name.setdefault(each.fingerprint, each)
    return by_name.values()


def _people(room: Room, asked: Asked) -> list[Participant]:
    wanted = {asked.person, *asked.identities}
    return [each for each in room.people() if wanted & {each.sid, each.identity, each.key}]


def _of_rule(rule: Rule, call: Call, people: Sequence[Participant], *, is_asked: bool) -> Iterator[Subject]:
    """Yield what a rule looks at in a call: of everybody in it only if they, or the rule, are asked for."""
    room = call.room
    if rule.over is Kind.PARTICIPANT:
        for person in people or (room.people() if is_asked else ()):
            yield _about(rule, person.ref.key, person.identity or person.key, room, person)
    elif people:
        return
    elif rule.over is Kind.ROOM:
        yield _about(rule, room.key, room.name or room.key, room)
    elif is_asked:
        yield from (_about(rule, entity, entity, room) for entity in _others(call, rule.over))


def _others(call: Call, kind: Kind) -> Iterator[str]:
    match kind:
        case Kind.COMPOSITION:
            yield from (each.sid for each in call.compositions)
        case Kind.RECORDING:
            yield from (each.sid for each in call.recordings)
        case Kind.ACCOUNT:
            yield from [call.room.account_sid] if call.room.account_sid else []


def _about(rule: Rule, entity: str, name: str, room: Room, person: Participant | None = None) -> Subject:
    return Subject(fingerprint(rule.name, entity), rule.name, rule.over.value, entity, name, room, person)


def _on_record(call: Call, asked: Asked, people: Sequence[Participant]) -> Iterator[Subject]:
    """Yield what began in the call before the moment, also by rules that are not configured any more."""
    by_key = {each.ref.key: each for each in (people or call.room.people())}
    for each in reversed(call.transitions):
        person = by_key.get(each.entity)
        is_wanted = asked.rule in ("", each.rule) and (person is not None or not people)
        if each.at <= asked.at_s and is_wanted:
            name = (person.identity or person.key) if person else each.entity
            kind = Kind.PARTICIPANT.value if person else ""
            yield Subject(each.fingerprint, each.rule, kind, each.entity, name, call.room, person)


def _with_presence(explanation: Explanation, person: Participant | None, at_s: float) -> Explanation:
    """Return the explanation; if somebody was not in the room at the time, that comes first."""
    if person is None:
        return explanation
    absence = _absence(person, at_s)
    return replace(explanation, answer=(absence, *explanation.answer)) if absence else explanation


def _absence(person: Participant, at_s: float) -> str:
    joined_s = None if person.joined_at_ms is None else person.joined_at_ms / 1000
    left_s = None if person.left_at_ms is None else person.left_at_ms / 1000
    if joined_s is not None and at_s < joined_s:
        return f"they were not in the room yet: they came at {moment(joined_s)}"
    if left_s is not None and at_s > left_s:
        return f"they were not in the room any more: they left at {moment(left_s)}"
    return ""

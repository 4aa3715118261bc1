"""Why did this alert fire, or not, or not reach somebody, at that time?

The answer is put together from what was written down when it happened: the changes of the alert's state, the notes on
why somebody was not told, the incidents it was part of, every word of them with its attempts and receipts.  One *life*
of an alert goes from its beginning to its end; the one that is told is that in which the moment lies, or else the last
one before.  Who was not asked at all is told by today's routes, since nobody writes down what did not happen.

Everything is a dated sentence in plain words.  Nothing is guessed: what is not on record is said not to be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.grouping import UNMUTED
from alerts.hindsight import Told, seen
from alerts.lives import Change, Life, life_at
from alerts.model import Alert, Group, Incident, Note, Reason, Rule, State, Transition
from alerts.not_asked import why_not_asked
from alerts.regrouping import NOBODY
from alerts.routing import Route, group_labels, key_of, plans
from alerts.silences import Silence
from alerts.times_in_words import in_words, moment
from alerts.word_story import Said, Sentence, word_story


@dataclass(frozen=True, slots=True)
class OnRecord:
    """All that is on record of one alert; each part is in the order of time.

    `now` is the alert as it stands, if it is open.  `course` is what the rule's value was, None where no samples tell
    it; `lacking` says why they cannot be asked for now.  `groups` are those there are, `silences` those that notes
    speak of.
    """

    changes: tuple[Change, ...] = ()
    now: Alert | None = None
    notes: tuple[Note, ...] = ()
    incidents: tuple[Incident, ...] = ()
    said: tuple[Said, ...] = ()
    groups: tuple[Group, ...] = ()
    silences: tuple[Silence, ...] = ()
    course: tuple[Told, ...] | None = None
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Today:
    """What the configuration says at present: the rule, if there is such a one, the routes, and who could be told."""

    rule: Rule | None
    root: Route
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer in a few sentences, the story it rests on, and why each other receiver was not asked."""

    answer: tuple[str, ...]
    story: tuple[Sentence, ...] = ()
    not_asked: tuple[str, ...] = ()


def explain(record: OnRecord, today: Today, at: float) -> Explanation:
    """Return why an alert fired, or did not, and whom it reached, at a moment."""
    life = life_at(record.changes, at)
    if life is None:
        return Explanation(tuple(_not_fired(record, today, at)))
    is_over = life.ended_at is not None and life.ended_at <= at
    answer = _not_fired(record, today, at) if is_over else _stood(life, today, at)
    story = sorted(_story(life, record, today), key=lambda each: each.at)
    return Explanation(tuple(answer), tuple(story), tuple(_not_asked(life, record, today)))


# --- the answer ------------------------------------------------------------------------------------------


def _not_fired(record: OnRecord, today: Today, at: float) -> Iterator[str]:
    yield f"it did not fire at {moment(at)}"
    if today.rule is None:
        yield "no rule of that name is configured now"
    elif record.lacking:
        yield f"what {today.rule.raise_when.value} was cannot be told now: {record.lacking}"
    elif record.course is None:
        yield f"what {today.rule.raise_when.value} was is on record of no time, only when {today.rule.raise_when} began"
    else:
        yield from seen(today.rule, record.course, at)
    last = life_at(record.changes, at)
    if last is not None:
        began = f"the last time it began was at {moment(last.began_at)}"
        yield began if last.fired else f"{began}, and it did not hold for long enough"


def _stood(life: Life, today: Today, at: float) -> Iterator[str]:
    state, fired = life.state_at(at), life.fired
    since = max(each.transition.at for each in life.changes if each.transition.at <= at)
    yield f"it was {state} at {moment(at)}, since {moment(since)}"
    if state is State.PENDING:
        hold_s = today.rule.hold_for_s if today.rule else 0.0
        yield f"it had held for {in_words(at - since)}; it fires after {in_words(hold_s)}"
    elif fired is not None:
        yield f"because {fired.transition.why}{_value(fired.transition)}"


# --- the story -------------------------------------------------------------------------------------------


def _story(life: Life, record: OnRecord, today: Today) -> Iterator[Sentence]:
    for change in life.changes:
        yield Sentence(change.transition.at, _changed(change.transition))
        if change is life.fired:
            yield from _grouped(change, record, today)
    yield from (_noted(note, record.silences) for note in record.notes if _is_within(note.at, life))
    for incident in _incidents_of(life, record):
        yield from _incident(incident, life)
    for said in _words_of(life, record):
        yield from word_story(said)


def _is_within(at: float, life: Life) -> bool:
    return life.began_at <= at and (life.ended_at is None or at <= life.ended_at)


def _changed(transition: Transition) -> str:
    detail = transition.detail or str(transition.reason)
    match transition.before, transition.after:
        case State.INACTIVE, State.PENDING:
            return f"pending: {detail}{_value(transition)}"
        case State.FIRING, State.FIRING:
            return f"still firing, {transition.why}"
        case _, State.FIRING:
            return f"firing: {detail}{_value(transition)}"
        case State.PENDING, State.INACTIVE:
            return f"forgotten before anybody was told: {transition.why}"
        case _:
            return f"over: {transition.why}"


def _value(transition: Transition) -> str:
    is_said = transition.value is not None and transition.reason is not Reason.GONE
    return f"; it was {transition.value:g}" if is_said else ""


def _grouped(change: Change, record: OnRecord, today: Today) -> Iterator[Sentence]:
    alert, at = change.alert, change.transition.at
    for key in alert.groups:
        labels, route = _group(key, alert, record, today)
        shown = ", ".join(f"{name}={value}" for name, value in labels.items()) or key
        yield Sentence(at, f"put into group {shown} of {route}")
    later = record.now.groups if record.now is not None else ()
    if alert.groups and set(later) - set(alert.groups):
        yield Sentence(at, "and later, with many others, into one that says what they share")


def _group(key: str, alert: Alert, record: OnRecord, today: Today) -> tuple[Mapping[str, str], str]:
    """Return by which labels a group was made, and by which route."""
    group = next((each for each in record.groups if each.key == key), None)
    if group is not None:
        return group.labels, f"route {group.plan.route}"
    for plan in plans(alert.all_labels, today.root):
        labels = group_labels(alert, plan)
        if key_of(plan, labels) == key:
            return labels, f"route {plan.route}"
    incident = next((each for each in record.incidents if each.group == key), None)
    return (incident.labels if incident else {}), "a route that is not configured any more"


def _noted(note: Note, silences: Sequence[Silence]) -> Sentence:
    if note.text == UNMUTED:
        return Sentence(note.at, "not held back any more")
    if note.text == NOBODY:
        return Sentence(note.at, f"told to nobody: {note.text}")
    silence = next((each for each in silences if f"({each.id})" in note.text), None)
    until = f" until {moment(silence.ends_at)}" if silence else ""
    return Sentence(note.at, f"held back: {note.text}{until}")


def _incidents_of(life: Life, record: OnRecord) -> list[Incident]:
    """Return the incidents that the alert was part of while it lived."""
    if life.fired is None:
        return []
    alerts = [
        *(change.alert for change in life.changes),
        *([record.now] if record.now and life.ended_at is None else []),
    ]
    keys = {key for alert in alerts for key in alert.groups}
    return [each for each in record.incidents if each.group in keys and _overlaps(each, life)]


def _overlaps(incident: Incident, life: Life) -> bool:
    is_too_late = life.ended_at is not None and incident.started_at > life.ended_at
    is_too_early = incident.ended_at is not None and incident.ended_at < life.began_at
    return not is_too_late and not is_too_early


def _incident(incident: Incident, life: Life) -> Iterator[Sentence]:
    fired_at = life.fired.transition.at if life.fired else life.began_at
    if incident.started_at >= fired_at:
        yield Sentence(incident.started_at, f"incident {incident.id} begins")
    else:
        yield Sentence(
            fired_at, f"joins incident {incident.id}, of which people know since {moment(incident.started_at)}"
        )
    if incident.ended_at is not None:
        yield Sentence(incident.ended_at, f"incident {incident.id} is over")


def _words_of(life: Life, record: OnRecord) -> list[Said]:
    """Return what was said of the alert's incidents since it was part of them."""
    incidents = {each.id for each in _incidents_of(life, record)}
    since = life.fired.transition.at if life.fired else life.began_at
    return [
        each
        for each in record.said
        if each.notification.incident.id in incidents and each.notification.created_at >= since
    ]


# --- who was not asked -----------------------------------------------------------------------------------


def _not_asked(life: Life, record: OnRecord, today: Today) -> Iterator[str]:
    """Yield why each receiver there is was not told, by today's routes."""
    if life.fired is None:
        return
    alert = life.fired.alert
    known = {name for each in _incidents_of(life, record) for name in _knew(each, record)}
    for name in today.receivers:
        if name not in known:
            yield f"{name}: not asked: {why_not_asked(name, alert.all_labels, today.root)}"


def _knew(incident: Incident, record: OnRecord) -> set[str]:
    return {each.notification.receiver for each in record.said if each.notification.incident.id == incident.id}

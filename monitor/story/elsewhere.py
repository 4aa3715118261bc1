"""What did Twilio call back about, what was recorded and composed, what was said of a call, and which alerts fired?"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from alerts.model import Alert, Incident, State, Transition
from alerts.times_in_words import in_words
from collectors.events import CompositionStatus, RecordingStatus
from collectors.observations import Feedback
from monitor.entities import Composition, Recording
from monitor.store.ports import Changed, Happening
from monitor.story.identifying import entry_id
from monitor.story.material import Material, Told, entry
from monitor.story.people import People
from monitor.story.shapes import AlertEntry, Entry
from monitor.story.witnessed import Witnessed, witnessed

_feedback = msgspec.json.Decoder(Feedback)


class _Numbered(Struct):
    """As much of a callback as tells which it was."""

    sequence: int | None = None
    track_sid: str | None = None
    recording_sid: str | None = None
    composition_sid: str | None = None


_decode_numbered = msgspec.json.Decoder(_Numbered).decode


def told(material: Material) -> Iterator[Entry]:
    """Tell of callbacks, media, what people said, and alerts."""
    yield from (_callback(each, material.people) for each in material.happenings if each.source == "callback")
    for recording in material.call.recordings:
        yield from _recording(recording, material.people)
    for composition in material.call.compositions:
        yield from _composition(composition)
    yield from (
        _said(each, material.people) for each in witnessed("feedback", _feedback, material.happenings, material.people)
    )
    yield from (_preflight(each, material.people) for each in material.happenings if each.kind == "preflight")
    yield from _alerts(material)


# --- callbacks --------------------------------------------------------------------------------------------


def _callback(happening: Happening, people: People) -> Entry:
    seen = _decode_numbered(happening.body)
    number = "" if seen.sequence is None else f" {seen.sequence}"
    key = people.key_of(happening.participant, happening.at_ms)
    sid = seen.composition_sid or seen.recording_sid or seen.track_sid
    said = Told(key=key, sid=sid, sequence=seen.sequence)
    words = f"Callback{number}: {happening.kind}{f', {people.name_of(key)}' if key else ''}."
    told = entry(happening.at_ms, "callback", happening.source, words, said)
    return replace(told, id=entry_id(told.id, happening.kind))


# --- media ------------------------------------------------------------------------------------------------


def _recording(recording: Recording, people: People) -> Iterator[Entry]:
    key = people.key_of(recording.participant_sid)
    what = f"{people.name_of(key)}'s {recording.kind or 'track'}" if key else f"A {recording.kind or 'track'}"
    said = Told(key=key, sid=recording.sid)
    if recording.created_at_ms is None:
        return
    if recording.status is RecordingStatus.FAILED:
        why = f" at {recording.failed_operation}" if recording.failed_operation else ""
        yield entry(recording.created_at_ms, "recording", "twilio", f"The recording of {what} failed{why}.", said)
        return
    ends_ms = None if recording.duration_s is None else recording.created_at_ms + round(recording.duration_s * 1000)
    is_empty = recording.status is RecordingStatus.COMPLETED and recording.size_bytes == 0
    how = "was recorded, and there is nothing in it" if is_empty else "was recorded"
    said = Told(key=key, sid=recording.sid, until_ms=ends_ms)
    yield entry(recording.created_at_ms, "recording", "twilio", f"{what} {how}.", said)


def _composition(composition: Composition) -> Iterator[Entry]:
    began_ms = composition.created_at_ms or composition.seen_at_ms
    said = Told(sid=composition.sid, until_ms=composition.completed_at_ms)
    yield entry(began_ms, "composition", "twilio", f"A composition {_how_it_stands(composition)}.", said)


def _how_it_stands(composition: Composition) -> str:
    match composition.status:
        case CompositionStatus.COMPLETED:
            return "was made, and there is nothing in it" if composition.size_bytes == 0 else "was made"
        case CompositionStatus.FAILED:
            why = composition.error_message or composition.failed_operation
            return f"failed: {why}" if why else "failed"
        case CompositionStatus.DELETED:
            return "was made, and deleted"
        case _ if composition.is_expected:
            return "should be made by a hook, and nobody has seen it"
        case CompositionStatus.ENQUEUED:
            return "waits to be made"
        case _:
            percent = "" if composition.percent_done is None else f": {composition.percent_done:.0f} % done"
            return f"is being made{percent}"


# --- what people said -------------------------------------------------------------------------------------


def _said(told: Witnessed[Feedback], people: People) -> Entry:
    seen = told.seen
    rated = "said something about the call" if seen.rating is None else f"rated the call {seen.rating} of 5"
    said = Told(key=told.teller, rating=seen.rating, text=seen.text)
    return entry(told.at_ms, "feedback", "telemetry", f"{people.name_of(told.teller)} {rated}.", said)


def _preflight(happening: Happening, people: People) -> Entry:
    key = people.key_of(happening.participant, happening.at_ms)
    return entry(
        happening.at_ms, "preflight", happening.source, f"{people.name_of(key)} tested the way.", Told(key=key)
    )


# --- alerts -----------------------------------------------------------------------------------------------


def _alerts(material: Material) -> Iterator[Entry]:
    """Tell of each episode of an alert, from when it fired until it was resolved."""
    open_ones: dict[str, Changed] = {}
    for each in material.alerts:
        change = each.transition
        if change.begins_episode:
            open_ones[change.fingerprint] = each
        elif change.ends_episode and (fired := open_ones.pop(change.fingerprint, None)) is not None:
            yield _episode(fired, each.transition, material)
    yield from (_episode(fired, None, material) for fired in open_ones.values())


def _episode(fired: Changed, ended: Transition | None, material: Material) -> Entry:
    change, alert, people = fired.transition, fired.alert, material.people
    key = people.key_of(change.entity.rpartition("/")[2])
    whom = f" for {people.name_of(key)}" if key else ""
    lasted = f", for {in_words(ended.at - change.at)}" if ended else ", and still does"
    until_ms = round(ended.at * 1000) if ended else None
    words = f"Alert {change.rule} fired{whom}{lasted}."
    told = entry(round(change.at * 1000), "alert", "alerts", words, Told(until_ms=until_ms, key=key))
    return replace(
        told,
        id=entry_id(change.fingerprint, change.episode, round(change.at * 1000)),
        alert=AlertEntry(
            rule=change.rule,
            state=State.INACTIVE.value if ended else State.FIRING.value,
            severity=alert.severity.value,
            fingerprint=change.fingerprint,
            incident=_incident_of(alert, change, ended, material.incidents),
        ),
    )


def _incident_of(
    alert: Alert, fired: Transition, ended: Transition | None, incidents: Sequence[Incident]
) -> str | None:
    """Return the id of the incident that an alert was part of while it fired."""
    for each in incidents:
        is_too_late = ended is not None and each.started_at > ended.at
        is_too_early = each.ended_at is not None and each.ended_at < fired.at
        if each.group in alert.groups and not is_too_late and not is_too_early:
            return each.id
    return None

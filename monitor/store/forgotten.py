"""What is left of a record when it is forgotten whom it is about, or from where they called?

All numbers, and the participant's SID, which Twilio makes anew for every stay.  Who was known by name only gets a
made-up key instead, the same wherever the name stood: so what belongs together stays together.  The key of a repeated
callback goes, too, as it is a hash of what Twilio sent, name and all.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace as replaced
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from alerts.model import Alert, Group, Incident, Notification
from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.entities import Entity, Participant, Recording, Room
from monitor.store.rows import encode

IDENTITY = "identity:"  # begins the key of somebody whose SID nobody has told
TELEMETRY = "telemetry"  # the source of what browsers told
SOMEBODY = "somebody"  # in the place of a name in a sentence

StandIn = Callable[[str], str]  # the made-up key of somebody known by name only

E = TypeVar("E", bound=Entity)


def renamed(key: str, stand_in: StandIn) -> str:
    """Return the key of a participant without a name in it."""
    name = key.removeprefix(IDENTITY)
    return key if name == key else stand_in(name)


# --- who it was -------------------------------------------------------------------------------------------


def event_of_nobody(event: Event, stand_in: StandIn) -> Event:
    """Return an event that names nobody."""
    identity: str | None = getattr(event, "identity", None)
    if identity is None:
        return event
    sid = getattr(event, "participant_sid", None) or stand_in(identity)
    if isinstance(event, TelemetryBatch):
        return replace(event, identity=None, participant_sid=sid)
    return replace(event, identity=None, participant_sid=sid, dedup_key=None)


def happening_of_nobody(participant: str, source: str, body: bytes, stand_in: StandIn) -> tuple[str, bytes]:
    """Return whom something happened to, and how it was told, without a name.

    What was told may be of an earlier version, so it is read as it is.
    """
    key = renamed(participant, stand_in)
    if source == TELEMETRY:  # browsers tell of others by SID
        return key, body
    told = msgspec.json.decode(body)
    if told.pop("identity", None) is None:
        return key, body
    told.pop("dedup_key", None)
    if key:
        told["participant_sid"] = key
    return key, encode(told)


def entity_of_nobody(entity: E, stand_in: StandIn) -> E:
    """Return a record that names nobody; it may be the same one, changed."""
    match entity:
        case Room():
            entity.participants = _people_of_nobody(entity.participants, stand_in)
            entity.left = _people_of_nobody(entity.left, stand_in)
        case Participant():
            entity.key, entity.identity = renamed(entity.key, stand_in), None
        case Recording():
            entity.identity = None
        case _:
            pass
    return entity


def _people_of_nobody(people: Mapping[str, Participant], stand_in: StandIn) -> dict[str, Participant]:
    return {renamed(key, stand_in): entity_of_nobody(person, stand_in) for key, person in people.items()}


def alert_of_nobody(alert: Alert) -> Alert:
    """Return an alert whose details and whose words name nobody."""
    name = alert.details.get("identity")
    if not isinstance(name, str):
        return alert
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    annotations = {key: word.sub(SOMEBODY, text) for key, text in alert.annotations.items()}
    return replaced(alert, annotations=annotations, details={**alert.details, "identity": None})


def is_about_a_name(entity: str) -> bool:
    """Whether an alert is about somebody known by name only: its very key is made of the name."""
    return f"/{IDENTITY}" in entity


# --- from where -------------------------------------------------------------------------------------------


def event_from_nowhere(event: Event) -> Event:
    """Return an event without the address that it came from."""
    if isinstance(event, TelemetryBatch) and event.address is not None:
        return replace(event, address=None)
    return event


def entity_from_nowhere(entity: E) -> E:
    """Return a record without addresses of people; it is the same one, changed."""
    match entity:
        case Room():
            for person in entity.people():
                person.network_address = None
        case Participant():
            entity.network_address = None
        case _:
            pass
    return entity


def incident_with(incident: Incident, change: Callable[[Alert], Alert | None]) -> Incident:
    """Return an incident with each of its alerts changed, and without those of which nothing is left."""
    return replaced(incident, firing=_changed(incident.firing, change), resolved=_changed(incident.resolved, change))


def group_with(group: Group, change: Callable[[Alert], Alert | None]) -> Group:
    """Return a group with each of the alerts changed that it remembers, and without those of which nothing is left."""
    return replaced(group, resolved=_changed(group.resolved, change))


def notification_with(told: Notification, change: Callable[[Alert], Alert | None]) -> Notification | None:
    """Return what somebody was told with each of its alerts changed, or None where none of them is left."""
    incident = incident_with(told.incident, change)
    return replaced(told, incident=incident) if incident.alerts else None


def _changed(alerts: Iterable[Alert], change: Callable[[Alert], Alert | None]) -> tuple[Alert, ...]:
    return tuple(left for alert in alerts if (left := change(alert)) is not None)

"""What is left of a record when one person is taken out of it?

Nothing of what they said, or of what Twilio said of them.  What others said of them goes as well: a level or a track
without its subject would be about whoever told of it.  A recording stays, of nobody: it is there, at Twilio, for all
to see.  Everything else stays as it is, and what has nothing of the person in it is returned as the very same object.
"""

from collections.abc import Iterator, Mapping
from itertools import compress
from typing import Any, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from alerts.model import Alert
from collectors.events import Event, RecordingSeen
from collectors.observations import NetworkQualitySeries, Observation, TelemetryBatch
from monitor.entities import Account, Entity, Failure, Participant, Recording, Room
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, Samples, renumbered
from monitor.store.forgotten import IDENTITY, TELEMETRY
from monitor.store.rows import encode

T = TypeVar("T")


class Person(Struct, frozen=True):
    """Somebody, by the identities they had and by the participant SIDs of all their stays."""

    names: frozenset[str]
    sids: frozenset[str]

    def is_known_as(self, identity: str | None, sid: str | None) -> bool:
        """Whether either of these is theirs."""
        return identity in self.names or sid in self.sids

    def has_key(self, key: str) -> bool:
        """Whether history keeps them under this key, a SID or `identity:IDENTITY`."""
        return key in self.sids or (key.startswith(IDENTITY) and key.removeprefix(IDENTITY) in self.names)

    def is_at_end_of(self, entity: str) -> bool:
        """Whether something is about them by its name, the key of a room and theirs; names may have slashes in them."""
        return entity.rpartition("/")[2] in self.sids or any(
            entity.endswith(f"/{IDENTITY}{each}") for each in self.names
        )


def sids_beside(told: Any, names: frozenset[str]) -> Iterator[str]:
    """Return the participant SIDs that stand beside some identities, anywhere in a JSON value."""
    if isinstance(told, list):
        for each in told:
            yield from sids_beside(each, names)
    if isinstance(told, dict):
        sid = told.get("participant_sid") or told.get("sid")
        if sid is not None and told.get("identity") in names:
            yield sid
        for each in told.values():
            yield from sids_beside(each, names)


# --- what was told ----------------------------------------------------------------------------------------


def event_without(event: Event, person: Person) -> Event | None:
    """Return an event without the person in it; None: it is about nobody else."""
    if person.is_known_as(getattr(event, "identity", None), getattr(event, "participant_sid", None)):
        if isinstance(event, RecordingSeen):
            return replace(event, identity=None, participant_sid=None, dedup_key=None)
        return None
    if not isinstance(event, TelemetryBatch):
        return event
    before = event.observations
    after = tuple(left for each in before if (left := _observation_without(each, person.sids)) is not None)
    is_same = len(after) == len(before) and all(map(_is, after, before))
    return event if is_same else replace(event, observations=after)


def _is(one: object, other: object) -> bool:
    return one is other


def _observation_without(seen: Observation, sids: frozenset[str]) -> Observation | None:
    if not isinstance(seen, NetworkQualitySeries):
        return None if getattr(seen, "subject", None) in sids else seen
    is_kept = [subject not in sids for subject in seen.subject]
    if all(is_kept):
        return seen
    columns = {name: tuple(compress(getattr(seen, name), is_kept)) for name in seen.__struct_fields__}
    return NetworkQualitySeries(**columns) if any(is_kept) else None


def happening_without(participant: str, source: str, body: bytes, person: Person) -> tuple[str, bytes] | None:
    """Return whom something happened to, and how it was told, without the person; None: it was about nobody else.

    What was told may be of an earlier version, so it is read as it is.
    """
    told: dict[str, Any] = msgspec.json.decode(body)
    if source == TELEMETRY:
        is_about_them = person.has_key(participant) or told.get("subject") in person.sids
        return None if is_about_them else (participant, body)
    if not (person.has_key(participant) or person.is_known_as(told.get("identity"), told.get("participant_sid"))):
        return participant, body
    if "recording_sid" not in told:
        return None
    return "", encode(_less(told, "identity", "participant_sid", "dedup_key"))


def _less(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}


def samples_without(samples: Samples, person: Person) -> Samples:
    """Return what somebody measured without what they saw of the person."""
    is_gone = [word in person.sids for word in samples.words]
    if not any(is_gone):
        return samples
    numbers = np.where(is_gone, np.nan, np.cumsum(np.logical_not(is_gone)) - 1)
    is_kept = ~np.isin(samples.levels[:, 1], np.flatnonzero(is_gone))
    return Samples(
        samples.at_ms,
        renumbered(samples.media, MEDIA_FIELDS, numbers),
        samples.level_at_ms[is_kept],
        renumbered(samples.levels[is_kept], LEVEL_FIELDS, numbers),
        tuple(word for word in samples.words if word not in person.sids),
        tuple(compress(samples.stats, is_kept.tolist())),
    )


# --- what is on record ------------------------------------------------------------------------------------


def entity_without(entity: Entity, person: Person) -> Entity | None:
    """Return a record without the person in it, the same one, changed; None: it is about nobody else."""
    match entity:
        case Room():
            entity.participants = _people_without(entity.participants, person)
            entity.left = _people_without(entity.left, person)
            entity.strangers = {sid: at_ms for sid, at_ms in entity.strangers.items() if sid not in person.sids}
        case Participant():
            return _participant_without(entity, person)
        case Recording():
            if person.is_known_as(entity.identity, entity.participant_sid):
                entity.identity = entity.participant_sid = None
        case Account():
            for name in ("join_failures", "disconnects", "reconnects"):
                setattr(entity, name, _failures_without(getattr(entity, name), person))
        case _:
            pass
    return entity


def _people_without(people: Mapping[str, Participant], person: Person) -> dict[str, Participant]:
    return {key: left for key, each in people.items() if (left := _participant_without(each, person)) is not None}


def _participant_without(each: Participant, person: Person) -> Participant | None:
    if person.is_known_as(each.identity, each.sid) or person.has_key(each.key):
        return None
    each.levels_seen = {
        key: level for key, level in (each.levels_seen or {}).items() if not person.has_key(key)
    } or None
    return each


def _failures_without(failures: list[Failure], person: Person) -> list[Failure]:
    return [each for each in failures if each.who not in person.names and not person.is_at_end_of(each.who)]


def is_alert_about(alert: Alert, person: Person) -> bool:
    """Whether an alert names the person: in its key, or in its details and hence perhaps in its words."""
    identity, sid = (alert.details.get(name) for name in ("identity", "participant_sid"))
    return identity in person.names or sid in person.sids or person.is_at_end_of(alert.entity)

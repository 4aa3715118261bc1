"""What does a rule get to see of the live picture?

Rules speak of values by name; this is where the names are given their meaning, one function for each kind of entity.
"""

from dataclasses import replace

from msgspec import Struct

from alerts.model import Kind, Reading, Value
from monitor.entities import Change, Composition, Participant, Ref, Room
from monitor.live import Live
from monitor.naming import Naming

DEGRADED_LEVEL = 1  # Twilio's word for level 1 is "bad", for 0 "broken"


class CompositionLimits(Struct, frozen=True):
    """How long a composition may go without a sign of life before it counts as stuck.

    Twilio promises no time; its rule of thumb is less than half the room's duration.  The floor keeps short rooms from
    crying wolf.
    """

    floor_s: float = 600.0
    room_ratio: float = 0.5

    def limit_s(self, composition: Composition) -> float:
        """Return the limit for this composition."""
        return max(self.floor_s, self.room_ratio * (composition.room_duration_s or 0))


def read(live: Live, change: Change, limits: CompositionLimits, naming: Naming, now_s: float) -> Reading:
    """Return the reading of a thing in the picture, or of its absence."""
    kind = Kind(change.ref.kind)
    if change.gone is not None:
        return Reading(kind, change.ref.key, gone=change.gone)
    reading = _read(live, change.ref, limits, now_s)
    if reading is None:
        return Reading(kind, change.ref.key, gone="not_seen_any_more")
    return reading if kind is Kind.ACCOUNT else _told_by_name(reading, naming)


def _told_by_name(reading: Reading, naming: Naming) -> Reading:
    labels = naming.labels(reading.labels.get("room_name"))
    return replace(reading, labels={**reading.labels, **labels}) if labels else reading


def _read(live: Live, ref: Ref, limits: CompositionLimits, now_s: float) -> Reading | None:
    match ref.kind:
        case "participant":
            found = live.find_participant(ref.key)
            return of_participant(*found) if found else None
        case "room":
            room = live.rooms.get(ref.key)
            return of_room(room) if room else None
        case _:
            composition = live.compositions.get(ref.key)
            return of_composition(composition, limits, now_s) if composition else None


def of_participant(room: Room, participant: Participant) -> Reading:
    """Return what a rule over participants sees."""
    values: dict[str, float | None] = {
        "level": participant.level,
        "rtt_ms": participant.rtt_ms,
        "jitter_ms": participant.jitter_ms,
        "loss_ratio": participant.loss_ratio,
    }
    details: dict[str, Value] = {
        "identity": participant.identity,
        "participant_sid": participant.sid,
        "room_sid": room.sid,
        "room_name": room.name,
        **values,
    }
    return Reading(Kind.PARTICIPANT, participant.ref.key, values, _named(room.name), details)


def of_room(room: Room) -> Reading:
    """Return what a rule over rooms sees.  The share of one participant alone is no share, hence unknown."""
    levels = room.levels()
    degraded = sum(level <= DEGRADED_LEVEL for level in levels)
    values: dict[str, float | None] = {
        "degraded_ratio": degraded / len(levels) if len(levels) > 1 else None,
        "participants": len(room.participants),
    }
    details: dict[str, Value] = {
        "room_sid": room.sid,
        "room_name": room.name,
        "degraded": degraded,
        "known": len(levels),
        "participants": len(room.participants),
    }
    return Reading(Kind.ROOM, room.key, values, _named(room.name), details)


def of_composition(composition: Composition, limits: CompositionLimits, now_s: float) -> Reading:
    """Return what a rule over compositions sees; `overdue_s` passes zero at `changes_at` though nothing happens."""
    limit_s = limits.limit_s(composition)
    since_ms = composition.waiting_since_ms
    waited_s = None if since_ms is None else now_s - since_ms / 1000
    failed = composition.status == "failed"
    overdue_s = 0.0 if failed else None if waited_s is None else waited_s - limit_s
    details: dict[str, Value] = {
        "composition_sid": composition.sid,
        "room_sid": composition.room_sid,
        "room_name": composition.room_name,
        "status": composition.status.value,
        "overdue_s": overdue_s,
        "limit_s": limit_s,
        "waited_s": waited_s,
        "percent_done": composition.percent_done,
        "error_message": composition.error_message,
    }
    return Reading(
        Kind.COMPOSITION,
        composition.sid,
        {"overdue_s": overdue_s, "failed": float(failed)},
        _named(composition.room_name),
        details,
        changes_at=now_s - overdue_s + 0.001 if overdue_s is not None and overdue_s < 0 else None,
    )


def _named(room_name: str | None) -> dict[str, str]:
    return {} if room_name is None else {"room_name": room_name}

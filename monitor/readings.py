"""What does a rule get to see of the live picture?

Rules speak of values by name; this is where the names are given their meaning, one function for each kind of entity.
What is seen of a whole account is in `monitor.account_readings`, of a region or a tenant in `monitor.crowd_readings`.
What is not in the picture is read elsewhere: `monitor.source_readings`, `daemon_readings` and `slo_readings`.

Labels tell where something is, as far as that is known: the `room` (its SID, or its key), its `room_name`, `account`
and `region`, and what its name tells.  They are for routes, groups and inhibition, and no labels of metrics.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from alerts.model import Kind, Reading, Value
from collectors.events import CompositionStatus, RecordingStatus
from monitor.account_readings import of_account
from monitor.crowd_readings import of_crowd
from monitor.crowds import DEGRADED_LEVEL
from monitor.entities import Change, Composition, Participant, Recording, Ref, Room
from monitor.limits import CompositionLimits, Limits, RoomLimits
from monitor.live import Live
from monitor.naming import Naming

MAX_PARTICIPANTS = 50  # Twilio's limit for a room that set none of its own
SMALL_ROOM = 10  # a room with fewer places is meant to be full, as a call of two is with both there
MAX_ROOM_AGE_S = 86_400.0  # Twilio lets no room and no stay last longer
EMPTY_TIMEOUT_S = 300.0  # Twilio's default for a room that everybody has left
UNUSED_TIMEOUT_S = 3600.0  # the longest a room may wait for its first participant; its own setting is not told

_JUST_AFTER_S = 0.001  # at the limit nothing is late yet


Read = Callable[[str, float], Reading | None]  # what is read of a key at a time; None: there is no such thing
NOWHERE: Mapping[Kind, Read] = MappingProxyType({})

_IN_ROOMS = (Kind.PARTICIPANT, Kind.ROOM, Kind.COMPOSITION, Kind.RECORDING)


def read(
    live: Live,
    change: Change,
    limits: Limits,
    naming: Naming,
    now_s: float,
    elsewhere: Mapping[Kind, Read] = NOWHERE,
) -> Reading:
    """Return the reading of a thing in the picture or elsewhere, or of its absence."""
    kind, key = Kind(change.ref.kind), change.ref.key
    if change.gone is not None:
        return Reading(kind, key, gone=change.gone)
    reading = elsewhere[kind](key, now_s) if kind in elsewhere else _read(live, change.ref, limits, now_s)
    if reading is None:
        return Reading(kind, key, gone=_why_absent(live, change.ref))
    return _placed(reading, live, naming) if kind in _IN_ROOMS else reading


def _why_absent(live: Live, ref: Ref) -> str:
    """Return why something is not in the picture: its room has ended, or nobody knows."""
    room_key = ref.key if ref.kind == "room" else ref.key.rpartition("/")[0]
    return "room_ended" if room_key in live.calls.ended else "not_seen_any_more"


def _placed(reading: Reading, live: Live, naming: Naming) -> Reading:
    """Return the reading of something in a room with the labels that do not stand in the room itself."""
    labels = {**reading.labels, **naming.labels(reading.labels.get("room_name"))}
    account = live.account_book.of(labels.get("account"))
    if account is not None:
        labels["account"] = account.sid
    return replace(reading, labels=labels)


def _read(live: Live, ref: Ref, limits: Limits, now_s: float) -> Reading | None:
    if Kind(ref.kind) in _IN_ROOMS:
        return _read_in_room(live, ref, limits, now_s)
    if ref.kind == Kind.ACCOUNT:
        account = live.accounts.get(ref.key)
        return of_account(account, live.connected(ref.key), limits.accounts, now_s) if account else None
    crowd = live.crowds.of(ref)
    return of_crowd(ref, crowd) if crowd else None


def _read_in_room(live: Live, ref: Ref, limits: Limits, now_s: float) -> Reading | None:
    match ref.kind:
        case "participant":
            found = live.find_participant(ref.key)
            return of_participant(*found) if found else None
        case "room":
            room = live.rooms.get(ref.key)
            return of_room(room, limits.rooms, now_s) if room else None
        case "composition":
            composition = live.compositions.get(ref.key)
            return _of_media(of_composition(composition, limits.compositions, now_s), live) if composition else None
        case _:
            recording = live.recordings.get(ref.key)
            return _of_media(of_recording(recording), live) if recording else None


def _of_media(reading: Reading, live: Live) -> Reading:
    """Return the reading of what a room leaves behind with the region of that room, while it is remembered."""
    room = live.room(reading.labels.get("room"))
    region = room.media_region if room else None
    return reading if region is None else replace(reading, labels={**reading.labels, "region": region})


class Glance(NamedTuple):
    """What rules compare of an entity, and when that will change though nothing happens."""

    values: Mapping[str, float | None]
    changes_at: float | None = None


def glance(live: Live, ref: Ref, limits: Limits, now_s: float) -> Glance | None:
    """Return what rules compare of a participant or a room; None of anything else, and of what is gone."""
    if ref.kind == "participant":
        found = live.find_participant(ref.key)
        return Glance(_participant_values(found[1])) if found else None
    room = live.rooms.get(ref.key) if ref.kind == "room" else None
    if room is None:
        return None
    due_at_s, _ = _due_end(room, limits.rooms.grace_s)
    return Glance(_room_values(room, room.levels(), due_at_s, now_s), _just_after(due_at_s, now_s))


# --- participants ----------------------------------------------------------------------------------------


def _participant_values(participant: Participant) -> dict[str, float | None]:
    return {
        "level": participant.level,
        "rtt_ms": participant.rtt_ms,
        "jitter_ms": participant.jitter_ms,
        "loss_ratio": participant.loss_ratio,
    }


def of_participant(room: Room, participant: Participant) -> Reading:
    """Return what a rule over participants sees."""
    values = _participant_values(participant)
    details: dict[str, Value] = {
        "identity": participant.identity,
        "participant_sid": participant.sid,
        "room_sid": room.sid,
        "room_name": room.name,
        **values,
    }
    return Reading(Kind.PARTICIPANT, participant.ref.key, values, _labels_of(room), details)


# --- rooms -----------------------------------------------------------------------------------------------


def of_room(room: Room, limits: RoomLimits, now_s: float) -> Reading:
    """Return what a rule over rooms sees; `overdue_s` passes zero at `changes_at` though nothing happens."""
    levels = room.levels()
    due_at_s, due_because = _due_end(room, limits.grace_s)
    values = _room_values(room, levels, due_at_s, now_s)
    details: dict[str, Value] = {
        "room_sid": room.sid,
        "room_name": room.name,
        "degraded": _degraded(levels),
        "known": len(levels),
        "max_participants": room.max_participants or MAX_PARTICIPANTS,
        "age_s": None if room.created_at_ms is None else round(now_s - room.created_at_ms / 1000),
        "due_because": due_because,
        **values,
    }
    return Reading(Kind.ROOM, room.key, values, _labels_of(room), details, _just_after(due_at_s, now_s))


def _room_values(room: Room, levels: list[int], due_at_s: float | None, now_s: float) -> dict[str, float | None]:
    return {
        "degraded_ratio": degraded_ratio(levels),
        "participants": len(room.participants),
        "occupancy_ratio": occupancy_ratio(room),
        "overdue_s": None if due_at_s is None else now_s - due_at_s,
    }


def overdue_s(room: Room, limits: RoomLimits, now_s: float) -> float | None:
    """Return how long ago Twilio should have ended the room (below 0: it need not have), where that is known."""
    if room.empty_since_ms is None:  # as of nearly all
        created_at_ms = room.created_at_ms
        return None if created_at_ms is None else now_s - created_at_ms / 1000 - MAX_ROOM_AGE_S - limits.grace_s
    due_at_s, _ = _due_end(room, limits.grace_s)
    return None if due_at_s is None else now_s - due_at_s


def degraded_ratio(levels: list[int]) -> float | None:
    """Return the share of people whose call is bad; that of one participant alone is no share, hence unknown."""
    return _degraded(levels) / len(levels) if len(levels) > 1 else None


def _degraded(levels: list[int]) -> int:
    return sum(level <= DEGRADED_LEVEL for level in levels)


def occupancy_ratio(room: Room) -> float | None:
    """Return how full the room is; None where that does not matter, or nobody has looked."""
    places = room.max_participants or MAX_PARTICIPANTS
    if places < SMALL_ROOM or (not room.participants and room.empty_since_ms is None):
        return None
    return len(room.participants) / places


def _due_end(room: Room, grace_s: float) -> tuple[float | None, str | None]:
    """Return the moment by which Twilio should have ended the room as it is, and why, as far as that is known."""
    ends = []
    if room.created_at_ms is not None:
        ends.append((room.created_at_ms / 1000 + MAX_ROOM_AGE_S + grace_s, "no room may last longer than 24 hours"))
    if room.empty_since_ms is not None:
        ends.append((room.empty_since_ms / 1000 + _empty_timeout_s(room) + grace_s, "nobody is in it"))
    return min(ends, default=(None, None))


def _empty_timeout_s(room: Room) -> float:
    timeout_s = EMPTY_TIMEOUT_S if room.empty_timeout_s is None else float(room.empty_timeout_s)
    return timeout_s if room.left else max(timeout_s, UNUSED_TIMEOUT_S)


# --- compositions ----------------------------------------------------------------------------------------


def of_composition(composition: Composition, limits: CompositionLimits, now_s: float) -> Reading:
    """Return what a rule over compositions sees; one that is late becomes so at `changes_at` though nothing happens."""
    limit_s = limits.limit_s(composition)
    due_at_s = _composed_by_s(composition, limit_s)
    late_s = None if due_at_s is None else now_s - due_at_s
    values = composition_values(composition, limits, now_s)
    details: dict[str, Value] = {
        "composition_sid": None if composition.is_expected else composition.sid,
        "room_sid": composition.room_sid,
        "room_name": composition.room_name,
        "hook_sid": composition.hook_sid,
        "status": composition.status.value,
        "overdue_s": values["overdue_s"],
        "limit_s": limit_s,
        "waited_s": None if late_s is None else late_s + limit_s,
        "percent_done": composition.percent_done,
        "duration_s": composition.duration_s,
        "failed_operation": composition.failed_operation,
        "error_message": composition.error_message,
        "remedy": _composition_remedy(composition),
    }
    changes_at = _just_after(due_at_s, now_s)
    labels = _told(room=composition.room_sid, room_name=composition.room_name, account=composition.account_sid)
    return Reading(Kind.COMPOSITION, composition.sid, values, labels, details, changes_at)


def composition_values(composition: Composition, limits: CompositionLimits, now_s: float) -> dict[str, float | None]:
    """Return what rules compare of a composition."""
    due_at_s = _composed_by_s(composition, limits.limit_s(composition))
    return {
        **_lateness(composition, None if due_at_s is None else now_s - due_at_s),
        "failed": float(composition.status is CompositionStatus.FAILED),
        "empty": _empty(composition.status is CompositionStatus.COMPLETED, composition.size_bytes),
    }


def _composed_by_s(composition: Composition, limit_s: float) -> float | None:
    since_ms = composition.waiting_since_ms
    return None if since_ms is None else since_ms / 1000 + limit_s


def _lateness(composition: Composition, late_s: float | None) -> dict[str, float | None]:
    """Return how late it is, under the name that fits: what nobody has seen is missing, and cannot be stuck."""
    if not composition.status.is_open:
        return {"overdue_s": 0.0, "missing": 0.0}
    if composition.is_expected:
        return {"overdue_s": None, "missing": None if late_s is None else float(late_s > 0)}
    return {"overdue_s": late_s, "missing": 0.0}


def _composition_remedy(composition: Composition) -> str:
    if composition.is_expected:
        return "Look at the layout and the sources of the hook, then create the composition of this room yourself"
    return (
        "See that the recordings of the room are completed, longer than two seconds and below 40 GB together, "
        "then create the composition again"
    )


# --- recordings ------------------------------------------------------------------------------------------

_RECORDING_REMEDIES = {
    "RecordingStart": "Nothing was captured and nothing can be recovered; if the call goes on, let them publish again",
    "RecordingComplete": "What was captured could not be closed; ask Twilio about this recording while it is fresh",
    "RecordingUpload": "It was captured but not stored; look at the storage bucket, its permissions and its keys",
}
_ANY_REMEDY = "Look at what other recordings of the room there are, and ask Twilio about this one"


def of_recording(recording: Recording) -> Reading:
    """Return what a rule over recordings sees."""
    values = {
        "failed": float(recording.status is RecordingStatus.FAILED),
        "empty": _empty(recording.status is RecordingStatus.COMPLETED, recording.size_bytes),
    }
    details: dict[str, Value] = {
        "recording_sid": recording.sid,
        "room_sid": recording.room_sid,
        "room_name": recording.room_name,
        "identity": recording.identity,
        "participant_sid": recording.participant_sid,
        "media": recording.kind,
        "status": recording.status.value,
        "duration_s": recording.duration_s,
        "failed_operation": recording.failed_operation,
        "remedy": _RECORDING_REMEDIES.get(recording.failed_operation or "", _ANY_REMEDY),
    }
    labels = _told(room=recording.room_sid, room_name=recording.room_name, account=recording.account_sid)
    return Reading(Kind.RECORDING, recording.sid, values, labels, details)


# --- what they have in common ----------------------------------------------------------------------------


def _empty(is_completed: bool, size_bytes: int | None) -> float | None:
    if not is_completed:
        return 0.0
    return None if size_bytes is None else float(size_bytes == 0)


def _just_after(due_at_s: float | None, now_s: float) -> float | None:
    """Return when something becomes late, unless it is late already or nobody knows."""
    return None if due_at_s is None or due_at_s < now_s else due_at_s + _JUST_AFTER_S


def _labels_of(room: Room) -> dict[str, str]:
    return _told(room=room.history_key, room_name=room.name, account=room.account_sid, region=room.media_region)


def _told(**labels: str | None) -> dict[str, str]:
    return {name: value for name, value in labels.items() if value is not None}

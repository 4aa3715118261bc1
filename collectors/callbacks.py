"""How does a status callback become a sighting?

`decode` is pure: the parameters of the form in, one sighting out.  Twilio promises neither order nor exactly-once, so
a sighting carries Twilio's own time and a key that is the same for a repeat; who receives it sorts it out.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from collectors.base import Malformed
from collectors.events import (
    CompositionSeen,
    CompositionStatus,
    HookFailed,
    ParticipantSeen,
    ParticipantStatus,
    RecordingSeen,
    RecordingStatus,
    RoomSeen,
    RoomStatus,
    Sighting,
    Source,
    TrackSeen,
)

Form = Mapping[str, str]


def decode(form: Form) -> Sighting | None:
    """Return what the callback tells, or None for an event that this version does not know.

    Raises:
        Malformed: a parameter that every such callback carries is missing or unreadable.
    """
    read = _READERS.get(_required(form, "StatusCallbackEvent"))
    return None if read is None else read(form)


def event_name(form: Form) -> str:
    """Return the callback's event for a metric label: one of the known ones, or `other`."""
    name = form.get("StatusCallbackEvent", "")
    return name if name in _READERS else "other"


def dedup_key(form: Form) -> str:
    """Return a key that is equal for repeats: Twilio re-sends the same parameters, Timestamp included."""
    canonical = "\n".join(f"{name}={form[name]}" for name in sorted(form))
    return "c:" + hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _required(form: Form, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise Malformed(name, "a value", "nothing")
    return value


def _at_ms(form: Form) -> int:
    text = _required(form, "Timestamp")
    try:
        moment = datetime.fromisoformat(text)
        at_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Malformed("Timestamp", "ISO 8601 time", repr(text[:40])) from None
    if at_ms < 0:
        raise Malformed("Timestamp", "a time after 1970", repr(text[:40]))
    return at_ms


def _number(form: Form, name: str) -> float | None:
    text = form.get(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise Malformed(name, "a number", repr(text[:40])) from None
    if not 0 <= value < 1e15:  # also refuses nan and inf
        raise Malformed(name, "a number from 0", repr(text[:40]))
    return value


def _whole(form: Form, name: str) -> int | None:
    value = _number(form, name)
    return None if value is None else int(value)


def _told(form: Form) -> dict[str, Any]:
    """Return what every sighting by callback has: when, by whom, of whose, and how a repeat is known."""
    return {
        "seen_at_ms": _at_ms(form),
        "source": Source.CALLBACK,
        "account_sid": form.get("AccountSid"),
        "dedup_key": dedup_key(form),
        "cause": form["StatusCallbackEvent"],
    }


def _whose(form: Form) -> dict[str, Any]:
    """Return the room's name and the participant, where the callback is about one."""
    return {
        "room_name": form.get("RoomName"),
        "participant_sid": form.get("ParticipantSid"),
        "identity": form.get("ParticipantIdentity"),
    }


def _room(status: RoomStatus) -> Callable[[Form], Sighting]:
    def read(form: Form) -> RoomSeen:
        at_ms = _at_ms(form)
        ended = status is not RoomStatus.IN_PROGRESS
        return RoomSeen(
            **_told(form),
            room_sid=_required(form, "RoomSid"),
            status=status,
            room_name=form.get("RoomName"),
            created_at_ms=None if ended else at_ms,
            ended_at_ms=at_ms if ended else None,
            duration_s=_whole(form, "RoomDuration"),
            sequence=_whole(form, "SequenceNumber"),
        )

    return read


def _participant(status: ParticipantStatus) -> Callable[[Form], Sighting]:
    def read(form: Form) -> ParticipantSeen:
        at_ms = _at_ms(form)
        left = status is ParticipantStatus.DISCONNECTED
        return ParticipantSeen(
            **_told(form),
            room_sid=_required(form, "RoomSid"),
            participant_sid=_required(form, "ParticipantSid"),
            status=status,
            room_name=form.get("RoomName"),
            identity=form.get("ParticipantIdentity"),
            joined_at_ms=None if left else at_ms,
            left_at_ms=at_ms if left else None,
            sequence=_whole(form, "SequenceNumber"),
        )

    return read


def _track(state: Literal["added", "removed", "enabled", "disabled"]) -> Callable[[Form], Sighting]:
    def read(form: Form) -> TrackSeen:
        return TrackSeen(
            **_told(form),
            room_sid=_required(form, "RoomSid"),
            state=state,
            track_sid=form.get("TrackSid"),
            kind=form.get("TrackKind"),
            **_whose(form),
            sequence=_whole(form, "SequenceNumber"),
        )

    return read


def _recording(status: RecordingStatus) -> Callable[[Form], Sighting]:
    def read(form: Form) -> RecordingSeen:
        return RecordingSeen(
            **_told(form),
            recording_sid=_required(form, "RecordingSid"),
            status=status,
            room_sid=form.get("RoomSid"),
            **_whose(form),
            kind=form.get("Type"),
            created_at_ms=_at_ms(form) if status is RecordingStatus.PROCESSING else None,
            duration_s=_number(form, "Duration"),
            size_bytes=_whole(form, "Size"),
            failed_operation=form.get("FailedOperation"),
            sequence=_whole(form, "SequenceNumber"),
        )

    return read


def _composition(status: CompositionStatus) -> Callable[[Form], Sighting]:
    def read(form: Form) -> CompositionSeen:
        at_ms = _at_ms(form)
        return CompositionSeen(
            **_told(form),
            composition_sid=_required(form, "CompositionSid"),
            status=status,
            room_sid=form.get("RoomSid"),
            created_at_ms=at_ms if status is CompositionStatus.ENQUEUED else None,
            completed_at_ms=at_ms if status is CompositionStatus.COMPLETED else None,
            duration_s=_number(form, "Duration"),
            size_bytes=_whole(form, "Size"),
            percent_done=_number(form, "PercentageDone"),
            hook_sid=form.get("HookSid"),
            failed_operation=form.get("FailedOperation"),
            error_message=form.get("ErrorMessage"),
        )

    return read


def _hook_failed(form: Form) -> HookFailed:
    return HookFailed(
        **_told(form),
        hook_sid=form.get("HookSid"),
        room_sid=form.get("RoomSid"),
        failed_operation=form.get("FailedOperation"),
        error_message=form.get("ErrorMessage"),
    )


_READERS: dict[str, Callable[[Form], Sighting]] = {
    "room-created": _room(RoomStatus.IN_PROGRESS),
    "room-ended": _room(RoomStatus.COMPLETED),
    "participant-connected": _participant(ParticipantStatus.CONNECTED),
    "participant-disconnected": _participant(ParticipantStatus.DISCONNECTED),
    "track-added": _track("added"),
    "track-removed": _track("removed"),
    "track-enabled": _track("enabled"),
    "track-disabled": _track("disabled"),
    "recording-started": _recording(RecordingStatus.PROCESSING),
    "recording-completed": _recording(RecordingStatus.COMPLETED),
    "recording-failed": _recording(RecordingStatus.FAILED),
    "composition-enqueued": _composition(CompositionStatus.ENQUEUED),
    "composition-started": _composition(CompositionStatus.PROCESSING),
    "composition-progress": _composition(CompositionStatus.PROCESSING),
    "composition-available": _composition(CompositionStatus.COMPLETED),
    "composition-failed": _composition(CompositionStatus.FAILED),
    "composition-hook-failed": _hook_failed,
}
EVENT_NAMES = (*_READERS, "other")

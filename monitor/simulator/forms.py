"""What did a caller post?  Form fields of the REST API, read as Twilio reads them."""

from collections.abc import Mapping
from typing import Any

from monitor.simulator import cast
from monitor.simulator.errors import TwilioError, invalid

Posted = Mapping[str, Any]
FORMATS = ("mp4", "webm")


def text(form: Posted, name: str) -> str | None:
    """Return a field as text, None where it is absent or empty."""
    value = form.get(name)
    return str(value) if value else None


def flag(form: Posted, name: str, *, default: bool) -> bool:
    """Return a field as a truth value; the Python client writes True where others write true."""
    value = text(form, name)
    return default if value is None else value.lower() == "true"


def whole(form: Posted, name: str, default: int, allowed: range) -> int:
    """Return a field as a whole number within `allowed`."""
    value = text(form, name)
    if value is None:
        return default
    if not value.isdigit() or int(value) not in allowed:
        raise invalid(name, value, f"{allowed.start} to {allowed.stop - 1}")
    return int(value)


def room_options(form: Posted) -> dict[str, Any]:
    """Return what a new room is to be like."""
    region = text(form, "MediaRegion") or "us1"
    if region not in cast.EDGES:
        raise TwilioError(400, 53115, f"Media region '{region}' is invalid: expected one of {', '.join(cast.EDGES)}")
    return {
        "media_region": region,
        "recorded": flag(form, "RecordParticipantsOnConnect", default=False),
        "status_callback": text(form, "StatusCallback"),
        "max_participants": whole(form, "MaxParticipants", 50, range(1, 51)),
        "max_participant_duration_s": whole(form, "MaxParticipantDuration", 14_400, range(600, 86_401)),
        "empty_timeout_min": whole(form, "EmptyRoomTimeout", 5, range(1, 61)),
        "unused_timeout_min": whole(form, "UnusedRoomTimeout", 5, range(1, 61)),
    }


def composition_options(form: Posted) -> dict[str, Any]:
    """Return what a new composition, or those of a new hook, are to be like."""
    container = text(form, "Format") or "mp4"
    if container not in FORMATS:
        raise invalid("Format", container, f"one of {', '.join(FORMATS)}")
    return {
        "format": container,
        "resolution": text(form, "Resolution") or "640x480",
        "status_callback": text(form, "StatusCallback"),
    }

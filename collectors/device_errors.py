"""Why would a browser not give the microphone or the camera, and what can be done about it?

Pure.  Browsers tell it by the name of an error, which differs between them and their ages; there are four reasons that
somebody can do something about, and all else.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a device could not be had."""

    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    NOT_READABLE = "not_readable"
    OVERCONSTRAINED = "overconstrained"
    OTHER = "other"


class Explained(NamedTuple):
    """What a reason means, and what to do."""

    meaning: str
    remedy: str


_REASONS: Mapping[str, Reason] = {
    "NotAllowedError": Reason.NOT_ALLOWED,
    "PermissionDeniedError": Reason.NOT_ALLOWED,  # Chrome, once
    "SecurityError": Reason.NOT_ALLOWED,
    "NotFoundError": Reason.NOT_FOUND,
    "DevicesNotFoundError": Reason.NOT_FOUND,
    "NotReadableError": Reason.NOT_READABLE,
    "SourceUnavailableError": Reason.NOT_READABLE,
    "TrackStartError": Reason.NOT_READABLE,
    "AbortError": Reason.NOT_READABLE,  # Firefox: it was given, and failed as it began
    "OverconstrainedError": Reason.OVERCONSTRAINED,
    "ConstraintNotSatisfiedError": Reason.OVERCONSTRAINED,
}
_EXPLAINED: Mapping[Reason, Explained] = {
    Reason.NOT_ALLOWED: Explained(
        "it is not allowed, by the person, the browser, the page or the system",
        "Allow it for this page in the browser, and for the browser in the privacy settings of the system. A page in a"
        ' frame needs allow="camera; microphone", and every page needs HTTPS.',
    ),
    Reason.NOT_FOUND: Explained(
        "there is none, or it is switched off",
        "Plug one in, or switch it on, and try again; do not ask for pictures where there may be no camera.",
    ),
    Reason.NOT_READABLE: Explained(
        "it is there and does not start: another program has it, or it is broken",
        "Close the other programs that use it; plug it in again, or start the computer anew.",
    ),
    Reason.OVERCONSTRAINED: Explained(
        "none can do what the application asks for, or the one that was chosen is gone",
        "Ask for ideal values instead of exact ones, and for any device where the chosen one is gone.",
    ),
    Reason.OTHER: Explained("the browser does not say why", "Look at what the application asked for."),
}
_NAMES = {"audio": "microphone", "video": "camera"}


def reason_of(error: str | None) -> Reason:
    """Return why a device could not be had, by the name of the browser's error."""
    return _REASONS.get(error or "", Reason.OTHER)


def explained(error: str | None) -> Explained:
    """Return what the browser's error means, and what to do."""
    return _EXPLAINED[reason_of(error)]


def device_of(kind: str | None) -> str:
    """Return what was asked for, by the kind of its track."""
    return _NAMES.get(kind or "", "microphone or camera")

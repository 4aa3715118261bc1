"""What did a post in the log measure?

Whoever packs samples reads every post once more, and wants nothing of it but who sent it and what was measured.  It was
looked at when it was taken, so nothing is checked again; and the numbers of media samples are what arithmetic wants:
floats, and NaN where nothing was said.  That takes half of the time that the words of the wire do.
"""

from math import nan

import msgspec
from msgspec import Raw, Struct, field

from collectors.observations import (
    ClientInfo,
    Connection,
    Device,
    Feedback,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    Preflight,
    SdkInfo,
    Speaker,
    TelemetryBatch,
    Track,
)

Number = float | None  # None where the wire says null


class DirectionNumbers(Struct, frozen=True, gc=False):
    """A `Direction`."""

    loss_ratio: Number = nan
    jitter_ms: Number = nan
    bitrate_bps: Number = nan
    fps: Number = nan
    width: Number = nan
    height: Number = nan
    freezes: Number = nan
    limited_by: str | float | None = nan


NO_DIRECTION = DirectionNumbers()


class MediaNumbers(Struct, frozen=True, gc=False, tag="media_stats", tag_field="type"):
    """A `MediaStats`."""

    at_ms: int = field(name="at")
    interval_ms: Number = nan
    rtt_ms: Number = nan
    up: DirectionNumbers | None = NO_DIRECTION
    down: DirectionNumbers | None = NO_DIRECTION


Measurement = MediaNumbers | NetworkQuality | MediaStatsSeries | NetworkQualitySeries
_Other = Connection | Track | Device | Speaker | Feedback | Preflight


class MeasuredPost(Struct, frozen=True, gc=False):
    """What packing wants of the body of a post."""

    events: tuple[Measurement | _Other, ...]
    room_name: str | None = None
    participant_sid: str | None = None
    sdk: SdkInfo | None = None
    client: ClientInfo | None = None


class MeasuredBatch(Struct, frozen=True):
    """What packing wants of a `TelemetryBatch`, under the same names."""

    received_at_ms: int
    observations: tuple[Measurement | _Other, ...]
    room_sid: str | None
    room_name: str | None
    participant_sid: str | None
    identity: str | None
    sdk: SdkInfo | None
    client: ClientInfo | None
    account_sid: str | None
    address: str | None
    clock_offset_ms: int | None


Batch = TelemetryBatch | MeasuredBatch  # which tell alike who measured what

_decode = msgspec.json.Decoder(MeasuredPost).decode


def measured(body: Raw) -> MeasuredPost:
    """Return what a post measured, given its bytes, which were taken as a post before."""
    return _decode(body)

"""What does a browser say of itself, and of those it sees?

The words of `POST /v1/telemetry`, as they are once decoded: *observations*, which travel in a `TelemetryBatch` that
knows the reporter.  They are frozen, and each carries its unit in its name.  All times are milliseconds since the
epoch, UTC.  `None` means "not known", never zero.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Raw, Struct, field

Ratio = Annotated[float, Meta(ge=0, le=1)]
NonNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
AtMs = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]  # up to the year 2100: catches seconds * 1e6 and the like
Level = Annotated[int, Meta(ge=-1, le=5)]  # -1 is how the mobile SDKs say "unknown"
Sid = Annotated[str, Meta(min_length=34, max_length=34)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]  # Twilio's own limit for names and identities
Word = Annotated[str, Meta(max_length=64)]

NOTHING = Raw(b"null")  # a sealed JSON value that nobody sent

# They come by the thousand and cannot refer to themselves, so the garbage collector need not look at them (`gc=False`).


class NetworkQuality(Struct, frozen=True, tag="network_quality", tag_field="type", omit_defaults=True, gc=False):
    """`networkQualityLevelChanged` fired for `subject` (the reporter itself when None).

    `level` is Twilio's 0..5; -1 or None mean unknown.  `stats` is the SDK's own object as it came; its latencies
    are in seconds, unlike everything else here, which is why it stays sealed until somebody converts it.
    """

    at_ms: AtMs = field(name="at")
    level: Level | None = None
    subject: Sid | None = None
    stats: Raw = NOTHING


class Direction(Struct, frozen=True, omit_defaults=True, gc=False):
    """One direction of a participant's media over the last interval; every field may be unknown."""

    loss_ratio: Ratio | None = None
    jitter_ms: NonNegative | None = None
    bitrate_bps: NonNegative | None = None
    fps: NonNegative | None = None
    width: Count | None = None
    height: Count | None = None
    freezes: Count | None = None
    limited_by: Word | None = None


class MediaStats(Struct, frozen=True, tag="media_stats", tag_field="type", omit_defaults=True, gc=False):
    """What `getStats()` said of the reporter's media during the `interval_ms` that ended at `at_ms`."""

    at_ms: AtMs = field(name="at")
    interval_ms: Count | None = None
    rtt_ms: NonNegative | None = None
    up: Direction | None = None
    down: Direction | None = None


class ConnectionState(StrEnum):
    """The life of a reporter's connection to its room, in the SDK's words."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    RECONNECTED = "reconnected"
    DISCONNECTED = "disconnected"


class Connection(Struct, frozen=True, tag="connection", tag_field="type", omit_defaults=True, gc=False):
    """The connection of `subject` (the reporter itself when None) changed; `code` is Twilio's error, if any."""

    at_ms: AtMs = field(name="at")
    state: ConnectionState
    code: int | None = None
    subject: Sid | None = None


class Track(Struct, frozen=True, tag="track", tag_field="type", omit_defaults=True, gc=False):
    """Something happened to a track: published, switched_off, subscription_failed, and the like."""

    at_ms: AtMs = field(name="at")
    state: Word
    track_sid: Word | None = None
    kind: Word | None = None
    subject: Sid | None = None
    code: int | None = None


class Speaker(Struct, frozen=True, tag="speaker", tag_field="type", omit_defaults=True, gc=False):
    """The dominant speaker changed; None means that nobody speaks."""

    at_ms: AtMs = field(name="at")
    subject: Sid | None = None


class Feedback(Struct, frozen=True, tag="feedback", tag_field="type", omit_defaults=True, gc=False):
    """A person rated the call, 1 (worst) to 5."""

    at_ms: AtMs = field(name="at")
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    text: Annotated[str, Meta(max_length=2000)] | None = None


class Preflight(Struct, frozen=True, tag="preflight", tag_field="type", omit_defaults=True, gc=False):
    """The report of Twilio's `runPreflight`, as it came: its jitter is in seconds and its loss in percent."""

    at_ms: AtMs = field(name="at")
    report: Raw = NOTHING


Observation = NetworkQuality | MediaStats | Connection | Track | Speaker | Feedback | Preflight
OBSERVATIONS: dict[str, type[Observation]] = {
    "network_quality": NetworkQuality,
    "media_stats": MediaStats,
    "connection": Connection,
    "track": Track,
    "speaker": Speaker,
    "feedback": Feedback,
    "preflight": Preflight,
}


class SdkInfo(Struct, frozen=True, omit_defaults=True):
    """The Twilio SDK that the reporter runs."""

    name: Word | None = None
    version: Word | None = None


class ClientInfo(Struct, frozen=True, omit_defaults=True):
    """The telemetry client, and what it knows of its surroundings."""

    name: Word | None = None
    version: Word | None = None
    browser: Word | None = None
    os: Word | None = None
    network: Word | None = None


class TelemetryBatch(Struct, frozen=True, tag="telemetry", tag_field="event", omit_defaults=True):
    """One accepted post of one reporter.

    At least one of `room_sid` and `room_name`, and one of `participant_sid` and `identity`, is known.
    `(session, seq)` names the post, so that a repeat can be told from news; None where a client does not number.
    """

    received_at_ms: int
    observations: tuple[Observation, ...]
    room_sid: str | None = None
    room_name: str | None = None
    participant_sid: str | None = None
    identity: str | None = None
    session: str | None = None
    seq: int | None = None
    sent_at_ms: int | None = None
    sdk: SdkInfo | None = None
    client: ClientInfo | None = None
    account_sid: str | None = None  # where the token tells

    @property
    def dedup_key(self) -> str | None:
        """What makes a repeat of this post recognisable, or None where nothing does."""
        return None if self.session is None or self.seq is None else f"t:{self.session}:{self.seq}"

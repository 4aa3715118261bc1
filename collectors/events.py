"""What can be seen of a call?

Every collector ends here: whatever came in, from a browser, from a callback or from a poll, leaves as one of
these.  They are frozen, and each carries its unit in its name.  Two families:

*Observations* are what one browser says about itself and about those it sees; they travel in a `TelemetryBatch`,
which knows the reporter.  *Sightings* are what Twilio says: a room, a participant, a track, a recording or a
composition as it stood at `seen_at_ms`, no matter whether a callback or a poll brought the word.

All times are milliseconds since the epoch, UTC.  `None` means "not known", never zero.
"""

from enum import StrEnum
from typing import Annotated, Literal

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


class Source(StrEnum):
    """Who brought the word."""

    POLL = "poll"
    CALLBACK = "callback"
    STREAM = "stream"  # Twilio's Event Streams
    SELF = "self"  # what the daemon found out about its own dealings with Twilio


# --- observations: what a browser says -------------------------------------------------------------------

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


# --- sightings: what Twilio says -------------------------------------------------------------------------


class RoomStatus(StrEnum):
    """Twilio's room statuses."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"


class ParticipantStatus(StrEnum):
    """Twilio's participant statuses."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    DISCONNECTED = "disconnected"


class CompositionStatus(StrEnum):
    """Twilio's composition statuses."""

    ENQUEUED = "enqueued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    DELETED = "deleted"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether somebody is still waiting for this composition."""
        return self in (CompositionStatus.ENQUEUED, CompositionStatus.PROCESSING)


class RecordingStatus(StrEnum):
    """Twilio's recording statuses; `processing` means being captured, which is normal during a call."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    DELETED = "deleted"
    FAILED = "failed"


class RoomSeen(Struct, frozen=True, tag="room", tag_field="event", omit_defaults=True):
    """A room as it stood at `seen_at_ms`."""

    seen_at_ms: int
    source: Source
    room_sid: str
    status: RoomStatus
    account_sid: str | None = None
    room_name: str | None = None
    created_at_ms: int | None = None
    ended_at_ms: int | None = None
    duration_s: int | None = None
    max_participants: int | None = None
    max_participant_duration_s: int | None = None
    empty_timeout_s: int | None = None
    is_recorded: bool | None = None  # whether whoever joins is recorded from the start
    media_region: str | None = None
    dedup_key: str | None = None
    cause: str | None = None  # the callback's event name, when one told us
    sequence: int | None = None  # the callback's number in its room: a gap hints at a callback that never came


class ParticipantSeen(Struct, frozen=True, tag="participant", tag_field="event", omit_defaults=True):
    """A participant as it stood at `seen_at_ms`."""

    seen_at_ms: int
    source: Source
    room_sid: str
    participant_sid: str
    status: ParticipantStatus
    account_sid: str | None = None
    room_name: str | None = None
    identity: str | None = None
    joined_at_ms: int | None = None
    left_at_ms: int | None = None
    dedup_key: str | None = None
    cause: str | None = None
    sequence: int | None = None


class TrackSeen(Struct, frozen=True, tag="track", tag_field="event", omit_defaults=True):
    """Twilio told that a participant's track was added, removed, enabled or disabled."""

    seen_at_ms: int
    source: Source
    room_sid: str
    state: Literal["added", "removed", "enabled", "disabled"]
    track_sid: str | None = None
    kind: str | None = None
    account_sid: str | None = None
    room_name: str | None = None
    participant_sid: str | None = None
    identity: str | None = None
    dedup_key: str | None = None
    cause: str | None = None
    sequence: int | None = None


class RecordingSeen(Struct, frozen=True, tag="recording", tag_field="event", omit_defaults=True):
    """A recording of one track as it stood at `seen_at_ms`.  In which operation it failed only a callback tells."""

    seen_at_ms: int
    source: Source
    recording_sid: str
    status: RecordingStatus
    room_sid: str | None = None
    account_sid: str | None = None
    room_name: str | None = None
    participant_sid: str | None = None
    identity: str | None = None
    kind: str | None = None  # audio, video or data
    created_at_ms: int | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    failed_operation: str | None = None
    dedup_key: str | None = None
    cause: str | None = None
    sequence: int | None = None


class CompositionSeen(Struct, frozen=True, tag="composition", tag_field="event", omit_defaults=True):
    """A composition as it stood at `seen_at_ms`.  Progress and failure reasons come from callbacks only."""

    seen_at_ms: int
    source: Source
    composition_sid: str
    status: CompositionStatus
    account_sid: str | None = None
    room_sid: str | None = None
    created_at_ms: int | None = None
    completed_at_ms: int | None = None
    duration_s: float | None = None
    size_bytes: int | None = None
    percent_done: float | None = None
    hook_sid: str | None = None  # the hook that made it, where a callback told
    failed_operation: str | None = None
    error_message: str | None = None
    dedup_key: str | None = None
    cause: str | None = None


class HookFailed(Struct, frozen=True, tag="hook_failed", tag_field="event", omit_defaults=True):
    """A composition hook could not make the composition it should have made."""

    seen_at_ms: int
    source: Source
    hook_sid: str | None = None
    room_sid: str | None = None
    account_sid: str | None = None
    failed_operation: str | None = None
    error_message: str | None = None
    dedup_key: str | None = None
    cause: str | None = None


class HookSeen(Struct, frozen=True, tag="hook", tag_field="event", omit_defaults=True):
    """A composition hook: while it is enabled, every recorded room is to be composed when it ends."""

    seen_at_ms: int
    source: Source
    hook_sid: str
    is_enabled: bool
    account_sid: str | None = None
    name: str | None = None
    dedup_key: str | None = None
    cause: str | None = None


class RoomSummarySeen(Struct, frozen=True, tag="room_summary", tag_field="event", omit_defaults=True):
    """What the Log Analyzer has to say of an ended room, some minutes later; it keeps it for seven days."""

    seen_at_ms: int
    source: Source
    room_sid: str
    account_sid: str | None = None
    room_name: str | None = None
    created_at_ms: int | None = None
    ended_at_ms: int | None = None
    end_reason: str | None = None
    duration_s: int | None = None
    unique_participants: int | None = None  # stays, each with a SID of its own
    unique_identities: int | None = None
    concurrent_participants: int | None = None  # the most there were at once
    participants_duration_s: int | None = None
    recordings_duration_s: int | None = None
    room_type: str | None = None
    media_region: str | None = None
    edge_location: str | None = None
    processing_state: str | None = None
    dedup_key: str | None = None
    cause: str | None = None


class ParticipantSummarySeen(Struct, frozen=True, tag="participant_summary", tag_field="event", omit_defaults=True):
    """What the Log Analyzer has to say of one stay in an ended room."""

    seen_at_ms: int
    source: Source
    room_sid: str
    participant_sid: str
    account_sid: str | None = None
    identity: str | None = None
    joined_at_ms: int | None = None
    left_at_ms: int | None = None
    duration_s: int | None = None
    end_reason: str | None = None
    error_code: int | None = None
    media_region: str | None = None
    edge_location: str | None = None
    sdk: str | None = None  # name and version of the SDK that published, where it is told
    dedup_key: str | None = None
    cause: str | None = None


class UsageSeen(Struct, frozen=True, tag="usage", tag_field="event", omit_defaults=True):
    """What an account used of one billing category from the first to the last day, both included, UTC."""

    seen_at_ms: int
    source: Source
    account_sid: str
    category: str
    first_day: str  # 2026-11-01
    last_day: str
    usage: float | None = None
    usage_unit: str | None = None
    price: float | None = None
    price_unit: str | None = None  # usd
    dedup_key: str | None = None
    cause: str | None = None


# The next ones say that a list was read to its end: only then is it certain that nothing is missing in what was told.


class RoomLooked(Struct, frozen=True, tag="room_looked", tag_field="event", omit_defaults=True):
    """A room's participants were just told in full: those in it now, or (`is_final`) all who ever were in it."""

    seen_at_ms: int
    source: Source
    room_sid: str
    account_sid: str
    participants: int = 0
    is_final: bool = False
    is_known: bool = True  # False: the account has no such room, or not any more; nothing was told of anybody
    dedup_key: str | None = None
    cause: str | None = None


class RecordingsListed(Struct, frozen=True, tag="recordings_listed", tag_field="event", omit_defaults=True):
    """All recordings of an ended room were just told; `open` of them are still being processed."""

    seen_at_ms: int
    source: Source
    room_sid: str
    account_sid: str
    recordings: int = 0
    open: int = 0
    is_known: bool = True
    dedup_key: str | None = None
    cause: str | None = None


class CompositionsListed(Struct, frozen=True, tag="compositions_listed", tag_field="event", omit_defaults=True):
    """All compositions of an ended room were just told."""

    seen_at_ms: int
    source: Source
    room_sid: str
    account_sid: str
    compositions: int = 0
    dedup_key: str | None = None
    cause: str | None = None


class HooksListed(Struct, frozen=True, tag="hooks_listed", tag_field="event", omit_defaults=True):
    """All composition hooks of an account were just told; one that is not among these is no more."""

    seen_at_ms: int
    source: Source
    account_sid: str
    hook_sids: tuple[str, ...] = ()
    dedup_key: str | None = None
    cause: str | None = None


class SummariesListed(Struct, frozen=True, tag="summaries_listed", tag_field="event", omit_defaults=True):
    """All summaries that there are of rooms created in this window were just told."""

    seen_at_ms: int
    source: Source
    account_sid: str
    created_from_ms: int
    created_to_ms: int
    rooms: int = 0
    dedup_key: str | None = None
    cause: str | None = None


class StaysListed(Struct, frozen=True, tag="stays_listed", tag_field="event", omit_defaults=True):
    """All that the Log Analyzer knows of the stays in an ended room was just told."""

    seen_at_ms: int
    source: Source
    room_sid: str
    account_sid: str
    stays: int = 0
    is_known: bool = True  # False: it does not know the room, not yet or not any more
    dedup_key: str | None = None
    cause: str | None = None


class Trouble(StrEnum):
    """What can be wrong between Twilio and us, for a whole account."""

    AUTH_LOST = "auth_lost"  # none of the keys opens the account: revoked, or wrong
    THROTTLED = "throttled"  # 429 in the last minutes
    UNREACHABLE = "unreachable"  # the circuit breaker is open
    CALLBACKS_SILENT = "callbacks_silent"  # REST shows changes that no callback told


class AccountTrouble(Struct, frozen=True, tag="account_trouble", tag_field="event", omit_defaults=True):
    """A trouble of an account began or ended."""

    seen_at_ms: int
    source: Source
    account_sid: str
    trouble: Trouble
    is_on: bool
    detail: str | None = None
    dedup_key: str | None = None
    cause: str | None = None


class CanarySeen(Struct, frozen=True, tag="canary", tag_field="event", omit_defaults=True):
    """One step of a canary run: how long it took, or why it failed."""

    seen_at_ms: int
    source: Source
    account_sid: str
    step: str
    seconds: float | None = None  # None: it failed
    error: str | None = None
    dedup_key: str | None = None
    cause: str | None = None


Sighting = (
    RoomSeen
    | ParticipantSeen
    | TrackSeen
    | RecordingSeen
    | CompositionSeen
    | HookFailed
    | HookSeen
    | RoomSummarySeen
    | ParticipantSummarySeen
    | UsageSeen
    | RoomLooked
    | RecordingsListed
    | CompositionsListed
    | HooksListed
    | SummariesListed
    | StaysListed
    | AccountTrouble
    | CanarySeen
)
Event = TelemetryBatch | Sighting

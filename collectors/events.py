"""What can be seen of a call?

Every collector ends here: whatever came in, from a browser, from a callback or from a poll, leaves as one of these.
They are frozen, and each carries its unit in its name.  What a browser says is in `collectors.observations`; here are
the *sightings*, which is what Twilio says: a room, a participant, a track, a recording or a composition as it stood at
`seen_at_ms`, no matter who brought the word; and what we find out about our own asking.

All times are milliseconds since the epoch, UTC.  `None` means "not known", never zero.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from collectors.observations import TelemetryBatch


class Source(StrEnum):
    """Who brought the word."""

    POLL = "poll"
    CALLBACK = "callback"
    STREAM = "stream"  # Twilio's Event Streams
    SELF = "self"  # what the daemon found out about its own dealings with Twilio


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

"""What is there to know about a room, and about all that hangs on it?

These are the things of the simulated world.  They are changed only by the ledger, which tells of every change.  All
times are seconds since the epoch; None means "not yet".
"""

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.simulator.device import Strain
from monitor.simulator.link import Link, Trouble
from monitor.simulator.scenarios import CompositionPlan


@dataclass(frozen=True, slots=True)
class Device:
    """What a participant joined with."""

    browser: str
    os: str
    network: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody at the door, who never was in the room by Twilio's word."""

    identity: str
    device: Device


@dataclass(eq=False, slots=True)
class Track:
    """Something a participant publishes."""

    sid: str
    kind: str
    name: str
    participant: "Participant" = field(repr=False)
    published_at: float
    updated_at: float
    enabled: bool = True
    removed_at: float | None = None


@dataclass(eq=False, slots=True)
class Participant:
    """One stay of one person in one room; `phase` makes its line wobble unlike anybody else's."""

    sid: str
    identity: str
    room: "Room" = field(repr=False)
    joined_at: float
    updated_at: float
    device: Device
    link: Link
    phase: float
    status: str = "connected"
    tracks: dict[str, Track] = field(default_factory=dict, repr=False)
    trouble: Trouble | None = None
    strain: Strain | None = None
    reconnecting_code: int | None = None
    left_at: float | None = None
    error_code: int | None = None
    end_reason: str | None = None

    @property
    def is_here(self) -> bool:
        """Whether the participant is still in the room, connected or trying to be again."""
        return self.left_at is None

    @property
    def sends_video(self) -> bool:
        """Whether a video track of the participant is on."""
        return any(track.kind == "video" and track.enabled for track in self.tracks.values())


@dataclass(eq=False, slots=True)
class Recording:
    """What is kept of one track."""

    sid: str
    room: "Room" = field(repr=False)
    track: Track = field(repr=False)
    created_at: float
    status: str = "processing"  # which on Twilio means: still being captured
    completed_at: float | None = None
    duration_s: int = 0
    size_bytes: int = 0


class CompositionStatus(StrEnum):
    """How far a composition has come."""

    ENQUEUED = "enqueued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    DELETED = "deleted"
    FAILED = "failed"


@dataclass(eq=False, slots=True)
class CompositionHook:
    """A standing order to compose every recorded room that ends."""

    sid: str
    friendly_name: str
    created_at: float
    enabled: bool = True
    format: str = "mp4"
    resolution: str = "1280x720"
    status_callback: str | None = None


@dataclass(eq=False, slots=True)
class Composition:
    """The film of a room, wished for at `created_at`."""

    sid: str
    room: "Room" = field(repr=False)
    created_at: float
    hook: CompositionHook | None = None
    status: CompositionStatus = CompositionStatus.ENQUEUED
    format: str = "mp4"
    resolution: str = "1280x720"
    status_callback: str | None = None
    started_at: float | None = None
    completed_at: float | None = None
    deleted_at: float | None = None
    percent_done: float = 0.0
    duration_s: int = 0
    size_bytes: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody is still waiting for it."""
        return self.status in (CompositionStatus.ENQUEUED, CompositionStatus.PROCESSING)


@dataclass(eq=False, slots=True)
class Room:
    """A call.  `slot` is the place the plot keeps filled with rooms, None for a room outside that count."""

    sid: str
    name: str
    created_at: float
    updated_at: float
    media_region: str = "us1"
    recorded: bool = False
    composition_plan: CompositionPlan | None = None
    slot: int | None = None
    max_participants: int = 50
    max_participant_duration_s: int = 14_400
    empty_timeout_min: int = 5
    unused_timeout_min: int = 5
    status_callback: str | None = None
    created_method: str = "api"
    status: str = "in-progress"
    ended_at: float | None = None
    end_reason: str | None = None
    speaker: Participant | None = None
    participants: dict[str, Participant] = field(default_factory=dict, repr=False)
    recordings: dict[str, Recording] = field(default_factory=dict, repr=False)
    compositions: dict[str, Composition] = field(default_factory=dict, repr=False)
    most_at_once: int = 0
    next_sequence: int = 0

    @property
    def is_live(self) -> bool:
        """Whether the call goes on."""
        return self.ended_at is None

    @property
    def present(self) -> list[Participant]:
        """Return those who are in the room, in the order in which they came."""
        return [participant for participant in self.participants.values() if participant.is_here]

    @property
    def is_full(self) -> bool:
        """Whether nobody more is let in."""
        return len(self.present) >= self.max_participants

    @property
    def empty_since(self) -> float | None:
        """Return since when nobody is in the room, None while somebody is."""
        if self.present:
            return None
        return max((who.left_at for who in self.participants.values() if who.left_at), default=self.created_at)


@dataclass(frozen=True, slots=True)
class Happening:
    """One change of the world, at the moment it took place.

    `event` is the name of the status callback that tells of it, or one of the names in `UNTOLD`, of which Twilio
    sends no callback but which a browser may notice.
    """

    at: float
    event: str
    room: Room
    sequence: int = 0
    participant: Participant | None = None
    newcomer: Newcomer | None = None
    track: Track | None = None
    recording: Recording | None = None
    composition: Composition | None = None
    hook: CompositionHook | None = None
    code: int | None = None
    percent_done: float | None = None
    seconds_remaining: float | None = None
    failed_operation: str | None = None
    error_message: str | None = None


UNTOLD = frozenset(
    {
        *("participant-reconnecting", "participant-reconnected", "link-changed", "speaker-changed", "join-failed"),
        *("composition-created", "composition-deleted", "recording-deleted"),
    }
)
# Those whose callback carries the room's SequenceNumber: no other takes one, so a gap is a callback that never came.
NUMBERED = frozenset(
    {
        *("room-created", "room-ended", "participant-connected", "participant-disconnected"),
        *("track-added", "track-removed", "track-enabled", "track-disabled"),
    }
)

"""What does Twilio know, and which changes are there?

The ledger holds every room and all that hangs on it, and it is the only place where they change.  Each change is told
as a `Happening`, whoever caused it: the plot of a scenario or a caller of the REST API.

Ended rooms are kept until there are too many of them; then the oldest are forgotten with all their recordings and
finished compositions, so a simulator can run for weeks.
"""

from collections.abc import Callable
from typing import Any

from monitor.simulator.entities import (
    NUMBERED,
    Composition,
    CompositionHook,
    CompositionStatus,
    Device,
    Happening,
    Newcomer,
    Participant,
    Recording,
    Room,
    Track,
)
from monitor.simulator.link import Link, Trouble
from monitor.simulator.sids import Sids
from monitor.simulator.usage import UsageMeter

Tell = Callable[[Happening], None]
BYTES_PER_S = {"audio": 5_000, "video": 110_000}


class Ledger:
    """Rooms, recordings, compositions and hooks, oldest first, and every way in which they change."""

    def __init__(self, seed: int, tell: Tell, *, max_ended_rooms: int = 2000) -> None:
        self.rooms: dict[str, Room] = {}
        self.live: dict[str, Room] = {}
        self.recordings: dict[str, Recording] = {}
        self.compositions: dict[str, Composition] = {}
        self.hooks: dict[str, CompositionHook] = {}
        self.usage = UsageMeter()
        self.sids = Sids(seed)
        self._tell = tell
        self._max_ended_rooms = max_ended_rooms

    # --- rooms ---------------------------------------------------------------------------------------

    def open_room(self, at: float, name: str, **options: Any) -> Room:
        """Return a new room in progress, called `name`, or by its SID where `name` is empty."""
        sid = self.sids.new("RM")
        room = Room(sid, name or sid, created_at=at, updated_at=at, **options)
        self.rooms[sid] = self.live[sid] = room
        self.usage.count(at, "group-rooms")
        self._say(at, "room-created", room)
        return room

    def end_room(self, at: float, room: Room, reason: str) -> None:
        """End `room`; whoever is still in it is out of it now."""
        for participant in room.present:
            self.leave(at, participant, end_reason=reason)
        room.status, room.ended_at, room.end_reason, room.updated_at = "completed", at, reason, at
        room.speaker = None
        del self.live[room.sid]
        self._say(at, "room-ended", room)
        self._forget()

    def speak(self, at: float, room: Room, speaker: Participant | None) -> None:
        """Make `speaker` the dominant speaker of `room`."""
        room.speaker = speaker
        self._say(at, "speaker-changed", room, participant=speaker)

    # --- participants and their tracks ---------------------------------------------------------------

    def join(self, at: float, room: Room, identity: str, device: Device, link: Link, phase: float) -> Participant:
        """Return a participant who has just connected to `room`."""
        participant = Participant(self.sids.new("PA"), identity, room, at, at, device, link, phase)
        room.participants[participant.sid] = participant
        room.most_at_once = max(room.most_at_once, len(room.present))
        self._say(at, "participant-connected", room, participant=participant)
        return participant

    def fail_to_join(self, at: float, room: Room, newcomer: Newcomer, code: int) -> None:
        """Let `newcomer` not get into `room`, because of error `code`."""
        self._say(at, "join-failed", room, newcomer=newcomer, code=code)

    def leave(
        self, at: float, participant: Participant, *, code: int | None = None, end_reason: str = "disconnected"
    ) -> None:
        """Take `participant` and all of its tracks out of the room; `code` says what broke, if anything did."""
        for track in list(participant.tracks.values()):
            self.unpublish(at, track)
        participant.status, participant.left_at, participant.updated_at = "disconnected", at, at
        participant.error_code, participant.end_reason = code, end_reason
        participant.trouble = participant.reconnecting_code = None
        self.usage.count(at, "group-rooms-participant-minutes", (at - participant.joined_at) / 60)
        if participant.room.speaker is participant:
            self.speak(at, participant.room, None)
        self._say(at, "participant-disconnected", participant.room, participant=participant, code=code)

    def publish(self, at: float, participant: Participant, kind: str) -> Track:
        """Return a track that `participant` has just begun to publish."""
        track = Track(self.sids.new("MT"), kind, f"{kind}-{participant.identity}", participant, at, at)
        participant.tracks[track.sid] = track
        self._say(at, "track-added", participant.room, participant=participant, track=track)
        return track

    def unpublish(self, at: float, track: Track) -> None:
        """End `track`."""
        del track.participant.tracks[track.sid]
        track.removed_at = track.updated_at = at
        self._say(at, "track-removed", track.participant.room, participant=track.participant, track=track)

    def enable(self, at: float, track: Track, *, enabled: bool) -> None:
        """Switch `track` on, or mute it."""
        track.enabled, track.updated_at = enabled, at
        event = "track-enabled" if enabled else "track-disabled"
        self._say(at, event, track.participant.room, participant=track.participant, track=track)

    def lose_connection(self, at: float, participant: Participant, code: int) -> None:
        """Let `participant` try to come back, because of error `code`."""
        participant.status, participant.reconnecting_code, participant.updated_at = "reconnecting", code, at
        self._say(at, "participant-reconnecting", participant.room, participant=participant, code=code)

    def regain_connection(self, at: float, participant: Participant) -> None:
        """Let `participant` be connected again."""
        participant.status, participant.reconnecting_code, participant.updated_at = "connected", None, at
        self._say(at, "participant-reconnected", participant.room, participant=participant)

    def trouble(self, at: float, participant: Participant, trouble: Trouble | None) -> None:
        """Put the link of `participant` into `trouble`, or make it good again."""
        participant.trouble = trouble
        self._say(at, "link-changed", participant.room, participant=participant)

    # --- recordings ----------------------------------------------------------------------------------

    def start_recording(self, at: float, track: Track) -> Recording:
        """Return a recording of `track` that has just begun."""
        room = track.participant.room
        recording = Recording(self.sids.new("RT"), room, track, at)
        self.recordings[recording.sid] = room.recordings[recording.sid] = recording
        self._say(at, "recording-started", room, participant=track.participant, track=track, recording=recording)
        return recording

    def complete_recording(self, at: float, recording: Recording) -> None:
        """Make `recording` available."""
        track = recording.track
        captured_s = (track.removed_at or at) - recording.created_at
        recording.status, recording.completed_at, recording.duration_s = "completed", at, round(captured_s)
        recording.size_bytes = int(captured_s * BYTES_PER_S[track.kind])
        self.usage.count(at, "video-recordings", captured_s / 60)
        self._say(
            at, "recording-completed", recording.room, participant=track.participant, track=track, recording=recording
        )

    def fail_recording(self, at: float, recording: Recording, failed_operation: str) -> None:
        """Lose `recording`."""
        recording.status = "failed"
        self._say(
            at,
            "recording-failed",
            recording.room,
            participant=recording.track.participant,
            track=recording.track,
            recording=recording,
            failed_operation=failed_operation,
        )

    def delete_recording(self, at: float, recording: Recording) -> None:
        """Delete the media of `recording`; what is known of it stays."""
        recording.status, recording.size_bytes = "deleted", 0
        self._say(at, "recording-deleted", recording.room, recording=recording)

    # --- compositions --------------------------------------------------------------------------------

    def add_hook(self, at: float, friendly_name: str, **options: Any) -> CompositionHook:
        """Return a new composition hook."""
        hook = CompositionHook(self.sids.new("HK"), friendly_name, at, **options)
        self.hooks[hook.sid] = hook
        return hook

    def enqueue_composition(
        self, at: float, room: Room, hook: CompositionHook | None = None, **options: Any
    ) -> Composition:
        """Return a new composition of `room`; only one that a hook made is told of by a callback."""
        composition = Composition(self.sids.new("CJ"), room, at, hook, **options)
        self.compositions[composition.sid] = room.compositions[composition.sid] = composition
        event = "composition-created" if hook is None else "composition-enqueued"
        self._say(at, event, room, composition=composition, hook=hook)
        return composition

    def fail_hook(self, at: float, room: Room, hook: CompositionHook, failed_operation: str, message: str) -> None:
        """Let `hook` make no composition of `room`, and say why."""
        self._say(
            at,
            "composition-hook-failed",
            room,
            hook=hook,
            failed_operation=failed_operation,
            error_message=message,
        )

    def start_composition(self, at: float, composition: Composition) -> None:
        """Let work on `composition` begin."""
        composition.status, composition.started_at = CompositionStatus.PROCESSING, at
        self._say_of(at, "composition-started", composition)

    def progress_composition(self, at: float, composition: Composition, percent: float, remaining_s: float) -> None:
        """Let `composition` be `percent` done."""
        composition.percent_done = percent
        self._say_of(at, "composition-progress", composition, percent_done=percent, seconds_remaining=remaining_s)

    def complete_composition(self, at: float, composition: Composition, *, is_empty: bool = False) -> None:
        """Make `composition` available; an empty one has nothing in it."""
        room = composition.room
        duration_s = 0.0 if is_empty else (room.ended_at or at) - room.created_at
        composition.status, composition.completed_at = CompositionStatus.COMPLETED, at
        composition.percent_done, composition.duration_s = 100.0, round(duration_s)
        composition.size_bytes = int(duration_s * 2 * BYTES_PER_S["video"])
        self.usage.count(at, "pv-composition-minutes", duration_s / 60)
        self._say_of(at, "composition-available", composition)

    def fail_composition(self, at: float, composition: Composition, failed_operation: str, error_message: str) -> None:
        """Let `composition` fail, for a reason that only the callback tells."""
        composition.status = CompositionStatus.FAILED
        self._say_of(
            at, "composition-failed", composition, failed_operation=failed_operation, error_message=error_message
        )

    def delete_composition(self, at: float, composition: Composition) -> None:
        """Delete the media of `composition`; what is known of it stays."""
        composition.status, composition.deleted_at, composition.size_bytes = CompositionStatus.DELETED, at, 0
        self._say_of(at, "composition-deleted", composition)

    # --- telling and forgetting ----------------------------------------------------------------------

    def _say(self, at: float, event: str, room: Room, **what: Any) -> None:
        sequence = room.next_sequence
        room.next_sequence += event in NUMBERED
        self._tell(Happening(at, event, room, sequence=sequence, **what))

    def _say_of(self, at: float, event: str, composition: Composition, **what: Any) -> None:
        self._say(at, event, composition.room, composition=composition, hook=composition.hook, **what)

    def _forget(self) -> None:
        """Drop the oldest ended rooms beyond the limit, but none whose composition somebody still waits for."""
        surplus = len(self.rooms) - len(self.live) - self._max_ended_rooms
        if surplus > 0:
            for room in [room for room in self.rooms.values() if _is_forgettable(room)][:surplus]:
                self._forget_room(room)

    def _forget_room(self, room: Room) -> None:
        del self.rooms[room.sid]
        for recording in room.recordings.values():
            del self.recordings[recording.sid]
        for composition in room.compositions.values():
            del self.compositions[composition.sid]


def _is_forgettable(room: Room) -> bool:
    return not room.is_live and not any(composition.is_open for composition in room.compositions.values())

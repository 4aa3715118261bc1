"""What becomes of recordings and compositions?

The reducer for what a room leaves behind.  Late and repeated word changes nothing that is already past: a status only
moves forward.  Two things that Twilio does not tell are concluded here: a composition waits from the latest of its
creation, its room's end, and its last sign of progress; and where an enabled hook should make a composition of a
recorded room, one is expected until it is seen.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from sys import intern
from typing import TypeVar

from collectors.events import (
    CompositionSeen,
    CompositionsListed,
    CompositionStatus,
    HookFailed,
    RecordingSeen,
    RecordingStatus,
)
from monitor.entities import Change, Composition, Entity, Recording, Room
from monitor.merging import earliest

EXPECTED = "hook:"  # begins the SID of a composition that a hook should make, for want of one
FINISHED_KEPT = 10_000  # of each, so that late word does not bring back what is finished
EXPECTED_FOR_MS = 6 * 3_600_000  # what has not been made by then never will be, and has been told long ago

Thing = TypeVar("Thing")

_COMPOSITION_ORDER = {
    CompositionStatus.ENQUEUED: 0,
    CompositionStatus.PROCESSING: 1,
    CompositionStatus.COMPLETED: 2,
    CompositionStatus.FAILED: 2,
    CompositionStatus.DELETED: 3,
}
_RECORDING_ORDER = {
    RecordingStatus.PROCESSING: 0,
    RecordingStatus.COMPLETED: 1,
    RecordingStatus.FAILED: 1,
    RecordingStatus.DELETED: 2,
}


class Media:
    """Recordings and compositions that are not finished, or came to nothing not long ago.

    Args:
        mark: takes note of what has to be saved, before it changes.
    """

    def __init__(self, mark: Callable[[Entity], None]) -> None:
        self.compositions: dict[str, Composition] = {}
        self.recordings: dict[str, Recording] = {}
        self._finished_compositions: OrderedDict[str, Composition] = OrderedDict()  # and what is old news
        self._finished_recordings: OrderedDict[str, Recording] = OrderedDict()
        self._recordings_of: OrderedDict[str, dict[str, bool]] = OrderedDict()  # by room: SID, and whether it is open
        self._mark = mark

    # --- recordings ---------------------------------------------------------------------------------------

    def see_recording(self, seen: RecordingSeen, room: Room | None) -> Sequence[Change]:
        """Take a recording as Twilio says it stands."""
        known = self.recordings.get(seen.recording_sid) or self._finished_recordings.get(seen.recording_sid)
        recording = known or Recording(seen.recording_sid, room_sid=seen.room_sid)
        self._mark(recording)
        _learn_recording(recording, seen)
        recording.room_name = recording.room_name or (room.name if room else None)
        self._note_recording(recording)
        if not recording.is_live:
            return ()
        if recording.status is RecordingStatus.PROCESSING or recording.is_troubled:
            self.recordings[recording.sid] = recording
            return (Change(recording.ref),)
        return self._retire(recording, recording.status.value)

    def _note_recording(self, recording: Recording) -> None:
        if recording.room_sid is None:
            return
        self._recordings_of.setdefault(recording.room_sid, {})[recording.sid] = (
            recording.status is RecordingStatus.PROCESSING
        )
        if len(self._recordings_of) > FINISHED_KEPT:
            self._recordings_of.popitem(last=False)

    def recordings_of(self, room_sid: str) -> Iterable[bool]:
        """Return, for each known recording of a room, whether it is still open."""
        return self._recordings_of.get(room_sid, {}).values()

    # --- compositions -------------------------------------------------------------------------------------

    def see_composition(self, seen: CompositionSeen, room: Room | None) -> Sequence[Change]:
        """Take a composition as Twilio says it stands; `room` is its room, live or ended, where that is known."""
        known = self.compositions.get(seen.composition_sid) or self._finished_compositions.get(seen.composition_sid)
        if known is None and seen.status is CompositionStatus.DELETED:
            return ()
        composition = known or Composition(seen.composition_sid)
        self._mark(composition)
        _learn_composition(composition, seen)
        if room is not None:
            _learn_room(composition, room)
        made = self._retire_expected(seen.room_sid, "made")
        if not composition.is_live:
            return made
        if composition.status.is_open or composition.is_troubled:
            self.compositions[composition.sid] = composition
            return (*made, Change(composition.ref))
        return (*made, *self._retire(composition, composition.status.value))

    def fail_hook(self, failed: HookFailed, room: Room | None) -> Sequence[Change]:
        """Take note that a hook could not make the composition that it should have made."""
        composition = self._expected(failed.room_sid or failed.hook_sid or "")
        composition.status, composition.is_expected = CompositionStatus.FAILED, False
        composition.account_sid, composition.room_sid = failed.account_sid, failed.room_sid
        composition.hook_sid = failed.hook_sid
        composition.failed_operation, composition.error_message = failed.failed_operation, failed.error_message
        composition.seen_at_ms = failed.seen_at_ms
        if room is not None:
            _learn_room(composition, room)
        return (Change(composition.ref),)

    def expect(self, room: Room, hook_sid: str) -> list[Change]:
        """Expect that a hook makes a composition of the room, which is over, unless one was seen already."""
        if room.sid is None or any(each.room_sid == room.sid for each in self.all_compositions()):
            return []
        expected = self._expected(room.sid)
        expected.account_sid, expected.room_sid, expected.hook_sid = room.account_sid, room.sid, hook_sid
        expected.created_at_ms = expected.seen_at_ms = room.ended_at_ms or 0
        _learn_room(expected, room)
        return [Change(expected.ref)]

    def list_compositions(self, listed: CompositionsListed) -> Sequence[Change]:
        """Take note that a composition that was expected has been looked for."""
        expected = self.compositions.get(f"{EXPECTED}{listed.room_sid}")
        if expected is not None:
            self._mark(expected)
            expected.asked, expected.asked_at_ms = expected.asked + 1, listed.seen_at_ms
        return ()

    def end_room(self, room: Room) -> list[Change]:
        """Start the clocks of the room's compositions."""
        waiting = [each for each in self.compositions.values() if each.room_sid == room.sid]
        for composition in waiting:
            self._mark(composition)
            _learn_room(composition, room)
        return [Change(composition.ref) for composition in waiting]

    def list_recordings(self, room_sid: str, recordings: int) -> Sequence[Change]:
        """Take note of how many recordings a room has: of none, no composition can be made."""
        return () if recordings else self._retire_expected(room_sid, "nothing_recorded")

    def _expected(self, room_sid: str) -> Composition:
        sid = EXPECTED + room_sid
        composition = self.compositions.get(sid) or Composition(sid, is_expected=True)
        self.compositions[sid] = composition
        self._mark(composition)
        return composition

    def _retire_expected(self, room_sid: str | None, why: str) -> Sequence[Change]:
        expected = self.compositions.get(f"{EXPECTED}{room_sid}")
        return () if expected is None or not expected.is_expected else self._retire(expected, why)

    # --- forgetting ---------------------------------------------------------------------------------------

    def expire(self, now_ms: int, forget_after_ms: int) -> list[Change]:
        """Forget what came to nothing long enough ago, and what was expected in vain."""
        changes: list[Change] = []
        things: list[Composition | Recording] = [*self.compositions.values(), *self.recordings.values()]
        for thing in things:
            for_ms = EXPECTED_FOR_MS if isinstance(thing, Composition) and thing.is_expected else forget_after_ms
            if _is_over(thing) and now_ms - thing.seen_at_ms > for_ms:
                changes += self._retire(thing, "old_news")
        return changes

    def _retire(self, thing: Composition | Recording, why: str) -> Sequence[Change]:
        self._mark(thing)
        thing.is_live = False
        if isinstance(thing, Composition):
            self.compositions.pop(thing.sid, None)
            _keep(self._finished_compositions, thing.sid, thing)
        else:
            self.recordings.pop(thing.sid, None)
            _keep(self._finished_recordings, thing.sid, thing)
        return (Change(thing.ref, why),)

    def composition(self, sid: str) -> Composition | None:
        """Return a composition of the picture, or one that was finished lately."""
        return self.compositions.get(sid) or self._finished_compositions.get(sid)

    def all_compositions(self) -> Iterator[Composition]:
        """Return the compositions of the picture, and those that were finished lately."""
        return chain(self.compositions.values(), self._finished_compositions.values())

    def all_recordings(self) -> Iterator[Recording]:
        """Return the recordings of the picture, and those that were finished lately."""
        return chain(self.recordings.values(), self._finished_recordings.values())

    def restore(self, things: Iterable[Composition | Recording]) -> None:
        """Take up what was saved: what is open, and what was finished lately."""
        for thing in things:
            if isinstance(thing, Recording):
                self._note_recording(thing)
                (self.recordings if thing.is_live else self._finished_recordings)[thing.sid] = thing
            else:
                (self.compositions if thing.is_live else self._finished_compositions)[thing.sid] = thing


def _keep(finished: OrderedDict[str, Thing], sid: str, thing: Thing) -> None:
    finished[sid] = thing
    if len(finished) > FINISHED_KEPT:
        finished.popitem(last=False)


def _is_over(thing: Composition | Recording) -> bool:
    """Whether nothing more will become of it: it came to nothing, or nobody has seen it."""
    return thing.is_troubled or (isinstance(thing, Composition) and thing.is_expected)


def _learn_recording(recording: Recording, seen: RecordingSeen) -> None:
    if _RECORDING_ORDER[seen.status] > _RECORDING_ORDER[recording.status]:
        recording.status = seen.status
    recording.seen_at_ms = max(recording.seen_at_ms, seen.seen_at_ms)
    recording.account_sid = seen.account_sid or recording.account_sid
    # Each room and participant has several: their SIDs are in memory once.
    recording.room_sid = intern(seen.room_sid or recording.room_sid or "") or None
    recording.room_name = seen.room_name or recording.room_name
    recording.participant_sid = intern(seen.participant_sid or recording.participant_sid or "") or None
    recording.identity = seen.identity or recording.identity
    recording.kind = seen.kind or recording.kind
    recording.created_at_ms = earliest(recording.created_at_ms, seen.created_at_ms)
    recording.duration_s = recording.duration_s if seen.duration_s is None else seen.duration_s
    recording.size_bytes = recording.size_bytes if seen.size_bytes is None else seen.size_bytes
    recording.failed_operation = seen.failed_operation or recording.failed_operation


def _learn_composition(composition: Composition, seen: CompositionSeen) -> None:
    moves_on = _COMPOSITION_ORDER[seen.status] - _COMPOSITION_ORDER[composition.status]
    if seen.percent_done is not None and seen.percent_done > (composition.percent_done or -1):
        composition.percent_done = seen.percent_done
        composition.progress_at_ms = max(composition.progress_at_ms or 0, seen.seen_at_ms)
    if moves_on > 0 and seen.status is CompositionStatus.PROCESSING:
        composition.progress_at_ms = max(composition.progress_at_ms or 0, seen.seen_at_ms)
    if moves_on > 0:
        composition.status = seen.status
    composition.seen_at_ms = max(composition.seen_at_ms, seen.seen_at_ms)
    composition.account_sid = seen.account_sid or composition.account_sid
    composition.room_sid = seen.room_sid or composition.room_sid
    composition.created_at_ms = earliest(composition.created_at_ms, seen.created_at_ms)
    composition.completed_at_ms = earliest(composition.completed_at_ms, seen.completed_at_ms)
    composition.duration_s = composition.duration_s if seen.duration_s is None else seen.duration_s
    composition.size_bytes = composition.size_bytes if seen.size_bytes is None else seen.size_bytes
    composition.hook_sid = seen.hook_sid or composition.hook_sid
    composition.failed_operation = seen.failed_operation or composition.failed_operation
    composition.error_message = seen.error_message or composition.error_message


def _learn_room(composition: Composition, room: Room) -> None:
    composition.room_name = room.name or composition.room_name
    composition.room_ended_at_ms, composition.room_duration_s = room.ended_at_ms, room.duration_s

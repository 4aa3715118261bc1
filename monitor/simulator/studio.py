"""What becomes of recordings and compositions?

A recording runs as long as its track, and is available some seconds later.  When a recorded room ends, the account's
composition hook wishes for its composition; one wished for over REST waits, enqueued, until its room has ended.  Then
it queues, is worked on and tells of every ten percent, until its plan's fate says otherwise.
"""

from random import Random

from monitor.simulator.entities import Composition, CompositionHook, Happening, Recording, Room, Track
from monitor.simulator.ledger import Ledger
from monitor.simulator.scenarios import CompositionPlan, Fate, Scenario
from monitor.simulator.timeline import Timeline

STEPS = 10
STALLS_AT_STEP = 3
FAILS_AT_STEP = 6


class Studio:
    """Starts, finishes and loses recordings and compositions."""

    def __init__(self, scenario: Scenario, ledger: Ledger, timeline: Timeline, rng: Random) -> None:
        self._scenario = scenario
        self._ledger = ledger
        self._timeline = timeline
        self._rng = rng

    def begin(self, at: float) -> None:
        """Place the standing order that every recorded room be composed."""
        self._ledger.add_hook(at, "every recorded room")

    def react(self, happening: Happening) -> None:
        """Do what a studio does when a track or a room begins or ends, or somebody wishes for a composition."""
        match happening:
            case Happening(event="track-added", track=Track() as track) if happening.room.recorded:
                self._ledger.start_recording(happening.at, track)
            case Happening(event="track-removed", track=Track() as track):
                self._stop_recordings(happening.at, track)
            case Happening(event="room-ended", room=room):
                self._room_ended(happening.at, room)
            case Happening(
                event="composition-created" | "composition-enqueued", composition=Composition() as composition
            ):
                self._queue(happening.at, composition)

    # --- recordings ----------------------------------------------------------------------------------

    def _stop_recordings(self, at: float, track: Track) -> None:
        for recording in track.participant.room.recordings.values():
            if recording.track is track:
                self._plan_end(at + self._rng.uniform(*self._scenario.recording_lag_s), recording)

    def _plan_end(self, at: float, recording: Recording) -> None:
        self._timeline.plan(at, lambda when: self._end_recording(when, recording))

    def _end_recording(self, at: float, recording: Recording) -> None:
        if recording.status != "processing":
            return
        if self._rng.random() < self._scenario.recording_failure_ratio:
            self._ledger.fail_recording(at, recording, "RecordingUpload")
        else:
            self._ledger.complete_recording(at, recording)

    # --- compositions --------------------------------------------------------------------------------

    def _room_ended(self, at: float, room: Room) -> None:
        for composition in list(room.compositions.values()):
            self._queue(at, composition)
        if room.recordings:
            self._timeline.plan(at + self._scenario.recording_lag_s[1], lambda when: self._hooks_fire(when, room))

    def _hooks_fire(self, at: float, room: Room) -> None:
        for hook in self._ledger.hooks.values():
            if hook.enabled:
                self._fire(at, room, hook)

    def _fire(self, at: float, room: Room, hook: CompositionHook) -> None:
        missing, failing = self._scenario.hook_misses_ratio, self._scenario.hook_fails_ratio
        drawn = self._rng.random() if missing + failing else 1.0
        if drawn < missing:
            return
        if drawn < missing + failing:
            self._ledger.fail_hook(at, room, hook, "CompositionCreate", "Too many recordings to compose")
            return
        options = {"format": hook.format, "resolution": hook.resolution, "status_callback": hook.status_callback}
        self._ledger.enqueue_composition(at, room, hook, **options)

    def _queue(self, at: float, composition: Composition) -> None:
        plan = self._plan_of(composition)
        if composition.room.is_live or plan.fate is Fate.STUCK_ENQUEUED:
            return
        self._timeline.plan(at + self._rng.uniform(*plan.queued_s), lambda when: self._start(when, composition))

    def _start(self, at: float, composition: Composition) -> None:
        if not composition.is_open:
            return
        plan, room = self._plan_of(composition), composition.room
        room_s = (room.ended_at or at) - room.created_at
        step_s = max(plan.at_least_s, room_s * self._rng.uniform(*plan.processing_ratio)) / STEPS
        self._ledger.start_composition(at, composition)
        self._plan_step(at + step_s, composition, 1, step_s)

    def _plan_step(self, at: float, composition: Composition, step: int, step_s: float) -> None:
        self._timeline.plan(at, lambda when: self._step(when, composition, step, step_s))

    def _step(self, at: float, composition: Composition, step: int, step_s: float) -> None:
        if not composition.is_open:
            return
        plan = self._plan_of(composition)
        if plan.fate is Fate.FAILS and step == FAILS_AT_STEP:
            self._ledger.fail_composition(at, composition, plan.failed_operation, plan.error_message)
        elif step == STEPS:
            self._ledger.complete_composition(at, composition, is_empty=plan.fate is Fate.EMPTY)
        else:
            self._ledger.progress_composition(at, composition, 100.0 * step / STEPS, step_s * (STEPS - step))
            self._go_on(at, composition, step, step_s, plan)

    def _go_on(self, at: float, composition: Composition, step: int, step_s: float, plan: CompositionPlan) -> None:
        pause_s = step_s
        if step == STALLS_AT_STEP and plan.fate is Fate.STUCK_PROCESSING:
            return
        if step == STALLS_AT_STEP and plan.fate is Fate.STALLS:
            pause_s += plan.stall_s
        self._plan_step(at + pause_s, composition, step + 1, step_s)

    def _plan_of(self, composition: Composition) -> CompositionPlan:
        return composition.room.composition_plan or self._scenario.composition

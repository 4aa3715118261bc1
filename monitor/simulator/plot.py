"""Who does what, and when?

The plot keeps a scenario's number of rooms open and seats in them taken: people join, publish, mute themselves, talk,
leave and are followed by others.  What goes wrong on their links is the weather's part (`weather.py`); what becomes
of recordings and compositions is the studio's (`studio.py`).

All three work in the same way: they plan actions on the timeline, and they react to what happened, no matter whether
they caused it or a caller of the REST API did.
"""

from dataclasses import dataclass
from math import tau
from random import Random

from monitor.simulator import cast
from monitor.simulator.entities import Happening, Newcomer, Participant, Room, Track
from monitor.simulator.ledger import Ledger
from monitor.simulator.scenarios import RoomPlan, Scenario, Span
from monitor.simulator.timeline import Action, Timeline

ROOM_FULL = 53105
ROOMS_OPENED_PER_S = 50.0  # at the start, so that five hundred rooms do not open in one instant


@dataclass(frozen=True, slots=True)
class Size:
    """How many rooms are kept open, with how many people each."""

    rooms: int
    participants_per_room: int


class Plot:
    """Rooms that open and end, and people who come and go."""

    def __init__(self, scenario: Scenario, size: Size, ledger: Ledger, timeline: Timeline, rng: Random) -> None:
        self._scenario = scenario
        self._size = size
        self._ledger = ledger
        self._timeline = timeline
        self._rng = rng

    def begin(self, at: float) -> None:
        """Plan the opening of every room."""
        for slot in range(self._size.rooms):
            self._plan_usual(at + slot / ROOMS_OPENED_PER_S, slot, is_first=True)
        for plan in self._scenario.extra_rooms:
            self._plan_extra(at + plan.opens_after_s, plan)

    def react(self, happening: Happening) -> None:
        """Let whoever left, and a room that ended, be followed by another; let a room that nobody enters time out."""
        room = happening.room
        if happening.event == "participant-disconnected":
            self._after(happening.at, self._scenario.away_s, lambda when: self._join(when, room))
            self._wait_for_time_out(happening.at, room, room.empty_timeout_min)
        elif happening.event == "room-ended" and room.slot is not None:
            self._plan_usual(happening.at + self._rng.uniform(*self._scenario.room_gap_s), room.slot)
        elif happening.event == "room-created":
            self._wait_for_time_out(happening.at, room, room.unused_timeout_min)

    # --- rooms ---------------------------------------------------------------------------------------

    def _plan_usual(self, at: float, slot: int, *, is_first: bool = False) -> None:
        self._timeline.plan(at, lambda when: self._open_usual(when, slot, is_first=is_first))

    def _plan_extra(self, at: float, plan: RoomPlan) -> None:
        self._timeline.plan(at, lambda when: self._open_extra(when, plan))

    def _open_usual(self, at: float, slot: int, *, is_first: bool) -> None:
        region = cast.REGIONS[slot % len(cast.REGIONS)]
        recorded = self._rng.random() < self._scenario.recorded_ratio
        room = self._open(at, None, media_region=region, recorded=recorded, slot=slot)
        self._populate(room, self._size.participants_per_room)
        lasts_s = self._rng.uniform(*self._scenario.room_lasts_s)
        if is_first and self._scenario.is_staggered:
            lasts_s *= self._rng.random()
        self._timeline.plan(at + lasts_s, lambda when: self._end(when, room))

    def _open_extra(self, at: float, plan: RoomPlan) -> None:
        composed = plan.composition is not None
        options = {"composition_plan": plan.composition, "max_participants": plan.max_participants}
        room = self._open(at, plan.kind, recorded=composed, **options)
        self._populate(room, plan.people)
        if plan.lasts_s is not None:
            self._timeline.plan(at + plan.lasts_s, lambda when: self._end(when, room))

    def _open(self, at: float, kind: str | None, **options: object) -> Room:
        name = cast.room_name(self._rng, kind, self._rng.random())
        return self._ledger.open_room(at, name, **options)

    def _end(self, at: float, room: Room) -> None:
        if not room.is_live:
            return
        if any(participant.trouble for participant in room.present):
            self._after(
                at, self._scenario.lingers_s, lambda when: self._end(when, room)
            )  # people stay until they can part well
            return
        self._ledger.end_room(at, room, "room_ended_via_api")

    def _wait_for_time_out(self, at: float, room: Room, minutes: int) -> None:
        """Let a room that was made over REST end when it is still empty after `minutes`, as it is now."""
        if room.created_method == "rest" and room.empty_since == at:
            self._timeline.plan(
                at + minutes * self._scenario.timeout_minute_s, lambda when: self._time_out(when, room, at)
            )

    def _time_out(self, at: float, room: Room, empty_since: float) -> None:
        if room.is_live and room.empty_since == empty_since:
            self._ledger.end_room(at, room, "timeout")

    # --- people --------------------------------------------------------------------------------------

    def _populate(self, room: Room, people: int) -> None:
        for _ in range(people):
            self._after(room.created_at, (0.2, self._scenario.arrives_within_s), lambda when: self._join(when, room))
        self._after(room.created_at, self._scenario.speaks_for_s, lambda when: self._speak(when, room))

    def _join(self, at: float, room: Room) -> None:
        if not room.is_live:
            return
        device = cast.device(self._rng)
        if room.is_full:
            self._ledger.fail_to_join(at, room, Newcomer(cast.identity(self._rng, room), device), ROOM_FULL)
            self._after(at, self._scenario.away_s, lambda when: self._join(when, room))
            return
        link = cast.link(self._rng, device.network)
        who = self._ledger.join(at, room, cast.identity(self._rng, room), device, link, self._rng.random() * tau)
        self._after(at, (0.1, 0.4), lambda when: self._publish(when, who))
        self._after(at, self._scenario.stays_s, lambda when: self._leave(when, who))

    def _publish(self, at: float, participant: Participant) -> None:
        if not participant.is_here:
            return
        microphone = self._ledger.publish(at, participant, "audio")
        self._ledger.publish(at, participant, "video")
        self._after(at, self._scenario.mutes_every_s, lambda when: self._toggle(when, microphone))

    def _toggle(self, at: float, track: Track) -> None:
        if track.removed_at is None:
            self._ledger.enable(at, track, enabled=not track.enabled)
            self._after(at, self._scenario.mutes_every_s, lambda when: self._toggle(when, track))

    def _leave(self, at: float, participant: Participant) -> None:
        if not participant.is_here:
            return
        if participant.trouble or participant.reconnecting_code:
            self._after(at, self._scenario.lingers_s, lambda when: self._leave(when, participant))
            return
        self._ledger.leave(at, participant)

    def _speak(self, at: float, room: Room) -> None:
        if not room.is_live:
            return
        people = [participant for participant in room.present if participant.tracks]
        speaker = self._rng.choice(people) if people else None
        if speaker is not room.speaker:
            self._ledger.speak(at, room, speaker)
        self._after(at, self._scenario.speaks_for_s, lambda when: self._speak(when, room))

    def _after(self, at: float, span_s: Span, action: Action) -> None:
        self._timeline.plan(at + self._rng.uniform(*span_s), action)

"""Whose link goes bad, and when?  The troubles of a scenario, put on participants and taken off again."""

from random import Random

from monitor.simulator.entities import Happening, Participant
from monitor.simulator.ledger import Ledger
from monitor.simulator.scenarios import LinkTrouble, ReconnectStorm, Scenario, Whom
from monitor.simulator.timeline import Timeline

NOBODY_YET_S = 0.5  # how long an episode waits for somebody to strike


class Weather:
    """Link troubles and reconnect storms."""

    def __init__(self, scenario: Scenario, ledger: Ledger, timeline: Timeline, rng: Random) -> None:
        self._scenario = scenario
        self._ledger = ledger
        self._timeline = timeline
        self._rng = rng
        self._regions: dict[str, LinkTrouble] = {}  # the troubles now on, by media region
        self._victim: Participant | None = None

    def begin(self, at: float) -> None:
        """Plan the first episode of every trouble."""
        for trouble in self._scenario.link_troubles:
            self._plan_episode(at + trouble.when.first_after_s, trouble)
        storm = self._scenario.reconnect_storm
        if storm is not None:
            self._timeline.plan(at + storm.when.first_after_s, lambda when: self._storm(when, storm))

    def react(self, happening: Happening) -> None:
        """Let somebody who joins a region in trouble share its trouble."""
        trouble = self._regions.get(happening.room.media_region)
        if trouble and happening.event == "participant-connected" and happening.participant:
            self._ledger.trouble(happening.at, happening.participant, trouble.trouble)

    # --- link troubles -------------------------------------------------------------------------------

    def _plan_episode(self, at: float, trouble: LinkTrouble) -> None:
        self._timeline.plan(at, lambda when: self._strike(when, trouble, when + trouble.when.lasts_s))
        if trouble.when.quiet_s is not None:
            again_at = at + trouble.when.lasts_s + trouble.when.quiet_s
            self._timeline.plan(again_at, lambda when: self._plan_episode(when, trouble))

    def _strike(self, at: float, trouble: LinkTrouble, until: float) -> None:
        if at >= until:
            return
        struck = self._struck(trouble)
        if not struck:
            self._timeline.plan(at + NOBODY_YET_S, lambda when: self._strike(when, trouble, until))
            return
        for participant in struck:
            self._ledger.trouble(at, participant, trouble.trouble)
        self._timeline.plan(until, lambda when: self._relieve(when, trouble))

    def _struck(self, trouble: LinkTrouble) -> list[Participant]:
        if trouble.whom is Whom.ONE_PARTICIPANT:
            self._victim = self._pick_victim()
            return [self._victim] if self._victim else []
        self._regions[trouble.media_region] = trouble
        rooms = [room for room in self._ledger.live.values() if room.media_region == trouble.media_region]
        return [participant for room in rooms for participant in room.present]

    def _pick_victim(self) -> Participant | None:
        """Return last time's victim while it stays, else whoever came first to the oldest room of several people."""
        if self._victim is not None and self._victim.is_here:
            return self._victim
        for room in self._ledger.live.values():
            publishers = [participant for participant in room.present if participant.tracks]
            if len(publishers) > 1 and room.slot is not None:
                return publishers[0]
        return None

    def _relieve(self, at: float, trouble: LinkTrouble) -> None:
        self._regions.pop(trouble.media_region, None)
        for room in list(self._ledger.live.values()):
            for participant in room.present:
                if participant.trouble is trouble.trouble:
                    self._ledger.trouble(at, participant, None)

    # --- reconnect storms ----------------------------------------------------------------------------

    def _storm(self, at: float, storm: ReconnectStorm) -> None:
        for room in self._ledger.live.values():
            for participant in room.present:
                if self._rng.random() < storm.share_ratio:
                    self._plan_outage(at + self._rng.uniform(0.0, storm.spread_s), participant, storm)
        if storm.when.quiet_s is not None:
            again_at = at + storm.when.lasts_s + storm.when.quiet_s
            self._timeline.plan(again_at, lambda when: self._storm(when, storm))

    def _plan_outage(self, at: float, participant: Participant, storm: ReconnectStorm) -> None:
        self._timeline.plan(at, lambda when: self._cut_off(when, participant, storm))

    def _cut_off(self, at: float, participant: Participant, storm: ReconnectStorm) -> None:
        if participant.status != "connected":
            return
        self._ledger.lose_connection(at, participant, self._rng.choice(storm.codes))
        back_at = at + self._rng.uniform(*storm.outage_s)
        self._timeline.plan(back_at, lambda when: self._end_outage(when, participant, storm))

    def _end_outage(self, at: float, participant: Participant, storm: ReconnectStorm) -> None:
        if participant.status != "reconnecting":
            return
        if self._rng.random() < storm.lost_ratio:
            self._ledger.leave(at, participant, code=participant.reconnecting_code, end_reason="connection_lost")
        else:
            self._ledger.regain_connection(at, participant)

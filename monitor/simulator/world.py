"""What is going on at Twilio just now?

A world is a scenario lived through: the ledger of what there is, and the plot, the weather, the studio and the
turnstile that change it.  It has no clock of its own.  `advance(now)` lets happen what was due and returns it in order;
with the same seed and the same start, the same history comes out, however large the steps.
"""

from random import Random

from monitor.simulator.entities import Composition, Happening, Recording, Room
from monitor.simulator.ledger import Ledger
from monitor.simulator.plot import Plot, Size
from monitor.simulator.scenarios import Scenario
from monitor.simulator.studio import Studio
from monitor.simulator.timeline import Timeline
from monitor.simulator.turnstile import Turnstile
from monitor.simulator.weather import Weather


class World:
    """Rooms, people, recordings and compositions that come and go as the scenario says.

    Args:
        scenario: what goes wrong, and all durations.
        seed: decides everything that chance decides.
        started_at: the moment of the first room, in seconds since the epoch.
        rooms: how many rooms are kept open; None leaves it to the scenario.
        participants_per_room: how many people are kept in each; None leaves it to the scenario.
        max_ended_rooms: how many ended rooms are remembered.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        started_at: float,
        rooms: int | None = None,
        participants_per_room: int | None = None,
        max_ended_rooms: int = 2000,
    ) -> None:
        self.scenario = scenario
        self.started_at = started_at
        self.ledger = Ledger(seed, self._happened, max_ended_rooms=max_ended_rooms)
        self._fresh: list[Happening] = []
        self._timeline = Timeline()
        size = Size(
            scenario.rooms if rooms is None else rooms,
            scenario.participants_per_room if participants_per_room is None else participants_per_room,
        )
        # Each has dice of its own, so that a bad link does not change who talks next.
        self._plot = Plot(scenario, size, self.ledger, self._timeline, Random(f"{seed} plot"))
        self._weather = Weather(scenario, self.ledger, self._timeline, Random(f"{seed} weather"))
        self._studio = Studio(scenario, self.ledger, self._timeline, Random(f"{seed} studio"))
        turnstile = Turnstile(scenario, self.ledger, self._timeline, Random(f"{seed} turnstile"))
        for part in (self._plot, self._weather, self._studio, turnstile):
            part.begin(started_at)

    def advance(self, now: float) -> list[Happening]:
        """Let everything happen that was due at `now`, and return it with whatever a caller caused since last time."""
        self._timeline.run_until(now)
        fresh, self._fresh = self._fresh, []
        return fresh

    def elapsed_s(self, now: float) -> float:
        """Return how old the world is at `now`."""
        return now - self.started_at

    @property
    def rooms(self) -> dict[str, Room]:
        """Every room that is remembered, by SID, oldest first."""
        return self.ledger.rooms

    @property
    def live_rooms(self) -> list[Room]:
        """The rooms in progress, oldest first."""
        return list(self.ledger.live.values())

    @property
    def recordings(self) -> dict[str, Recording]:
        """Every recording that is remembered, by SID, oldest first."""
        return self.ledger.recordings

    @property
    def compositions(self) -> dict[str, Composition]:
        """Every composition that is remembered, by SID, oldest first."""
        return self.ledger.compositions

    def _happened(self, happening: Happening) -> None:
        self._fresh.append(happening)
        self._plot.react(happening)
        self._weather.react(happening)
        self._studio.react(happening)

"""Who cannot get in, and why?

People whose token is stale, whom the room's media server does not answer, or who come to a full room: Twilio never
mentions them, and all there is of them is what their own browser says.
"""

from random import Random

from monitor.simulator import cast
from monitor.simulator.entities import Newcomer
from monitor.simulator.ledger import Ledger
from monitor.simulator.scenarios import JoinFailures, Scenario
from monitor.simulator.timeline import Timeline


class Turnstile:
    """Turns somebody away now and then."""

    def __init__(self, scenario: Scenario, ledger: Ledger, timeline: Timeline, rng: Random) -> None:
        self._failures = scenario.join_failures
        self._ledger = ledger
        self._timeline = timeline
        self._rng = rng

    def begin(self, at: float) -> None:
        """Plan the first who will be turned away."""
        if self._failures is not None:
            self._plan(at + self._failures.first_after_s, self._failures)

    def _plan(self, at: float, failures: JoinFailures) -> None:
        self._timeline.plan(at, lambda when: self._turn_away(when, failures))

    def _turn_away(self, at: float, failures: JoinFailures) -> None:
        rooms = list(self._ledger.live.values())
        if rooms:
            room = self._rng.choice(rooms)
            newcomer = Newcomer(cast.identity(self._rng, room), cast.device(self._rng))
            self._ledger.fail_to_join(at, room, newcomer, self._rng.choice(failures.codes))
        self._plan(at + self._rng.uniform(*failures.every_s), failures)

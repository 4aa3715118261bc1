"""Who goes next, when the budget does not suffice for all?

Requests wait here, the most urgent first and then in the order of their coming, until the budget has a token and a
slot for the one in front.  Nothing here runs by itself but one timer, set to the moment at which the one in front may
go; whoever comes, leaves or gives up has the gate look again.  When the budget refuses (a circuit breaker has opened, a
pause is too long to wait for) everybody who waits hears it at once, so callers do not pile up.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import inf

from collectors.base import CollectError
from collectors.rest.budget import Budget, Priority, Refused, Sent, Wait
from collectors.rest.outcome import Outcome

SHORTEST_TIMER_S = 0.001  # a timer may fire a hair too early; this keeps it from being set for nothing at all

_WHY = {
    "breaker": "it has not answered for a while",
    "auth": "it accepted none of our keys",
    "throttled": "it asked for a pause",
    "network": "the connection was closed",
    "unknown": "nobody knows what may be asked",
    "elsewhere": "somebody else asks now",
}

_Turn = asyncio.Future[Sent]


class NotAsked(CollectError):
    """A request that never went."""

    def __init__(self, kind: str, retry_after_s: float | None = None) -> None:
        again = "" if retry_after_s is None else f"; the next request may go in {retry_after_s:.0f} s"
        super().__init__(kind, f"Twilio was not asked, as {_WHY[kind]}{again}", retry_after_s=retry_after_s)


class Gate:
    """The way to Twilio for all requests of an account.  Used inside one running event loop."""

    def __init__(self, budget: Budget, now_s: Callable[[], float]) -> None:
        self.budget = budget
        self._now_s = now_s
        self._turns: dict[Priority, OrderedDict[_Turn, None]] = {priority: OrderedDict() for priority in Priority}
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, priority: Priority) -> Sent:
        """Wait for one's turn; whoever was let in has to leave.

        Raises:
            NotAsked: there will be no turn.
        """
        turn: _Turn = asyncio.get_running_loop().create_future()
        self._turns[priority][turn] = None
        self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            self._give_up(priority, turn)
            raise

    def leave(self, sent: Sent, outcome: Outcome, retry_after_s: float | None = None) -> None:
        """Say what a request came to, and make way."""
        self.budget.settled(sent, outcome, self._now_s(), retry_after_s)
        self._admit()

    def withdraw(self, sent: Sent) -> None:
        """Make way without having sent anything."""
        self.budget.withdrawn(sent, self._now_s())
        self._admit()

    def charge(self) -> None:
        """Spend on a request that is sent a second time without waiting for another turn."""
        self.budget.charge(self._now_s())

    def waiting(self) -> Mapping[Priority, int]:
        """Return how many requests wait, by priority."""
        return {priority: len(turns) for priority, turns in self._turns.items()}

    def close(self) -> None:
        """Send everybody away."""
        while (first := self._first()) is not None:
            first[1].set_exception(NotAsked("network"))
        self._wake_after(inf)

    def _admit(self) -> None:
        """Let in whoever may go now, and see to it that the next one will be."""
        wait_s = inf
        while (first := self._first()) is not None:
            priority, turn = first
            now_s = self._now_s()
            match self.budget.ask(priority, now_s):
                case None:
                    turn.set_result(self.budget.sent(now_s))
                case Refused(kind, retry_after_s):
                    turn.set_exception(NotAsked(kind, retry_after_s))
                case Wait(_, wait_s):
                    break
        self._wake_after(wait_s)

    def _first(self) -> tuple[Priority, _Turn] | None:
        """Return whose turn it is, and forget those who have had theirs or have given up."""
        for priority, turns in self._turns.items():
            while turns:
                turn = next(iter(turns))
                if not turn.done():
                    return priority, turn
                del turns[turn]
        return None

    def _give_up(self, priority: Priority, turn: _Turn) -> None:
        self._turns[priority].pop(turn, None)
        if not turn.cancelled() and turn.exception() is None:  # let in, and gone before it noticed
            self.budget.withdrawn(turn.result(), self._now_s())
        self._admit()

    def _wake_after(self, seconds: float) -> None:
        """Look again after so long; a timer that is set for an earlier moment will do."""
        loop = asyncio.get_running_loop()
        if self._timer is not None and (seconds == inf or self._timer.when() > loop.time() + seconds):
            self._timer.cancel()
            self._timer = None
        if self._timer is None and seconds < inf:
            self._timer = loop.call_later(max(seconds, SHORTEST_TIMER_S), self._woken)

    def _woken(self) -> None:
        self._timer = None
        self._admit()

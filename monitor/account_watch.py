"""What does it take to watch one Twilio account?

A way to ask it, a poll for each of its sources with an interval that follows what goes on, and an eye on how we stand
with it.  Accounts share nothing but the picture: one that throttles us, hangs or has locked us out leaves the others
as they are.

One process asks (`asking`).  Where there are others, they show what that one says of its polls.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from collectors.registry import SOURCES
from collectors.rest.breaker import Circuit
from monitor.agenda import Agenda
from monitor.cadence import Activity, interval_s
from monitor.connection import connected
from monitor.exposition import AccountUse
from monitor.joint_allowance import JointAllowance
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll, RequestCounter
from monitor.settings import Account, Polling
from monitor.standing import STANDING_EVERY_S, Standing
from monitor.store.leases import Allowance, RequestBudget
from monitor.store.shared import PollState
from monitor.timetable import Timetable

#: Polls of rooms in a row that came to nothing: from then on nothing is seen, though somebody may well answer.
UNREAD_POLLS = 3


class AccountWatch:
    """One account that is watched.  Built inside a running event loop."""

    def __init__(
        self,
        account: Account,
        polling: Polling,
        live: Live,
        agenda: Agenda,
        pipeline: Pipeline,
        metrics: Metrics,
        now_s: Callable[[], float],
        budget: RequestBudget | None = None,
    ) -> None:
        self._asks: Callable[[], bool] = lambda: False
        self.name = account.name
        self.sid = account.account_sid
        self._polling = polling
        self._requests_per_s = account.requests_per_s
        self._burst_requests = account.burst_requests
        self._live = live
        self._agenda = agenda
        self._now_s = now_s
        self._pipeline = pipeline
        observer, allowance = RequestCounter(metrics, account.name), self._joint(budget)
        self.twilio = connected(account, observer, polling.timeout_s, now_s, allowance)
        self.polls = self._new_polls()
        self._standing = Standing(self.name, self.twilio, live, pipeline, now_s, self._is_unread)

    def _new_polls(self) -> Sequence[Poll]:
        """Return polls that have handed on nothing yet."""
        return [
            Poll(
                self.name,
                source.build(self.twilio.at(source.priority)),
                self._agenda,
                self._pipeline,
                self._now_ms,
                partial(self._interval_s, resource),
            )
            for resource, source in SOURCES.items()
            if resource not in self._polling.skip
        ]

    def _joint(self, budget: RequestBudget | None) -> JointAllowance | None:
        """Return what all who watch this account may ask; None where nobody else does."""
        if budget is None:
            return None
        allowance = Allowance(self._requests_per_s, self._burst_requests)
        return JointAllowance(budget, self.sid, allowance, self._may_ask)

    def _may_ask(self) -> bool:
        return self._asks()

    @asynccontextmanager
    async def asking(self, timetable: Timetable, may_ask: Callable[[], bool]) -> AsyncIterator[None]:
        """Ask for everything that has to be asked again and again, for the length of a block and while one may."""
        self._asks = may_ask
        states, self.polls = self.states, self._new_polls()  # somebody else may have handed on other things since
        self.show(states)
        for poll in self.polls:
            timetable.every(poll.wake_every_s, poll.wake, at_once=True)
        timetable.every(STANDING_EVERY_S, self._standing.watch)
        async with timetable.kept():
            yield

    @property
    def states(self) -> Sequence[PollState]:
        """Return how it goes with the polls."""
        return [poll.state for poll in self.polls]

    def show(self, states: Sequence[PollState]) -> None:
        """Show how it goes with the polls where somebody else makes them."""
        told = {state.resource: state for state in states}
        for poll in self.polls:
            if poll.resource in told:
                poll.show(told[poll.resource])

    def restore_budget(self) -> None:
        """Go on with the request budget as it stood when the daemon was last there."""
        kept = self._live.accounts[self.sid].budget
        if kept is not None:
            self.twilio.budget.restore(kept, self._now_s())

    def keep_budget(self) -> None:
        """Have the request budget saved with the picture."""
        self._live.account_book.keep_budget(self.sid, self.twilio.budget.state(self._now_s()))

    def use(self) -> AccountUse:
        """Return how much of the budget is used, and how it goes."""
        return AccountUse(
            account=self.name,
            sid=self.sid,
            unsettled_rooms=self._agenda.unsettled_rooms(self.sid, self._now_ms()),
            budget_remaining_requests=self.twilio.budget_remaining(),
            rate_per_s=self.twilio.rate_per_s(),
            concurrency_limit=self.twilio.concurrency_limit(),
            breaker_open=self.twilio.circuit is not Circuit.CLOSED,
            waiting=sum(self.twilio.waiting().values()),
            budget_capacity_requests=self._burst_requests,
            trusts_callbacks=self._agenda.trusts_callbacks(self.sid),
            is_asked=self._may_ask(),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self.twilio.close()

    def _is_unread(self) -> bool:
        return any(poll.resource == "rooms" and poll.unread_in_a_row >= UNREAD_POLLS for poll in self.polls)

    def _interval_s(self, resource: str) -> float:
        activity = Activity(
            callbacks_trusted=self._agenda.trusts_callbacks(self.sid),
            waits_for_media=partial(self._agenda.waits_for_media, self.sid),
            requests_per_s=self._requests_per_s,
        )
        return interval_s(resource, self._polling, activity)

    def _now_ms(self) -> int:
        return int(self._now_s() * 1000)

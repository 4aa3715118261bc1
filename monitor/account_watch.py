"""What does it take to watch one Twilio account?

A way to ask it, a poll for each of its sources with an interval that follows what goes on, and an eye on how we stand
with it.  Accounts share nothing but the picture: one that throttles us, hangs or has locked us out leaves the others
as they are.
"""

from collections.abc import Callable
from functools import partial

from collectors.registry import SOURCES
from collectors.rest.breaker import Circuit
from monitor.agenda import Agenda
from monitor.cadence import Activity, interval_s
from monitor.connection import connected
from monitor.exposition import AccountUse
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.polling import Poll, RequestCounter
from monitor.scheduler import Scheduler
from monitor.settings import Account, Polling
from monitor.standing import STANDING_EVERY_S, Standing

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
    ) -> None:
        self.name = account.name
        self.sid = account.account_sid
        self._polling = polling
        self._requests_per_s = account.requests_per_s
        self._burst_requests = account.burst_requests
        self._live = live
        self._agenda = agenda
        self._now_s = now_s
        self.twilio = connected(account, RequestCounter(metrics, account.name), polling.timeout_s, now_s)
        self.polls = [
            Poll(
                self.name,
                source.build(self.twilio.at(source.priority)),
                agenda,
                pipeline,
                self._now_ms,
                partial(self._interval_s, resource),
            )
            for resource, source in SOURCES.items()
            if resource not in polling.skip
        ]
        self._standing = Standing(self.name, self.twilio, live, pipeline, now_s, self._is_unread)

    def schedule(self, scheduler: Scheduler) -> None:
        """Have everything done that has to be done again and again."""
        for poll in self.polls:
            scheduler.every(poll.wake_every_s, poll.wake, at_once=True)
        scheduler.every(STANDING_EVERY_S, self._standing.watch)

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

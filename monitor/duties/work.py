"""What is done under each duty?

`alerts`: who is told, and of what.  `upkeep`: what is stored for all, and for how long.  `poller:` and the SID of an
account: what Twilio is asked about it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from logging import getLogger
from typing import NamedTuple

from monitor.account_watch import AccountWatch
from monitor.alerting import Alerting
from monitor.canary import Canary
from monitor.chore_times import Chores
from monitor.clock import SteadyClock
from monitor.company import Company
from monitor.config import Config
from monitor.duties.duties import Duty, Hold
from monitor.housekeeping import LOOK_FOR_DAMAGE_EVERY_S, RETAIN_EVERY_S, SETTLE_EVERY_S, Housekeeping
from monitor.store.ports import StoreFailed
from monitor.store.shared import SharedStore
from monitor.timetable import Timetable

_log = getLogger(__name__)

ALERTS, UPKEEP, POLLER = "alerts", "upkeep", "poller:"
SAY_EVERY_S = 5.0  # how polls go, to those who do not make them
LOOK_FOR_DEAD_EVERY_S = 2.0  # notifications, which others may have given up


class Work(NamedTuple):
    """The parts of a daemon that one process at a time may let work."""

    config: Config
    company: Company
    clock: SteadyClock
    chores: Chores
    alerting: Alerting
    housekeeping: Housekeeping
    watches: Sequence[AccountWatch]
    canary: Canary | None
    keep_budgets: Callable[[], None]
    catch_up: Callable[[], Awaitable[None]] | None  # with what others took in; None: nobody else takes anything

    def duties(self) -> Mapping[str, Duty]:
        """Return what there is to do, the most urgent first."""
        pollers = {poller(watch.sid): partial(self._poll, watch) for watch in self.watches}
        return {ALERTS: self._decide, UPKEEP: self._keep_up, **pollers}

    # --- alerts -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _decide(self, hold: Hold) -> AsyncIterator[None]:
        timetable, heartbeat = self._timetable(), self.config.heartbeat
        if heartbeat.url is not None:
            timetable.chore("heartbeat", heartbeat.every_s, self.alerting.heartbeat.beat, at_once=True)
        shared = self._shared(hold)
        if shared is not None:
            timetable.every(LOOK_FOR_DEAD_EVERY_S, self._look_for_dead)
        inbox = None if shared is None else shared.inbox
        store = self.company.under(hold.lease)
        if self.catch_up is not None:  # of whom the picture does not know yet, it would seem that they are gone
            await self.catch_up()
        async with self.alerting.deciding(store, inbox, hold.rested_s), timetable.kept():
            yield

    async def _look_for_dead(self) -> None:
        self.alerting.dispatcher.tell_of_deaths(is_ours=True)

    # --- upkeep -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _keep_up(self, hold: Hold) -> AsyncIterator[None]:
        chores, timetable = self.housekeeping, self._timetable()
        chores.write_to(self.company.under(hold.lease))
        timetable.chore("picture", self.config.storage.checkpoint_every_s, self._checkpoint)
        timetable.chore("settling", SETTLE_EVERY_S, chores.settle)
        timetable.chore("damage", LOOK_FOR_DAMAGE_EVERY_S, chores.look_for_damage)
        timetable.chore("retention", RETAIN_EVERY_S, chores.retain, at_once=True)
        async with timetable.kept():
            yield
        self.keep_budgets()
        await chores.save_picture()

    async def _checkpoint(self) -> bool:
        self.keep_budgets()
        return await self.housekeeping.save_picture_now_and_then()

    # --- polls --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _poll(self, watch: AccountWatch, hold: Hold) -> AsyncIterator[None]:
        timetable, shared = self._timetable(), self._shared(hold)
        if shared is not None:
            timetable.every(SAY_EVERY_S, partial(_say, shared, watch), at_once=True)
        if self.canary is not None and self.canary.account_sid == watch.sid:
            timetable.chore("canary", self.config.canary.every_s, self.canary.run)
        async with watch.asking(timetable, lambda: hold.is_held):
            yield

    # --- all of them --------------------------------------------------------------------------------------

    def _timetable(self) -> Timetable:
        return Timetable(self.clock, self.chores)

    def _shared(self, hold: Hold) -> SharedStore | None:
        return None if self.company.shared is None else self.company.shared.under(hold.lease)


def poller(account_sid: str) -> str:
    """Return the name of the duty to poll an account."""
    return f"{POLLER}{account_sid}"


async def _say(shared: SharedStore, watch: AccountWatch) -> None:
    """Say how polls go to those who do not make them."""
    try:
        await shared.poll_states.say(watch.sid, watch.states)
    except StoreFailed as error:
        _log.warning("nobody else knows how polls of account %s go: %s", watch.name, error)

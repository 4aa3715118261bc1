"""What do the other replicas do, as far as this one has to know it?

It shows what they decide, silence and poll, and keeps in mind what they have not saved yet: whoever takes up a duty of
theirs then goes on where they were.
"""

from collections.abc import Sequence
from contextlib import suppress
from logging import getLogger

from monitor.account_watch import AccountWatch
from monitor.alerting import Alerting
from monitor.duties.duties import Duties
from monitor.duties.work import UPKEEP, poller
from monitor.housekeeping import Housekeeping
from monitor.store.ports import StoreFailed
from monitor.store.shared import SharedStore

LOOK_EVERY_S = 1.0  # at what they decided, silenced and polled

_log = getLogger(__name__)


class Others:
    """Those who share the store of this process."""

    def __init__(
        self,
        shared: SharedStore,
        duties: Duties,
        alerting: Alerting,
        housekeeping: Housekeeping,
        watches: Sequence[AccountWatch],
    ) -> None:
        self._shared = shared
        self._duties = duties
        self._alerting = alerting
        self._housekeeping = housekeeping
        self._watches = watches

    async def look(self) -> None:
        """Show what they decide, silence and poll."""
        try:
            await self._alerting.look()
            states = await self._shared.poll_states.all()
        except StoreFailed as error:
            _log.warning("nobody knows what other replicas do: %s", error)
            return
        for watch in self._watches:
            if self._duties.hold(poller(watch.sid)) is None:
                watch.show(states.get(watch.sid, ()))

    async def look_what_is_saved(self) -> None:
        """Remember what would have to be saved, if this process were to save the picture."""
        if self._duties.hold(UPKEEP) is not None:
            return
        with suppress(StoreFailed):
            saved_through = await self._shared.picture.reaches()
            if self._duties.hold(UPKEEP) is None:
                self._housekeeping.remember_unsaved(saved_through)

"""Which troubles does an account have, and when do they begin and end?

A watch over what the request budget, the polls and the callbacks know of an account.  Each trouble that begins or ends
becomes an event, which goes the way of all events: it is stored, changes the picture, and rules see it.
"""

from collections.abc import Callable
from logging import getLogger

from collectors.events import AccountTrouble, Source, Trouble
from collectors.rest.breaker import Circuit
from collectors.rest.outcome import Outcome
from collectors.rest.twilio import Twilio
from monitor.live import Live
from monitor.pipeline import Behind, Pipeline

_log = getLogger(__name__)

STANDING_EVERY_S = 2.0
THROTTLED_FOR_S = 60.0  # how long after the last 429 an account counts as throttled

_DETAILS = {
    Trouble.AUTH_LOST: "Twilio accepts none of the keys that are configured",
    Trouble.THROTTLED: "Twilio answers 429, too many requests for this account, ours and the application's together",
    Trouble.UNREACHABLE: "Twilio does not answer, or nothing that can be read, again and again",
    Trouble.CALLBACKS_SILENT: "rooms begin and end, and no status callback tells",
}


class Standing:
    """Tells of each trouble of an account once when it begins, and once when it ends."""

    def __init__(
        self,
        name: str,
        account: Twilio,
        live: Live,
        pipeline: Pipeline,
        now_s: Callable[[], float],
        is_unread: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name = name
        self._account = account
        self._live = live
        self._pipeline = pipeline
        self._now_s = now_s
        self._is_unread = is_unread

    async def watch(self) -> None:
        """Compare what is with what was told, and tell the difference."""
        told = set(self._live.accounts[self._account.account_sid].troubles)
        for trouble in sorted(told ^ self._troubles()):
            try:
                await self._tell(trouble, begins=trouble not in told)
            except Behind:
                return  # the next watch finds the same difference

    async def _tell(self, trouble: Trouble, *, begins: bool) -> None:
        detail = _DETAILS[trouble] if begins else None
        at_ms = int(self._now_s() * 1000)
        await self._pipeline.offer(
            AccountTrouble(at_ms, Source.SELF, self._account.account_sid, trouble, is_on=begins, detail=detail)
        )
        _log.warning("account %s: %s %s", self._name, trouble, "begins" if begins else "is over")

    def _troubles(self) -> set[Trouble]:
        now_s, account = self._now_s(), self._account
        callbacks = self._live.account_book.callbacks[account.account_sid]
        callbacks.judge(int(now_s * 1000))
        throttled_at_s = account.last_at_s.get(Outcome.THROTTLED)
        found = {
            Trouble.AUTH_LOST: account.auth_lost,
            Trouble.THROTTLED: throttled_at_s is not None and now_s - throttled_at_s < THROTTLED_FOR_S,
            Trouble.UNREACHABLE: account.circuit is not Circuit.CLOSED or (self._is_unread() and not account.auth_lost),
            Trouble.CALLBACKS_SILENT: callbacks.is_silent,
        }
        return {trouble for trouble, is_on in found.items() if is_on}

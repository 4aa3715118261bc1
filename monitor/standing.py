"""Which troubles does an account have, and when do they begin and end?

A watch over what the request budget and the callbacks know of an account.  Each trouble that begins or ends becomes an
event, which goes the way of all events: it is stored, changes the picture, and rules see it.
"""

from collections.abc import Iterator
from logging import getLogger

from collectors.events import AccountTrouble, Source, Trouble
from collectors.twilio import Twilio
from monitor.live import Live
from monitor.pipeline import Behind, Pipeline

_log = getLogger(__name__)

STANDING_EVERY_S = 2.0
THROTTLED_FOR_S = 60.0  # how long after the last 429 an account counts as throttled

_DETAILS = {
    Trouble.AUTH_LOST: "Twilio answers 401 or 403 to our key",
    Trouble.THROTTLED: "Twilio answers 429: too many requests for this account, ours and the application's together",
    Trouble.UNREACHABLE: "Twilio does not answer, or answers with errors, again and again",
    Trouble.CALLBACKS_SILENT: "rooms begin and end, and no status callback tells",
}


def troubles(account: Twilio, live: Live, now_s: float) -> set[Trouble]:
    """Return the troubles that an account has now."""
    health = live.account_book.callbacks[account.account_sid]
    health.judge(int(now_s * 1000))
    throttled_at_s = account.last_throttled_at_s
    is_throttled = throttled_at_s is not None and now_s - throttled_at_s < THROTTLED_FOR_S
    found = {
        Trouble.AUTH_LOST: account.auth_lost,
        Trouble.THROTTLED: is_throttled,
        Trouble.UNREACHABLE: account.breaker_state != "closed",
        Trouble.CALLBACKS_SILENT: health.is_silent,
    }
    return {trouble for trouble, is_on in found.items() if is_on}


class Standing:
    """Tells of each trouble of an account once when it begins, and once when it ends."""

    def __init__(self, account: Twilio, live: Live, pipeline: Pipeline) -> None:
        self._account = account
        self._live = live
        self._pipeline = pipeline

    async def watch(self, now_s: float) -> None:
        """Compare what is with what was told, and tell the difference."""
        for event in self._news(now_s):
            try:
                await self._pipeline.offer(event)
            except Behind:
                return  # the next watch finds the same difference
            begins = "begins" if event.is_on else "is over"
            _log.warning("account ...%s: %s %s", event.account_sid[-4:], event.trouble, begins)

    def _news(self, now_s: float) -> Iterator[AccountTrouble]:
        sid = self._account.account_sid
        told = set(self._live.accounts[sid].troubles)
        found = troubles(self._account, self._live, now_s)
        for trouble in sorted(told ^ found):
            is_on = trouble in found
            detail = _DETAILS[trouble] if is_on else None
            yield AccountTrouble(int(now_s * 1000), Source.SELF, sid, trouble, is_on=is_on, detail=detail)

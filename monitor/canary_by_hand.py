"""What does `roomwatch canary` do?  One run, told step by step to whoever sits before the terminal."""

import time
from collections.abc import Callable

from collectors.events import CanarySeen, Event
from collectors.rest.twilio import Observer
from monitor.callback_address import callback_url
from monitor.canary import Canary
from monitor.config import Config
from monitor.connection import connected
from monitor.settings import Account


async def by_hand(config: Config, account: Account, say: Callable[[CanarySeen], None], *, compose: bool) -> bool:
    """Make one run, and return whether all of it went well; callbacks arrive at the daemon and are not waited for."""

    async def offer(event: Event) -> bool:
        if isinstance(event, CanarySeen):
            say(event)
        return True

    twilio = connected(account, Observer(), config.polling.timeout_s)
    try:
        canary = Canary(
            account,
            twilio,
            offer,
            lambda: time.time_ns() // 1_000_000,
            timeout_s=config.canary.timeout_s,
            compose=compose or config.canary.compose,
            callback_url=callback_url(config.public.url),
        )
        return await canary.run()
    finally:
        await twilio.close()

"""A dispatcher over real receivers on loopback, with a clock that only moves when told to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.dispatcher import Dispatcher
from alerts.model import NotificationKind
from alerts.notifiers.base import Notifier
from alerts.notifiers.webhook import Webhook, WebhookConfig
from alerts.transport import Transport
from tests.alert_builders import START, make_notification


class Clock:
    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at


class Receiver:
    """Records what it hears; answers as scripted, then 200.  A receiver that `hangs` answers once it is let go."""

    def __init__(self):
        self.heard = []
        self.script = []
        self.hangs = False
        self.let_go = asyncio.Event()
        self.busy = self.busiest = 0
        app = web.Application()
        app.router.add_post("/", self._answer)
        self.server = TestServer(app)

    @property
    def ids(self):
        return [message["roomwatch"]["notification_id"] for message in self.heard]

    def notifier(self):
        return Webhook(WebhookConfig(str(self.server.make_url("/"))))

    async def _answer(self, request):
        self.heard.append(await request.json())
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.hangs:
                await self.let_go.wait()
            await asyncio.sleep(0)
            status, headers = self.script.pop(0) if self.script else (200, {})
            return web.Response(status=status, headers=headers)
        finally:
            self.busy -= 1


@asynccontextmanager
async def served(*names: str) -> AsyncIterator[dict[str, Receiver]]:
    """Have receivers of these names listen."""
    made = {name: Receiver() for name in names}
    for each in made.values():
        await each.server.start_server()
    try:
        yield made
    finally:
        for each in made.values():
            each.let_go.set()
            await each.server.close()


class Dispatching:
    """Runs dispatchers, one after the other, as a daemon that is restarted does."""

    def __init__(self, receivers: Mapping[str, Receiver], now: Callable[[], float]) -> None:
        self._receivers = receivers
        self._now = now

    @asynccontextmanager
    async def __call__(self, store: Any, **changes: Any) -> AsyncIterator[Dispatcher]:
        """Run one for as long as the block lasts; it ends as abruptly as a cancelled task does."""
        notifiers: dict[str, Notifier] = {name: each.notifier() for name, each in self._receivers.items()}
        notifiers |= changes.pop("notifiers", {})
        now = changes.pop("now", self._now)
        async with Transport(timeout_s=changes.pop("timeout_s", 5)) as transport:
            dispatcher = Dispatcher(store, notifiers, transport, now, **changes)
            running = asyncio.create_task(dispatcher.run())
            try:
                yield dispatcher
                assert not running.done() or running.exception() is None
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


async def until(condition, within_s=30.0):
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.002)


async def a_moment():
    await asyncio.sleep(0.05)


def trigger(entity="PA1", receiver="ops", at=START):
    return make_notification(entity=entity, receiver=receiver, at=at)


def resolve(entity="PA1", receiver="ops", at=START):
    return make_notification(NotificationKind.RESOLVE, entity=entity, receiver=receiver, at=at)

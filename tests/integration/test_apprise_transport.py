"""What becomes of a message that Apprise carries, to a real web server."""

import asyncio
import json
import time
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.attempting import attempt
from alerts.delivery import Delivered, TryAgain
from alerts.model import Owed
from alerts.notifiers.apprise import Apprise, AppriseConfig
from alerts.transport import Transport
from tests.alert_builders import START, make_notification


@dataclass
class Service:
    """A service that Apprise posts JSON to; it answers as it is told."""

    port: int = 0
    status: int = 200
    pause_s: float = 0.0
    heard: list[dict] = field(default_factory=list)

    async def take(self, request):
        self.heard.append(json.loads(await request.read()))
        await asyncio.sleep(self.pause_s)
        return web.Response(status=self.status)


@pytest.fixture
async def service():
    service, app = Service(), web.Application()
    app.router.add_post("/{tail:.*}", service.take)
    async with TestServer(app) as server:
        service.port = server.port
        yield service


async def send(service, timeout_s=10.0):
    notifier = Apprise(AppriseConfig(f"json://127.0.0.1:{service.port}/s3cret"))
    async with Transport(timeout_s) as transport:
        return (await attempt(Owed(make_notification()), notifier, transport, START)).outcome


async def test_a_message_arrives(service):
    assert await send(service) == Delivered()
    [message] = service.heard
    assert (message["title"], message["type"]) == ("[FIRING:1] alice is cut off.", "failure")
    assert "Level 0 of 5." in message["message"]


@pytest.mark.promise("P39")
async def test_of_a_no_nobody_knows_what_it_means(service):
    service.status = 500
    assert await send(service) == TryAgain("apprise+json:// said no, and not why", ambiguous=True)


@pytest.mark.promise("P15")
async def test_a_service_that_hangs_does_not_hold_up_the_daemon(service):
    service.pause_s = 3.0
    began = time.monotonic()
    outcome = await send(service, timeout_s=1)
    assert outcome == TryAgain("no answer from apprise+json:// within 1 s", ambiguous=True)
    assert time.monotonic() - began < 2.9

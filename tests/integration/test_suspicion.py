"""Does the first word of an incident say what is behind it?"""

import asyncio
import json
from typing import Any

from aiohttp import web

from monitor.http.server import Listener
from monitor.simulator.scenarios import SCENARIOS
from tests.conftest import Start
from tests.integration.test_daemon_and_twilio import FAST, Simulator, free_port

QUICK = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "for": "500ms",
    "clear_for": "500ms",
    "summary": "{identity} is badly connected.",
}


async def test_a_page_about_a_room_says_whose_fault_it_is(start: Start) -> None:
    heard: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(json.loads(await request.read()))
        return web.Response()

    door, port = await Listener.open("127.0.0.1", 0, [web.post("/", take)]), free_port()
    simulator = Simulator(SCENARIOS["bad-uplink"], seed=3, speed=1, daemon_url=f"http://127.0.0.1:{port}", rooms=1)
    base_url = await simulator.start()
    account = simulator.account
    try:
        await start(
            public={"port": port},
            polling=FAST,
            rules=[QUICK],
            alerts={"group_wait": "40s"},
            receivers={"pager": {"kind": "webhook", "url": f"http://127.0.0.1:{door.port}/"}},
            accounts=[
                {
                    "account_sid": account.account_sid,
                    "api_key": account.api_key,
                    "api_secret": account.api_secret,
                    "auth_token": account.auth_token,
                    "base_url": base_url,
                    "requests_per_s": 200,
                    "burst_requests": 200,
                }
            ],
        )
        async with asyncio.timeout(90):
            while not heard:
                await asyncio.sleep(0.05)
    finally:
        await simulator.stop()
        await door.close()
    summary = heard[0]["roomwatch"]["summary"]
    assert "is badly connected." in summary
    assert "uplink: " in summary, summary

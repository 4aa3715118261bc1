"""Somebody is paged, follows the one link in the page, logs in, and sees who has trouble, when, and whose fault it is.

The daemon watches a simulated Twilio in which everything, people and rules alike, takes a fifth of its time.  A picture
of where the link leads is left in `build/e2e/`.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from playwright.async_api import Browser, expect

from monitor.http.server import Listener
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port
from tests.e2e.installation import installed
from tests.e2e.tools import HANGS_AFTER_S
from tests.e2e.visitors import PICTURES
from tests.integration.test_one_page import until

pytestmark = pytest.mark.e2e

TOKEN = "the-token-of-whoever-is-on-call"
RULE = {
    "name": "ConnectionBad",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "for": "2s",
    "severity": "critical",
    "summary": "{identity} has a bad connection in {room_name}.",
}


class PagerDuty:
    """As much of it as takes events."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.events.append(await request.json())
        return web.json_response({"status": "success", "dedup_key": self.events[-1]["dedup_key"]}, status=202)


@pytest.fixture
async def pagerduty() -> AsyncIterator[tuple[PagerDuty, str]]:
    pagerduty = PagerDuty()
    door = await Listener.open("127.0.0.1", 0, [web.post("/v2/enqueue", pagerduty.take)])
    yield pagerduty, f"http://127.0.0.1:{door.port}"
    await door.close()


def told(ports: tuple[int, int], twilio: Simulator, base_url: str, pagerduty_url: str) -> dict[str, Any]:
    """Return the settings of the daemon."""
    public, private = ports
    account = twilio.account
    said = settings(
        public={"port": public},
        private={"port": private, "url": f"http://127.0.0.1:{private}", "access_token": TOKEN},
        alerts={"group_wait": "500ms"},
        rules=[RULE],
        receivers={"oncall": {"kind": "pagerduty", "routing_key": "k" * 32, "base_url": pagerduty_url}},
        accounts=[
            {
                "account_sid": account.account_sid,
                "api_key": account.api_key,
                "api_secret": account.api_secret,
                "auth_token": account.auth_token,
                "base_url": base_url,
            }
        ],
    )
    return {**said, "storage": {}}


async def test_the_link_in_a_page_leads_to_the_moment_and_to_whom_it_is_about(
    tmp_path: Path, async_browser: Browser, pagerduty: tuple[PagerDuty, str]
) -> None:
    pager, pager_url = pagerduty
    ports = free_port(), free_port()
    twilio = Simulator(SCENARIOS["bad-uplink"], seed=1, speed=5, daemon_url=f"http://127.0.0.1:{ports[0]}", rooms=3)
    base_url = await twilio.start()
    with installed(tmp_path, told(ports, twilio, base_url, pager_url)) as installation:
        daemons = [await DaemonProcess.start(each.config) for each in installation.processes]
        try:
            await until(lambda: pager.events, within_s=HANGS_AFTER_S)
            event = pager.events[0]
            link, who = event["client_url"], event["payload"]["summary"].partition(" has a bad connection")[0]
            page = await async_browser.new_page(
                viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC"
            )
            await page.goto(link)
            await page.get_by_label("Access token").fill(TOKEN)
            await page.get_by_role("button", name="Log in").click()

            assert page.url == link
            lane = page.locator(".lane.is-marked")
            await expect(lane).to_have_attribute("data-lane", parse_qs(urlsplit(link).query)["participant"][0])
            await expect(lane.get_by_role("button", name=who.rpartition(" ")[2])).to_have_attribute(
                "aria-expanded", "true"
            )
            await expect(page.locator(".marked-line")).to_be_visible()
            await expect(page.get_by_role("region", name="Verdict")).to_be_visible()
            PICTURES.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=PICTURES / "from-page-to-call.png", full_page=True)
        finally:
            for daemon in daemons:
                await daemon.kill()
            await twilio.stop()

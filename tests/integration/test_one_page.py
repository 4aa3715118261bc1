"""When a whole region goes bad, is somebody told once, and of the region?

The shipped rules and the usual grouping, over a simulated Twilio in which everything, people and rules alike, takes a
fifth of its time; what is kept firing after the last trouble is so for a fortieth.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from sqlite3 import connect
from typing import Any

import msgspec
import pytest
from aiohttp import web

from alerts.default_rules import DEFAULT_RULES
from alerts.model import Rule, State, Transition
from monitor.http.server import Listener
from monitor.settings import Alerting
from monitor.simulator.scenarios import SCENARIOS, Episode
from monitor.simulator.simulator import Simulator
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config

SPEED, KEEPING_SPEED = 5, 40
ROOMS, PEOPLE_PER_ROOM = 15, 13  # a third of the rooms are in the region
DEGRADED = 50  # at least so many people
MEANWHILE_S = 2.0
FAST = {"rooms_every_s": 0.5, "participants_every_s": 1, "compositions_every_s": 1, "timeout_s": 2}


class Webhook:
    """A receiver that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.messages.append(await request.json())
        return web.Response(status=204)

    def said(self, status: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["status"] == status]


def quickened(rule: Rule) -> dict[str, Any]:
    """Return a shipped rule as a configuration says it, with all its times shortened."""
    return {
        "name": rule.name,
        "over": rule.over.value,
        "raise": str(rule.raise_when),
        "clear": str(rule.clear_when),
        "severity": rule.severity.value,
        "for": _quick(rule.hold_for_s),
        "clear_for": _quick(rule.clear_for_s),
        "keep_firing_for": _quick(rule.keep_firing_for_s * SPEED / KEEPING_SPEED),
        "clear_for_max": _quick(max(rule.clear_for_max_s, rule.clear_for_s)),
        "flap_damping": rule.damps_flapping,
        "summary": rule.summary,
        "description": rule.description,
    }


def _quick(seconds: float) -> str:
    return f"{round(seconds / SPEED * 1000)}ms"


def configured(folder: Path, port: int, webhook: str, simulator: Simulator, base_url: str) -> Path:
    usual, account = Alerting(), simulator.account
    waits = ("group_wait", "group_interval", "repeat_interval", "resolve_wait")
    return write_config(
        folder / "config.toml",
        settings(
            public={"port": port},
            storage={"path": str(folder / "roomwatch.db")},
            polling=FAST,
            alerts={name: _quick(getattr(usual, name)) for name in waits},
            rules=[quickened(rule) for rule in DEFAULT_RULES if not rule.watches_silence],
            receivers={"pager": {"kind": "webhook", "url": webhook}},
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
        ),
    )


@asynccontextmanager
async def region_going_bad(port: int) -> AsyncIterator[tuple[Simulator, str]]:
    scenario = SCENARIOS["bad-region"]
    troubles = tuple(replace(each, when=Episode(10.0, lasts_s=60.0)) for each in scenario.link_troubles)
    simulator = Simulator(
        replace(scenario, link_troubles=troubles),
        seed=3,
        speed=SPEED,
        daemon_url=f"http://127.0.0.1:{port}",
        rooms=ROOMS,
        participants_per_room=PEOPLE_PER_ROOM,
    )
    yield simulator, await simulator.start()
    await simulator.stop()


async def until(holds: Callable[[], Any], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.05)


def most_degraded(folder: Path) -> int:
    """Return how many people of the region had a bad connection at a time, as far as alerts were raised."""
    with closing(connect(folder / "roomwatch.db")) as connection:
        rows = connection.execute("SELECT body FROM transitions ORDER BY id").fetchall()
    raised: set[str] = set()
    most = 0
    for transition in (msgspec.json.decode(body, type=Transition) for (body,) in rows):
        if transition.rule == "ParticipantQualityDegraded":
            (raised.discard if transition.after is State.INACTIVE else raised.add)(transition.entity)
            most = max(most, len(raised))
    return most


@pytest.mark.promise("P20", "P21", "P26")
async def test_a_region_that_goes_bad_is_one_page_that_names_it_and_a_restart_adds_nothing(tmp_path: Path) -> None:
    webhook, port = Webhook(), free_port()
    door = await Listener.open("127.0.0.1", 0, [web.post("/", webhook.take)])
    async with region_going_bad(port) as (simulator, base_url):
        config = configured(tmp_path, port, f"http://127.0.0.1:{door.port}/", simulator, base_url)
        daemon = await DaemonProcess.start(config)
        try:
            await until(lambda: webhook.messages, within_s=90)
            await asyncio.sleep(MEANWHILE_S)
            await daemon.kill()
            daemon = await DaemonProcess.start(config)
            await until(lambda: webhook.said("resolved"), within_s=120)
            await asyncio.sleep(MEANWHILE_S)
            await daemon.kill()
            daemon = await DaemonProcess.start(config)
            await asyncio.sleep(MEANWHILE_S)
        finally:
            await daemon.kill()
            await door.close()
    said = [(message["status"], message["notification_reason"]) for message in webhook.messages]
    assert said == [("firing", "held: degraded_ratio >= 0.3 for 2 s"), ("resolved", said[-1][1])]
    page, end = webhook.messages
    assert page["roomwatch"]["dedup_key"] == end["roomwatch"]["dedup_key"]
    assert [alert["labels"]["alertname"] for alert in page["alerts"]] == ["RegionQualityDegraded"]
    assert "people in media region us1 have a bad connection." in page["alerts"][0]["annotations"]["summary"]
    assert most_degraded(tmp_path) >= DEGRADED

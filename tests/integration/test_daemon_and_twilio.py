"""The whole daemon against the whole simulator: what goes wrong at Twilio, and what the daemon makes of it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from monitor.http.server import Listener
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator
from tests.conftest import Running, Start

FAST = {"rooms_every_s": 0.3, "participants_every_s": 0.5, "compositions_every_s": 0.3, "timeout_s": 2}


class Pager:
    """A receiver that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.messages: list[dict[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        message = await request.json()
        self.messages.append(message)
        self.said += [(alert["status"], alert["labels"]["alertname"]) for alert in message["alerts"]]
        return web.Response(status=204)


class Scene:
    """A daemon, the Twilio that it watches, and the pager that it tells."""

    def __init__(self, running: Running, simulator: Simulator, pager: Pager) -> None:
        self.daemon = running.daemon
        self.simulator = simulator
        self.pager = pager


Play = Callable[..., Awaitable[Scene]]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
async def play(start: Start) -> AsyncIterator[Play]:
    """Run a scenario at some speed with a daemon beside it."""
    async with AsyncExitStack() as scene:

        async def begin(scenario: str, *, speed: float = 1, rules: Any = (), **given: Any) -> Scene:
            pager, port = Pager(), free_port()
            door = await Listener.open("127.0.0.1", 0, [web.post("/", pager.take)])
            scene.push_async_callback(door.close)
            simulator = Simulator(
                SCENARIOS[scenario], seed=3, speed=speed, daemon_url=f"http://127.0.0.1:{port}", **given
            )
            base_url = await simulator.start()
            scene.push_async_callback(simulator.stop)
            account = simulator.account
            running = await start(
                public={"port": port},
                polling=FAST,
                compositions={"limit_floor_s": 2, "limit_room_ratio": 0, "missing_after_s": 2},
                rules=list(rules),
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
            return Scene(running, simulator, pager)

        yield begin


async def until(holds: Callable[[], Any], within_s: float = 60) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


QUICK = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "for": "500ms",
    "clear_for": "500ms",
    "summary": "{identity} is badly connected.",
}


async def test_a_bad_uplink_is_paged_once_and_resolved_once(play: Play) -> None:
    scene = await play("bad-uplink", speed=10, rules=[QUICK], rooms=1)
    await until(lambda: ("resolved", "ParticipantQualityDegraded") in scene.pager.said)
    first = [said for said in scene.pager.said if said[1] == "ParticipantQualityDegraded"][:2]
    assert [status for status, _ in first] == ["firing", "resolved"]
    fired, resolved = scene.pager.messages[:2]
    assert fired["alerts"][0]["fingerprint"] == resolved["alerts"][0]["fingerprint"]


async def test_a_composition_that_makes_no_progress_is_paged(play: Play) -> None:
    scene = await play("stuck-composition", speed=20)
    await until(lambda: ("firing", "CompositionStuck") in scene.pager.said)
    (stuck, *_) = [m for m in scene.pager.messages if m["commonLabels"]["alertname"] == "CompositionStuck"]
    composition_sid = stuck["alerts"][0]["annotations"]["description"]
    assert any(sid in composition_sid for sid in scene.simulator.world.compositions)


async def test_a_failed_composition_is_paged_with_the_reason_that_only_the_callback_had(play: Play) -> None:
    scene = await play("failed-composition", speed=20)
    await until(lambda: ("firing", "CompositionFailed") in scene.pager.said)
    failed = [c for c in scene.daemon.live.compositions.values() if c.status == "failed"]
    assert any(composition.error_message for composition in failed)


@pytest.mark.parametrize(
    ("scenario", "rule", "words"),
    [
        ("composition-missing", "CompositionMissing", "hook"),
        ("composition-empty", "CompositionEmpty", "is empty"),
        ("near-limits", "RoomNearParticipantLimit", "10"),
        ("reconnect-storm", "ReconnectStorm", "reconnect"),
        ("auth-lost", "TwilioAuthLost", "key"),
    ],
)
async def test_what_goes_wrong_on_twilios_side_is_paged_in_words(
    play: Play, scenario: str, rule: str, words: str
) -> None:
    scene = await play(scenario, speed=20)
    await until(lambda: ("firing", rule) in scene.pager.said, within_s=90)
    alerts = [alert for message in scene.pager.messages for alert in message["alerts"]]
    (paged, *_) = [alert["annotations"] for alert in alerts if alert["labels"]["alertname"] == rule]
    assert words in paged["summary"] + paged["description"]


async def test_polling_alone_shows_everything_when_no_callback_arrives(play: Play) -> None:
    scene = await play("no-callbacks", rooms=3)
    live, world = scene.daemon.live, scene.simulator.world

    def agrees() -> bool:
        truth = {room.sid: {p.sid for p in room.participants.values() if p.is_here} for room in world.live_rooms}
        seen = {room.sid: {p.sid for p in room.participants.values()} for room in live.rooms.values()}
        return len(truth) == 3 and all(truth.values()) and seen == truth

    await until(agrees)
    assert scene.daemon.metrics.total("roomwatch_callbacks_total") == 0


async def test_lost_authorisation_is_shown_and_mends_itself(play: Play) -> None:
    scene = await play("auth-lost", speed=20)
    rooms = next(poll for poll in scene.daemon.polls if poll.resource == "rooms")
    await until(lambda: rooms.is_up)
    before_ms = rooms.last_success_ms
    await until(lambda: not rooms.is_up)
    assert scene.daemon.live.rooms, "what was known is gone only because Twilio said no"
    await until(lambda: rooms.is_up)
    assert rooms.last_success_ms > before_ms > 0


async def test_throttling_is_counted_and_nothing_crashes(play: Play) -> None:
    scene = await play("throttled")
    await until(lambda: scene.daemon.metrics.total("roomwatch_twilio_throttled_total") > 0)
    await asyncio.sleep(4)  # the rate is found by halves
    requests = scene.daemon.metrics.total("roomwatch_twilio_requests_total")
    await asyncio.sleep(1)
    assert scene.daemon.metrics.total("roomwatch_twilio_requests_total") - requests < 10, "asked on though told not to"
    assert scene.daemon.is_ready


async def test_callbacks_that_come_twice_late_and_out_of_order_leave_the_true_picture(play: Play) -> None:
    scene = await play("lost-callbacks", speed=5, rooms=3)
    await until(lambda: scene.daemon.metrics.total("roomwatch_callbacks_total") > 30)
    world, live = scene.simulator.world, scene.daemon.live
    await until(lambda: {r.sid for r in world.live_rooms} == {r.sid for r in live.rooms.values()})


REGION = {
    "name": "RegionQualityDegraded",
    "over": "region",
    "raise": "degraded_ratio >= 0.3",
    "clear": "degraded_ratio <= 0.15",
    "for": "500ms",
    "clear_for": "500ms",
    "severity": "critical",
    "summary": "{degraded} of {known} people in media region {region} have a bad connection.",
}


async def test_a_region_that_goes_bad_is_paged_once_by_its_name_and_resolved_once(play: Play) -> None:
    scene = await play("bad-region", speed=10, rules=[REGION], rooms=9, participants_per_room=5)
    name = "RegionQualityDegraded"
    await until(lambda: ("resolved", name) in scene.pager.said, within_s=90)
    told = [alert for message in scene.pager.messages for alert in message["alerts"]]
    of_region = [alert for alert in told if alert["labels"]["alertname"] == name]
    assert [alert["status"] for alert in of_region] == ["firing", "resolved"]
    assert {alert["labels"]["region"] for alert in of_region} == {"us1"}
    assert "people in media region us1 have a bad connection." in of_region[0]["annotations"]["summary"]
    rooms = [alert["labels"] for alert in told if alert["labels"]["alertname"] == "RoomQualityDegraded"]
    assert all(labels["region"] == "us1" and labels["room"].startswith("RM") for labels in rooms)

"""The whole daemon when it does not see: alerts stand still, one says so, and afterwards all is as it should be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from alerts.model import Alert, Kind, Reason, State, Transition
from monitor.app import Daemon
from monitor.simulator.scenarios import (
    CallbackPolicy,
    CompositionPlan,
    Episode,
    Fate,
    RestPolicy,
    RoomPlan,
    Scenario,
    TelemetryPolicy,
)
from monitor.simulator.simulator import Simulator
from tests.builders import ALICE, INGEST_KEY, packed, post, quality, room
from tests.conftest import Running, Start
from tests.daemon_process import free_port

BLIND_AFTER_S = 1.0
LIMIT_S = 9.0
OFTEN_S = 0.2  # browsers post, so that a second without a post means something
STUCK = RoomPlan("class", 0.5, 2.0, composition=CompositionPlan(Fate.STUCK_PROCESSING, queued_s=(0.2, 0.4)))
CUT_OFF = Scenario(
    "cut-off",
    "Twilio answers 5xx for a while and sends no callbacks, but people are heard",
    rest=RestPolicy(failing=Episode(6.0, lasts_s=6.0)),
    callbacks=CallbackPolicy(drop_ratio=1.0),
    telemetry=TelemetryPolicy(post_every_s=OFTEN_S),
    room_lasts_s=(4.0, 9.0),
    stays_s=(2.0, 6.0),
    recording_lag_s=(0.1, 0.2),
    extra_rooms=(STUCK,),
)
UNHEARD = Scenario(
    "unheard",
    "browsers keep silent for a while",
    rooms=3,
    telemetry=TelemetryPolicy(post_every_s=OFTEN_S, silent=Episode(5.0, lasts_s=4.0)),
)

RULES = [
    {"name": "MonitorBlind", "over": "daemon", "raise": "blind >= 1", "clear": "blind < 1", "severity": "critical"},
    {"name": "RoomInUse", "over": "room", "raise": "participants >= 1", "clear": "participants < 1"},
    {"name": "PersonKnown", "over": "participant", "raise": "level >= 0", "clear": "level < 0"},
]


class Watched:
    """A daemon and the Twilio that it watches."""

    def __init__(self, running: Running, simulator: Simulator) -> None:
        self.daemon: Daemon = running.daemon
        self.simulator = simulator

    def changes(self) -> list[tuple[Kind, Transition]]:
        return [(each.alert.kind, each.transition) for each in self.daemon.store.alerts.changes()]

    def of_blindness(self) -> list[Transition]:
        return [each for _, each in self.changes() if each.rule == "MonitorBlind"]

    async def blind(self) -> tuple[float, float]:
        """Wait for blindness to begin and to end; return when it did."""
        await until(lambda: len(self.of_blindness()) == 2)
        begin, end = self.of_blindness()
        assert (begin.after, end.after) == (State.FIRING, State.INACTIVE)
        return begin.at, end.at


Watch = Callable[[Scenario], Awaitable[Watched]]


@pytest.fixture
async def watch(start: Start) -> AsyncIterator[Watch]:
    async with AsyncExitStack() as open_ones:

        async def begin(scenario: Scenario) -> Watched:
            port = free_port()
            simulator = Simulator(scenario, seed=3, daemon_url=f"http://127.0.0.1:{port}")
            base_url, account = await simulator.start(), simulator.account
            open_ones.push_async_callback(simulator.stop)
            running = await start(
                public={"port": port},
                polling={
                    "rooms_every_s": 0.2,
                    "participants_every_s": 0.3,
                    "compositions_every_s": 0.2,
                    "timeout_s": 2,
                },
                compositions={"limit_floor_s": LIMIT_S, "limit_room_ratio": 0},
                alerts={"blind_after_s": BLIND_AFTER_S},
                rules=RULES,
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
            return Watched(running, simulator)

        yield begin


async def until(holds: Callable[[], Any], within_s: float = 90) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


def during(changes: list[tuple[Kind, Transition]], begin_s: float, end_s: float, *kinds: Kind) -> list[Transition]:
    """Return what changed while nothing was seen; a certain end is no change of mind."""
    return [
        each
        for kind, each in changes
        if kind in kinds and begin_s < each.at < end_s and (each.reason, each.detail) != (Reason.GONE, "room_ended")
    ]


@pytest.mark.promise("P22")
async def test_while_twilio_tells_nothing_rooms_and_compositions_stand_still_and_one_alert_says_so(
    watch: Watch,
) -> None:
    watched = await watch(CUT_OFF)
    begin_s, end_s = await watched.blind()
    assert not during(watched.changes(), begin_s, end_s, Kind.ROOM, Kind.COMPOSITION, Kind.RECORDING)
    in_use = [each for kind, each in watched.changes() if kind is Kind.ROOM and each.begins_episode]
    assert any(each.at < begin_s for each in in_use)
    await until(lambda: any(each.rule == "CompositionStuck" for _, each in watched.changes()))
    stuck = next(each for _, each in watched.changes() if each.rule == "CompositionStuck")
    assert begin_s < due_s(watched, stuck.entity) < end_s <= stuck.at, "it fell due while nobody could look"
    await until(lambda: all(each.entity in {*watched.daemon.live.rooms} for each in in_use_now(watched)))
    assert len(watched.of_blindness()) == 2


def due_s(watched: Watched, composition_sid: str) -> float:
    return (watched.daemon.live.compositions[composition_sid].waiting_since_ms or 0) / 1000 + LIMIT_S


def in_use_now(watched: Watched) -> list[Alert]:
    return [alert for alert in watched.daemon.evaluation.engine.alerts if alert.rule == "RoomInUse"]


@pytest.mark.promise("P22")
async def test_while_browsers_tell_nothing_what_is_known_of_people_stands_still(watch: Watch) -> None:
    watched = await watch(UNHEARD)
    await until(lambda: watched.daemon.live.rooms)
    begin_s, end_s = await watched.blind()
    assert not [
        each for each in during(watched.changes(), begin_s, end_s, Kind.PARTICIPANT) if each.reason is not Reason.GONE
    ]
    (details,) = {
        each.alert.details["why"]
        for each in watched.daemon.store.alerts.changes()
        if each.transition.rule == "MonitorBlind" and each.transition.after is State.FIRING
    }
    assert "fell silent at once" in str(details)


@pytest.mark.promise("P29")
async def test_when_a_room_ends_its_alerts_and_those_of_everybody_in_it_end_by_that_name(running: Running) -> None:
    daemon = running.daemon
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    body = packed(post(quality(0)))
    async with running.http.post(f"{running.public}/v1/telemetry", data=body, headers=headers) as answer:
        assert answer.status == 202
    await until(lambda: any(alert.entity.endswith(ALICE) for alert in daemon.evaluation.engine.alerts))
    now_ms = daemon.clock.now_ms()
    await daemon.pipeline.offer(room("completed", at_ms=now_ms, ended_at_ms=now_ms))
    await until(lambda: not daemon.evaluation.engine.alerts)
    changes = [each.transition for each in daemon.store.alerts.changes()]
    assert {each.detail for each in changes if each.after is State.INACTIVE} == {"room_ended"}

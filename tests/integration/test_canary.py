"""A canary's runs against a simulated Twilio, with callbacks that really arrive; and what it leaves behind: nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from collectors.events import CanarySeen, Event
from collectors.rest.twilio import Observer, Twilio
from monitor.canary import Canary
from monitor.canary_steps import PREFIX, STEPS
from monitor.cli import main
from monitor.commands.options import FAILED, OK, USAGE
from monitor.connection import connected
from monitor.folding import Fold
from monitor.http.callbacks import Callbacks
from monitor.http.server import Listener
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline
from monitor.settings import Account
from monitor.simulator.scenarios import SCENARIOS, CallbackPolicy, RestPolicy, Scenario
from monitor.simulator.simulator import Simulator
from monitor.store.memory import MemoryStore
from tests.daemon_process import free_port

QUIET = Scenario("quiet", "", rooms=0, callbacks=CallbackPolicy(spread_s=0.05, late_ratio=0.0))
Simulate = Callable[..., Awaitable[Simulator]]


class Requests(Observer):
    """Notes what every request came to."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append((resource, code))


class Told:
    """Takes a canary's events."""

    def __init__(self) -> None:
        self.steps: dict[str, CanarySeen] = {}

    async def offer(self, event: Event) -> bool:
        assert isinstance(event, CanarySeen)
        assert event.step not in self.steps, "told twice"
        self.steps[event.step] = event
        return True

    @property
    def failed(self) -> dict[str, str]:
        return {step: seen.error for step, seen in self.steps.items() if seen.error is not None}


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def simulate() -> AsyncIterator[Simulate]:
    started: list[Simulator] = []

    async def begin(scenario: Scenario = QUIET, **given: Any) -> Simulator:
        started.append(Simulator(scenario, **given))
        await started[-1].start()
        return started[-1]

    yield begin
    for simulator in started:
        await simulator.stop()


@pytest.fixture
async def open_twilio() -> AsyncIterator[Callable[[Account], Twilio]]:
    opened: list[Twilio] = []

    def connect(account: Account, requests: Requests | None = None) -> Twilio:
        opened.append(connected(account, requests or Requests(), 5))
        return opened[-1]

    yield connect
    for twilio in opened:
        await twilio.close()


def account_of(simulator: Simulator, **given: Any) -> Account:
    simulated = simulator.account
    own = {
        "account_sid": simulated.account_sid,
        "api_key": simulated.api_key,
        "api_secret": simulated.api_secret,
        "auth_token": simulated.auth_token,
        "base_url": simulator.base_url,
        "requests_per_s": 100,
        "burst_requests": 100,
    }
    return Account.model_validate({**own, **given})


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def canaries(simulator: Simulator) -> list[str]:
    """Return the statuses of all rooms that canaries made."""
    return [room.status for room in simulator.world.rooms.values() if room.name.startswith(PREFIX)]


# --- a run ---


async def test_a_run_makes_a_room_and_ends_it_and_times_each_step(simulate, open_twilio, told: Told) -> None:
    simulator = await simulate()
    account = account_of(simulator)
    assert await Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=5).run()
    assert list(told.steps) == ["create", "token", "fetch", "complete", "round_trip"]
    assert all(seen.seconds is not None and seen.seconds >= 0 for seen in told.steps.values())
    assert told.steps["round_trip"].seconds >= told.steps["create"].seconds + told.steps["complete"].seconds
    assert canaries(simulator) == ["completed"]


async def test_an_auth_token_signs_no_tokens_so_none_is_minted(simulate, open_twilio, told: Told) -> None:
    account = account_of(await simulate(), api_key=None, api_secret=None)
    assert await Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=5).run()
    assert "token" not in told.steps


async def test_two_runs_are_two_rooms_and_their_steps_are_no_repeats(simulate, open_twilio) -> None:
    simulator = await simulate()
    account, seen = account_of(simulator), []

    async def offer(event: Event) -> bool:
        seen.append(event)
        return True

    canary = Canary(account, open_twilio(account), offer, now_ms, timeout_s=5)
    assert [await canary.run(), await canary.run()] == [True, True]
    assert len({event.dedup_key for event in seen}) == len(seen) == 10
    assert canaries(simulator) == ["completed"] * 2


# --- callbacks ---


class Overheard(Pipeline):
    """The pipeline, with a canary at the door."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store.log, Fold(Live(), lambda _: None), Metrics(), capacity_events=100, now_ms=now_ms)
        self.canary: Canary | None = None

    def offer(self, event: Event) -> asyncio.Future[bool]:
        if self.canary is not None:
            self.canary.hear(event, time.monotonic())
        return super().offer(event)


async def called_back(simulate, open_twilio, told: Told, scenario: Scenario = QUIET, timeout_s: float = 5) -> Simulator:
    """Make a run whose callbacks go to our own door."""
    simulator = await simulate(scenario, callback_url="http://127.0.0.1:9/")
    account, pipeline = account_of(simulator), Overheard(MemoryStore())
    storing = asyncio.create_task(pipeline.run())
    port = free_port()
    callbacks = Callbacks([account], pipeline, Metrics(), f"http://127.0.0.1:{port}", now_ms)
    door = await Listener.open("127.0.0.1", port, [web.post("/callbacks/twilio", callbacks.post)])
    url = f"http://127.0.0.1:{port}/callbacks/twilio#rc=5&rp=all"
    pipeline.canary = Canary(
        account, open_twilio(account), told.offer, now_ms, timeout_s=timeout_s, callback_url=url, hears=True
    )
    try:
        await pipeline.canary.run()
    finally:
        await door.close()
        pipeline.close()
        await storing
    return simulator


async def test_a_run_waits_for_the_callbacks_about_its_room(simulate, open_twilio, told: Told) -> None:
    simulator = await called_back(simulate, open_twilio, told)
    assert told.failed == {}
    assert set(told.steps) == set(STEPS) - {"compose"}
    assert 0 <= told.steps["callback_ended"].seconds <= told.steps["round_trip"].seconds
    assert canaries(simulator) == ["completed"]


async def test_callbacks_that_never_come_are_a_failure_each(simulate, open_twilio, told: Told) -> None:
    deaf = Scenario("deaf", "", rooms=0, callbacks=CallbackPolicy(drop_ratio=1.0))
    simulator = await called_back(simulate, open_twilio, told, deaf, timeout_s=2)
    assert list(told.failed) == ["callback_created", "callback_ended"]
    assert told.failed["callback_ended"] == "expected the callback room-ended in 2 s, got none"
    assert "round_trip" not in told.steps
    assert canaries(simulator) == ["completed"]


# --- a composition ---


@pytest.mark.parametrize("scenario", ["healthy", "failed-composition"])
async def test_any_definite_answer_about_a_composition_will_do(simulate, open_twilio, told: Told, scenario) -> None:
    simulator, requests = await simulate(SCENARIOS[scenario], rooms=0, speed=20), Requests()
    account = account_of(simulator)
    canary = Canary(account, open_twilio(account, requests), told.offer, now_ms, timeout_s=30, compose=True)
    assert await canary.run(), told.failed
    assert told.steps["compose"].seconds > 0
    left = [composition.status for composition in simulator.world.compositions.values()]
    assert left in (["deleted"], ["failed"]), "Twilio itself keeps the failed ones"
    assert requests.seen[-1] == ("compositions", "204" if left == ["deleted"] else "400")


async def test_a_composition_without_an_answer_is_a_failure_and_is_deleted(simulate, open_twilio, told: Told) -> None:
    simulator = await simulate()
    account = account_of(simulator)
    assert not await Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=2, compose=True).run()
    assert list(told.failed) == ["compose"]
    assert [composition.status for composition in simulator.world.compositions.values()] == ["deleted"]


# --- what goes wrong ---


async def test_a_key_that_is_refused_fails_the_first_step_in_words(simulate, open_twilio, told: Told) -> None:
    account = account_of(await simulate(), api_secret="x" * 32)
    assert not await Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=5).run()
    assert list(told.steps) == ["create"]
    assert "accepted none of our keys" in told.failed["create"]
    assert "x" * 32 not in told.failed["create"]


async def test_a_step_without_an_answer_is_given_up_after_its_time(simulate, open_twilio, told: Told) -> None:
    slow = Scenario("slow", "", rooms=0, rest=RestPolicy(latency_ms=400))
    simulator = await simulate(slow)
    account = account_of(simulator)
    async with asyncio.timeout(30):
        assert not await Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=0.2).run()
    assert told.failed == {"create": "expected an answer in 0.2 s"}


async def test_a_run_that_is_cancelled_ends_its_room_first(simulate, open_twilio) -> None:
    simulator = await simulate()
    account, created = account_of(simulator), asyncio.Event()

    async def offer(event: Event) -> bool:
        created.set()
        await asyncio.sleep(5)
        return True

    running = asyncio.create_task(Canary(account, open_twilio(account), offer, now_ms, timeout_s=5).run())
    await created.wait()
    assert canaries(simulator) == ["in-progress"]
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()  # somebody is impatient
    with pytest.raises(asyncio.CancelledError):
        await running
    assert canaries(simulator) == ["completed"]


async def test_a_room_whose_creation_was_not_answered_in_time_is_ended_by_its_name(simulate, open_twilio, told) -> None:
    simulator = await simulate(Scenario("slow", "", rooms=0, rest=RestPolicy(latency_ms=150)))
    account = account_of(simulator)
    canary = Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=10)
    running = asyncio.create_task(canary.run())
    while not canaries(simulator):
        await asyncio.sleep(0.005)
    running.cancel()  # the room is there; the answer may be on its way
    with pytest.raises(asyncio.CancelledError):
        await running
    assert canaries(simulator) == ["completed"]


async def test_rooms_of_a_run_that_was_killed_are_ended_by_the_next(simulate, open_twilio, told: Told) -> None:
    simulator = await simulate()
    ledger, now_s = simulator.world.ledger, simulator.clock()
    killed = ledger.open_room(now_s - 660, f"{PREFIX}dead0000")
    at_work = ledger.open_room(now_s - 60, f"{PREFIX}beef0000")
    of_others = ledger.open_room(now_s - 660, "acme:class:1")
    account = account_of(simulator)
    assert await Canary(account, open_twilio(account), told.offer, now_ms, timeout_s=5).run()
    assert [room.status for room in (killed, at_work, of_others)] == ["completed", "in-progress", "in-progress"]


# --- by hand ---


async def by_hand(simulator: Simulator, tmp_path, *arguments: str, **given: Any) -> int:
    account = account_of(simulator, **given)
    assert account.api_secret is not None
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[accounts]]\naccount_sid = "{account.account_sid}"\napi_key = "{account.api_key}"\n'
        f'api_secret = "{account.api_secret.get_secret_value()}"\nbase_url = "{account.base_url}"\n'
    )
    return await asyncio.to_thread(main, ["canary", "--config", str(config), *arguments])


async def test_by_hand_every_step_is_a_line(simulate, tmp_path, capsys) -> None:
    assert await by_hand(await simulate(), tmp_path) == OK
    said = capsys.readouterr().out
    assert [line.split()[:2] for line in said.splitlines()[:3]] == [["ok", "create"], ["ok", "token"], ["ok", "fetch"]]
    assert "Callbacks were not waited for" in said


async def test_by_hand_a_failed_step_ends_with_1(simulate, tmp_path, capsys) -> None:
    assert await by_hand(await simulate(), tmp_path, api_secret="x" * 32) == FAILED
    assert capsys.readouterr().out.startswith("fail  create")


async def test_by_hand_an_account_that_is_not_configured_ends_with_2(simulate, tmp_path, capsys) -> None:
    assert await by_hand(await simulate(), tmp_path, "--account", "AC" + "0" * 32) == USAGE
    assert "expected one of the configured accounts" in capsys.readouterr().err

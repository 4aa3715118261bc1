"""Our collectors, through the real client library, against a Twilio that answers like Twilio."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from collectors.base import CollectError
from collectors.budget import Budget, Limits
from collectors.registry import SOURCES
from collectors.twilio import Credentials, Twilio, connect
from monitor.http.server import Listener
from monitor.live import Live
from monitor.simulator.account import SimulatedAccount
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator
from tests.builders import NOW_MS


class Counted:
    """Notes what every request came to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((resource, code))

    def on_retry(self, resource: str, kind: str) -> None:
        pass

    def on_throttled(self, resource: str, retry_after_s: float | None) -> None:
        pass

    def on_key_changed(self, account_sid: str, now_using: str) -> None:
        pass

    def on_server_date(self, server_s: float, at_s: float) -> None:
        pass


Ask = Callable[..., Twilio]


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
async def ask(counted: Counted) -> AsyncIterator[Ask]:
    """Connect to a base URL as an account; what was connected is closed at the end."""
    opened: list[Twilio] = []

    def connected(
        base_url: str, account: SimulatedAccount, *, timeout_s: float = 5, budget: Budget | None = None
    ) -> Twilio:
        credentials = Credentials(account.account_sid, account.api_key, account.api_secret)
        budget = budget or Budget(Limits(requests_per_s=1000, burst_requests=1000, most_attempts=1))
        opened.append(connect(credentials, budget, counted, timeout_s=timeout_s, base_url=base_url))
        return opened[-1]

    yield connected
    for twilio in opened:
        await twilio.close()


@pytest.fixture
async def simulate() -> AsyncIterator[Callable[..., Awaitable[Simulator]]]:
    started: list[Simulator] = []

    async def start(scenario: str, **given) -> Simulator:
        """Start a Twilio with an hour behind it, unless told otherwise."""
        started.append(Simulator(SCENARIOS[scenario], **{"started_at": time.time() - 3600, **given}))
        await started[-1].start()
        return started[-1]

    yield start
    for simulator in started:
        await simulator.stop()


@pytest.fixture
async def answer() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Serve one handler for every path and return its base URL."""
    doors: list[Listener] = []

    async def serve(handler) -> str:
        doors.append(await Listener.open("127.0.0.1", 0, [web.route("*", "/{path:.*}", handler)]))
        return f"http://127.0.0.1:{doors[-1].port}"

    yield serve
    for door in doors:
        await door.close()


async def collect(resource: str, twilio: Twilio, live: Live, at_ms: int = NOW_MS) -> None:
    for event in await SOURCES[resource](twilio).collect(live, at_ms):
        live.apply(event)


# --- what is seen ---


async def test_polls_alone_show_the_rooms_and_people_that_are_really_there(ask: Ask, simulate) -> None:
    simulator = await simulate("healthy", rooms=7, participants_per_room=3)
    twilio, live = ask(simulator.base_url, simulator.account), Live()
    await collect("rooms", twilio, live)
    await collect("participants", twilio, live)
    truth = {room.sid: room for room in simulator.world.live_rooms}
    assert {room.sid for room in live.rooms.values()} == set(truth)
    for room in live.rooms.values():
        assert room.name == truth[room.sid].name
        there = {person.identity for person in truth[room.sid].participants.values() if person.is_here}
        assert {participant.identity for participant in room.participants.values()} == there


async def test_a_room_that_ended_is_asked_for_once_and_leaves_the_picture(ask: Ask, simulate, counted: Counted) -> None:
    simulator = await simulate("healthy", rooms=3)
    twilio, live = ask(simulator.base_url, simulator.account), Live()
    await collect("rooms", twilio, live)
    ending = next(iter(simulator.world.live_rooms)).sid
    await twilio.video.rooms(ending).update_async(status="completed")
    counted.requests.clear()
    await collect("rooms", twilio, live, NOW_MS + 1)
    await collect("rooms", twilio, live, NOW_MS + 2)
    assert ending not in {room.sid for room in live.rooms.values()}
    assert counted.requests == [("rooms", "200")] * 3, "a list, a fetch of the missing room, and a list"


async def test_an_unfinished_composition_is_seen_with_the_end_of_its_room(ask: Ask, simulate) -> None:
    simulator = await simulate("stuck-composition", speed=200, started_at=None)
    twilio, live = ask(simulator.base_url, simulator.account), Live()
    async with asyncio.timeout(20):
        while not any(c.room_ended_at_ms for c in live.compositions.values()):
            await collect("compositions", twilio, live)
            await collect("rooms", twilio, live)
            await asyncio.sleep(0.1)
    composition = next(c for c in live.compositions.values() if c.room_ended_at_ms)
    assert composition.room_sid is not None
    assert composition.waiting_since_ms is not None


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"code": 20003, "message": "Authenticate", "status": 401}, "auth"),
        (429, {"code": 20429, "message": "Too Many Requests", "status": 429}, "throttled"),
        (500, {}, "server"),
        (400, {"code": 20001, "message": "odd", "status": 400}, "refused"),
    ],
)
async def test_a_refusal_is_told_apart_by_kind(ask: Ask, answer, counted: Counted, status, body, kind) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    twilio = ask(await answer(refuse), SimulatedAccount.for_seed(1))
    with pytest.raises(CollectError) as caught:
        await collect("rooms", twilio, Live())
    assert caught.value.kind == kind
    assert counted.requests == [("rooms", str(status))]
    assert SimulatedAccount.for_seed(1).api_secret not in str(caught.value)


async def test_no_answer_is_given_up_after_the_timeout(ask: Ask, answer) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    twilio = ask(await answer(hang), SimulatedAccount.for_seed(1), timeout_s=0.2)
    async with asyncio.timeout(2):
        with pytest.raises(CollectError, match=r"expected an answer in 0\.2 s"):
            await collect("rooms", twilio, Live())


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"meta": {"key": "rooms"}, "rooms": [{}]}'])
async def test_an_answer_that_makes_no_sense_is_a_failed_poll_and_nothing_worse(ask: Ask, answer, body: str) -> None:
    async def babble(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    twilio = ask(await answer(babble), SimulatedAccount.for_seed(1))
    with pytest.raises(CollectError) as caught:
        await collect("rooms", twilio, Live())
    assert caught.value.kind == "garbage"


async def test_nobody_there_is_a_failed_poll(ask: Ask) -> None:
    with pytest.raises(CollectError) as caught:
        await collect("rooms", ask("http://127.0.0.1:9", SimulatedAccount.for_seed(1)), Live())
    assert caught.value.kind == "network"


async def test_retry_after_empties_the_budget_for_that_long(ask: Ask, answer) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"code": 20429}, status=429, headers={"Retry-After": "7"})

    twilio = ask(await answer(refuse), SimulatedAccount.for_seed(1))
    with pytest.raises(CollectError) as caught:
        await collect("rooms", twilio, Live())
    assert caught.value.retry_after_s == 7
    assert twilio.budget_remaining() == 0


async def test_every_page_is_read_inside_the_base_url(ask: Ask, simulate, counted: Counted) -> None:
    simulator = await simulate("healthy", rooms=12, participants_per_room=1)
    twilio = ask(simulator.base_url, simulator.account)
    listed = await twilio.video.rooms.list_async(status="in-progress", page_size=5)
    assert len(listed) == len(simulator.world.live_rooms)
    assert len(counted.requests) == 3

"""Who goes next, with real tasks on a budget of small numbers."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from collectors.rest.budget import Budget, Limits, Priority, Sent
from collectors.rest.gate import Gate, NotAsked
from collectors.rest.outcome import Outcome

LIVE, USAGE = Priority.LIVE, Priority.USAGE


def gate_with(**limits: float) -> Gate:
    return Gate(Budget(Limits(**{"requests_per_s": 1000, "burst_requests": 1000, **limits})), time.monotonic)


@pytest.fixture
def one_slot() -> Iterator[Gate]:
    gate = gate_with(start_concurrency=1, most_concurrency=1)
    yield gate
    assert gate.budget.in_flight == 0, "a slot was not given back"
    assert not any(gate.waiting().values())
    assert gate._timer is None


async def soon() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def asking(gate: Gate, priority: Priority, order: list[str], name: str) -> asyncio.Task[None]:
    async def ask() -> None:
        sent = await gate.enter(priority)
        order.append(name)
        gate.leave(sent, Outcome.ANSWERED)

    return asyncio.create_task(ask())


async def test_nobody_waits_while_there_is_budget(one_slot: Gate) -> None:
    async with asyncio.timeout(30):
        for _ in range(50):
            one_slot.leave(await one_slot.enter(LIVE), Outcome.ANSWERED)


async def test_the_urgent_overtake_and_equals_keep_their_order(one_slot: Gate) -> None:
    first, order = await one_slot.enter(LIVE), []
    names = [("usage", USAGE), ("live 1", LIVE), ("live 2", LIVE), ("composition", Priority.COMPOSITIONS)]
    asked = [asking(one_slot, priority, order, name) for name, priority in names]
    await soon()
    assert {priority for priority, count in one_slot.waiting().items() if count} == {p for _, p in names}
    one_slot.leave(first, Outcome.ANSWERED)
    await asyncio.gather(*asked)
    assert order == ["composition", "live 1", "live 2", "usage"]


async def test_whoever_gives_up_gives_its_place_back(one_slot: Gate) -> None:
    first, order = await one_slot.enter(LIVE), []
    gone, stays = asking(one_slot, LIVE, order, "gone"), asking(one_slot, LIVE, order, "stays")
    await soon()
    gone.cancel()
    await soon()
    assert one_slot.waiting()[LIVE] == 1
    one_slot.leave(first, Outcome.ANSWERED)
    await stays
    assert order == ["stays"]


async def test_whoever_gives_up_just_as_its_turn_comes_gives_token_and_slot_back(one_slot: Gate) -> None:
    first, order = await one_slot.enter(LIVE), []
    gone, stays = asking(one_slot, LIVE, order, "gone"), asking(one_slot, LIVE, order, "stays")
    await soon()
    one_slot.leave(first, Outcome.ANSWERED)  # its turn is there, but it has not run yet
    gone.cancel()
    await asyncio.wait([gone, stays])
    assert order == ["stays"]
    assert gone.cancelled()


async def test_tokens_are_waited_for_with_one_timer() -> None:
    gate, order = gate_with(requests_per_s=50, burst_requests=1), []
    started_s = time.monotonic()
    await asyncio.gather(*(asking(gate, LIVE, order, str(place)) for place in range(6)))
    assert order == [str(place) for place in range(6)]
    assert 0.09 < time.monotonic() - started_s < 30
    assert gate._timer is None


async def test_when_the_breaker_opens_everybody_who_waits_is_sent_away() -> None:
    gate = gate_with(start_concurrency=1, most_concurrency=1, breaker_failures=1)
    first = await gate.enter(LIVE)
    waiting = [asyncio.create_task(gate.enter(priority)) for priority in (LIVE, USAGE, LIVE)]
    await soon()
    gate.leave(first, Outcome.TIMEOUT)
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [error.kind for error in errors if isinstance(error, NotAsked)] == ["breaker"] * 3
    assert gate.budget.in_flight == 0


async def test_a_pause_is_waited_for_and_a_long_one_is_not() -> None:
    gate = gate_with(patience_s=0.2)
    gate.leave(await gate.enter(LIVE), Outcome.THROTTLED, 0.1)
    started_s = time.monotonic()
    gate.leave(await gate.enter(LIVE), Outcome.THROTTLED, 5)
    assert time.monotonic() - started_s >= 0.09
    with pytest.raises(NotAsked, match="it asked for a pause; the next request may go in 5 s") as caught:
        await gate.enter(LIVE)
    assert caught.value.kind == "throttled"


async def test_closing_sends_everybody_away(one_slot: Gate) -> None:
    first = await one_slot.enter(LIVE)
    waiting = asyncio.create_task(one_slot.enter(LIVE))
    await soon()
    one_slot.close()
    with pytest.raises(NotAsked, match="the connection was closed"):
        await waiting
    one_slot.leave(first, Outcome.ABANDONED)


async def test_many_who_come_and_go_leave_nothing_behind() -> None:
    gate = gate_with(requests_per_s=2000, burst_requests=3, start_concurrency=2, most_concurrency=3)

    async def ask(place: int) -> None:
        sent: Sent = await gate.enter(list(Priority)[place % 6])
        try:
            await asyncio.sleep(0.001)
        finally:
            gate.leave(sent, Outcome.ANSWERED if place % 3 else Outcome.ABANDONED)

    tasks = [asyncio.create_task(ask(place)) for place in range(120)]
    for place in range(0, 120, 4):
        await asyncio.sleep(0)
        tasks[place].cancel()
    async with asyncio.timeout(30):
        await asyncio.wait(tasks)
    assert gate.budget.in_flight == 0
    assert not any(gate.waiting().values())
    assert gate._timer is None

"""What all replicas together may ask: taken some at a time, and only by whoever may ask."""

import asyncio

import pytest

from collectors.rest.gate import NotAsked
from monitor.joint_allowance import TAKEN_AT_ONCE, JointAllowance
from monitor.store.leases import Allowance, Grant
from monitor.store.local_leases import LocalBudget
from monitor.store.ports import StoreFailed

ONE_A_DAY = Allowance(1 / 86_400, 10)
QUICK = Allowance(1_000.0, 1)


class Counted(LocalBudget):
    """A bucket that counts how often it was asked."""

    asked = 0

    async def take(self, name: str, wanted: int, allowance: Allowance) -> Grant:
        self.asked += 1
        return await super().take(name, wanted, allowance)


class Away(LocalBudget):
    async def take(self, name: str, wanted: int, allowance: Allowance) -> Grant:  # noqa: ARG002
        raise StoreFailed("nobody answers")

    async def pause(self, name: str, pause_s: float) -> None:  # noqa: ARG002
        raise StoreFailed("nobody answers")


async def test_requests_are_taken_some_at_a_time() -> None:
    budget = Counted()
    allowance = JointAllowance(budget, "AC1", ONE_A_DAY, lambda: True)
    for _ in range(10):
        await allowance.spend()
    assert budget.asked == 10 / TAKEN_AT_ONCE


async def test_two_replicas_spend_no_more_than_there_is_between_them() -> None:
    budget = LocalBudget()
    one, other = (JointAllowance(budget, "AC1", ONE_A_DAY, lambda: True) for _ in range(2))
    for _ in range(5):
        await one.spend()
        await other.spend()
    for each in (one, other):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await each.spend()


async def test_whoever_waits_goes_on_when_there_is_one_again() -> None:
    allowance = JointAllowance(LocalBudget(), "AC1", QUICK, lambda: True)
    async with asyncio.timeout(30):
        for _ in range(20):
            await allowance.spend()


async def test_whoever_may_not_ask_any_more_sends_nothing_of_what_was_taken_either() -> None:
    is_mine = True
    allowance = JointAllowance(LocalBudget(), "AC1", ONE_A_DAY, lambda: is_mine)
    await allowance.spend()
    is_mine = False
    with pytest.raises(NotAsked, match="somebody else asks now"):
        await allowance.spend()


async def test_a_pause_is_for_all_and_for_what_was_taken_before() -> None:
    budget = LocalBudget()
    one, other = (JointAllowance(budget, "AC1", ONE_A_DAY, lambda: True) for _ in range(2))
    await one.spend()
    await one.pause(600)
    for each in (one, other):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await each.spend()


async def test_where_nobody_knows_what_may_be_asked_nothing_is() -> None:
    allowance = JointAllowance(Away(), "AC1", ONE_A_DAY, lambda: True)
    await allowance.pause(1)
    with pytest.raises(NotAsked, match="nobody knows what may be asked"):
        await allowance.spend()

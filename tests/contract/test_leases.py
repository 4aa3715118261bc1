"""One suite, all leases and budgets: a duty is one holder's at a time, and a budget is spent once, whoever does."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import pytest
from msgspec.structs import replace

from monitor.store.leases import Allowance, Lease, LeaseLost, Leases, RequestBudget
from monitor.store.local_leases import LocalBudget, LocalDuties, LocalLeases
from monitor.store.postgres.budgets import PostgresBudget
from monitor.store.postgres.database import Database
from monitor.store.postgres.leases import PostgresLeases

LONG_S, SHORT_S = 600.0, 0.2
ONE_A_DAY = Allowance(1 / 86_400, 10)  # while a test runs nothing comes back

EVERYWHERE = ["local", pytest.param("postgres", marks=pytest.mark.cluster)]
Holders = tuple[Leases, Leases]
Budgets = tuple[RequestBudget, RequestBudget]


@pytest.fixture
async def databases(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Database, Database]]:
    """Two replicas on one PostgreSQL."""
    async with request.getfixturevalue("postgres_server").database() as address:
        opened = await Database.open(address), await Database.open(address)
        yield opened
        for each in opened:
            await each.close()


@pytest.fixture(params=EVERYWHERE)
def holders(request: pytest.FixtureRequest) -> Holders:
    if request.param == "local":
        duties = LocalDuties()
        return LocalLeases(duties, "ann"), LocalLeases(duties, "bob")
    return request.getfixturevalue("postgres_holders")


@pytest.fixture
async def postgres_holders(databases: tuple[Database, Database]) -> Holders:
    one, other = databases
    return PostgresLeases(one, "ann"), PostgresLeases(other, "bob")


@pytest.fixture(params=EVERYWHERE)
def budgets(request: pytest.FixtureRequest) -> Budgets:
    if request.param == "local":
        budget = LocalBudget()
        return budget, budget
    return request.getfixturevalue("postgres_budgets")


@pytest.fixture
async def postgres_budgets(databases: tuple[Database, Database]) -> Budgets:
    one, other = databases
    return PostgresBudget(one), PostgresBudget(other)


async def taken(leases: Leases, ttl_s: float = LONG_S, name: str = "alerts") -> Lease:
    """Take a duty as soon as it can be had."""
    while (lease := await leases.take(name, ttl_s)) is None:
        await asyncio.sleep(0.01)
    return lease


async def test_a_duty_is_one_holders_until_it_is_released(holders: Holders) -> None:
    ann, bob = holders
    lease = await taken(ann)
    assert (lease.name, lease.holder) == ("alerts", "ann")
    assert await bob.take("alerts", LONG_S) is None
    assert await bob.take("upkeep", LONG_S) is not None
    await ann.release(lease)
    assert await bob.take("alerts", LONG_S) is not None


async def test_a_duty_that_is_not_renewed_is_somebody_elses_when_its_time_is_over(holders: Holders) -> None:
    ann, bob = holders
    lease = await taken(ann, SHORT_S)
    theirs = await taken(bob)
    assert not lease.is_held(monotonic()), "it was over for the holder before it was over for others"
    assert theirs.epoch > lease.epoch
    with pytest.raises(LeaseLost, match=rf"lease alerts: expected epoch {lease.epoch} of ann, got epoch .* of bob"):
        await ann.renew(lease)


async def test_a_duty_that_is_renewed_goes_on(holders: Holders) -> None:
    ann, bob = holders
    lease = await taken(ann, SHORT_S)
    lease = await ann.renew(replace(lease, ttl_s=LONG_S))
    until_s = monotonic() + 2 * SHORT_S
    while monotonic() < until_s:
        assert await bob.take("alerts", LONG_S) is None
        await asyncio.sleep(0.02)
    assert lease.is_held(monotonic())
    assert lease.renew_at_s < monotonic() + LONG_S / 2


async def test_a_duty_whose_time_is_over_goes_on_where_nobody_took_it(holders: Holders) -> None:
    ann, bob = holders
    lease = await taken(ann, 0.001)
    while lease.is_held(monotonic()):
        await asyncio.sleep(0.001)
    assert (await ann.renew(replace(lease, ttl_s=LONG_S))).epoch == lease.epoch
    assert await bob.take("alerts", LONG_S) is None


async def test_who_takes_a_duty_anew_has_it_at_once_and_what_they_had_of_it_is_lost(holders: Holders) -> None:
    ann, _ = holders
    before = await taken(ann)
    after = await ann.take("alerts", LONG_S)
    assert after is not None
    assert after.epoch > before.epoch
    with pytest.raises(LeaseLost):
        await ann.renew(before)
    assert (await ann.renew(after)).epoch == after.epoch


async def test_a_duty_that_was_released_is_not_renewed(holders: Holders) -> None:
    ann, _ = holders
    lease = await taken(ann)
    await ann.release(lease)
    with pytest.raises(LeaseLost, match=r"got .*nobody"):
        await ann.renew(lease)


async def test_what_somebody_else_took_is_not_released(holders: Holders) -> None:
    ann, bob = holders
    lost = await taken(ann, SHORT_S)
    theirs = await taken(bob)
    await ann.release(lost)
    assert await ann.take("alerts", LONG_S) is None
    assert (await bob.renew(theirs)).epoch == theirs.epoch


async def test_each_time_a_duty_is_taken_its_epoch_is_higher(holders: Holders) -> None:
    epochs = []
    for leases in (*holders, *holders):
        lease = await taken(leases)
        epochs.append(lease.epoch)
        await leases.release(lease)
    assert epochs == sorted(set(epochs))


async def test_of_many_who_want_a_duty_at_once_one_gets_it(holders: Holders) -> None:
    ann, bob = holders
    got = await asyncio.gather(*(each.take("alerts", LONG_S) for each in (ann, bob)))
    assert [lease is None for lease in got].count(False) == 1


async def test_what_was_granted_to_one_is_not_granted_to_another(budgets: Budgets) -> None:
    one, other = budgets
    assert await one.take("AC1", 7, ONE_A_DAY) == (7, 0.0)
    requests, wait_s = await other.take("AC1", 7, ONE_A_DAY)
    assert requests == 3
    assert 86_000 < wait_s <= 86_400
    assert (await one.take("AC1", 1, ONE_A_DAY)).requests == 0
    assert (await one.take("AC2", 1, ONE_A_DAY)).requests == 1, "another account has a budget of its own"


async def test_what_was_spent_comes_back_at_its_rate(budgets: Budgets) -> None:
    allowance = Allowance(50.0, 5)
    began_s, granted = monotonic(), 0
    while granted < 25:
        for budget in budgets:
            requests, wait_s = await budget.take("AC1", 3, allowance)
            granted += requests
            await asyncio.sleep(min(wait_s, 0.05))
    assert granted <= 5 + 50.0 * (monotonic() - began_s) + 1e-6


async def test_those_who_take_at_once_get_no_more_than_there_is(budgets: Budgets) -> None:
    grants = await asyncio.gather(*(budget.take("AC1", 1, ONE_A_DAY) for budget in budgets for _ in range(20)))
    assert sum(grant.requests for grant in grants) == 10


async def test_a_pause_is_for_everybody_and_the_longer_one_counts(budgets: Budgets) -> None:
    one, other = budgets
    await one.pause("AC1", LONG_S)
    await other.pause("AC1", 1.0)
    requests, wait_s = await other.take("AC1", 1, ONE_A_DAY)
    assert (requests, wait_s > 1.0) == (0, True)
    assert (await other.take("AC2", 1, ONE_A_DAY)).requests == 1


async def test_after_a_pause_it_goes_on(budgets: Budgets) -> None:
    one, other = budgets
    allowance = Allowance(1_000.0, 5)
    assert (await one.take("AC1", 1, allowance)).requests == 1
    await one.pause("AC1", 0.1)
    while not (await other.take("AC1", 1, allowance)).requests:
        await asyncio.sleep(0.01)


async def test_whoever_attends_is_there_until_they_leave(holders: Holders) -> None:
    ann, bob = holders
    assert (await ann.attend(LONG_S)).holders == {"ann"}
    assert (await bob.attend(LONG_S)).holders == {"ann", "bob"}
    await ann.leave()
    assert (await bob.attend(LONG_S)).holders == {"bob"}


async def test_whoever_was_not_heard_lately_does_not_count_and_keeps_what_they_have(holders: Holders) -> None:
    ann, bob = holders
    await ann.attend(LONG_S)
    await taken(ann)
    await asyncio.sleep(SHORT_S)
    roll = await bob.attend(LONG_S, SHORT_S)
    assert ("ann" in roll.holders, roll.held) == (False, {"alerts": "ann"})
    assert "ann" in (await bob.attend(LONG_S)).holders


async def test_whoever_attends_no_longer_is_gone_when_their_time_is_over(holders: Holders) -> None:
    ann, bob = holders
    await ann.attend(SHORT_S)
    while (await bob.attend(LONG_S)).holders != {"bob"}:
        await asyncio.sleep(0.01)


async def test_the_roll_tells_who_has_what(holders: Holders) -> None:
    ann, bob = holders
    lease = await taken(ann)
    await bob.take("upkeep", LONG_S)
    assert (await ann.attend(LONG_S)).held == {"alerts": "ann", "upkeep": "bob"}
    await ann.release(lease)
    assert (await ann.attend(LONG_S)).held == {"upkeep": "bob"}

"""Duties are begun, left and lost: on one machine for good, and by replicas that share a PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from monitor.duties.duties import FOR_GOOD, Duties, Hold
from monitor.store.leases import Lease, LeaseLost, Leases, NameTaken
from monitor.store.local_leases import LocalDuties, LocalLeases
from monitor.store.ports import StoreFailed
from monitor.store.postgres.database import Database
from monitor.store.postgres.leases import PostgresLeases

TTL_S = 2.0
NAMES = ("alerts", "upkeep", "poller:AC1")


class Worker:
    """Somebody with duties, who writes down how each begins and ends."""

    def __init__(self, me: str, leases: Leases, ttl_s: float = TTL_S, failing: Mapping[str, Exception] = {}) -> None:
        self.said: list[str] = []
        self.working: set[str] = set()
        self.failing = dict(failing)
        self.told: dict[str, bool] = {}
        self.leases = leases
        duties = dict.fromkeys(NAMES, self._duty)
        self.duties = Duties(leases, me, duties, ttl_s=ttl_s, on_change=self.told.__setitem__)

    @asynccontextmanager
    async def _duty(self, hold: Hold) -> AsyncIterator[None]:
        name = hold.lease.name
        if name in self.failing:
            raise self.failing.pop(name)
        self.said.append(f"{name} begins")
        self.working.add(name)
        try:
            yield
            await asyncio.sleep(0)  # to end in order may take a while
            self.said.append(f"{name} ends")
        except asyncio.CancelledError:
            self.said.append(f"{name} is broken off")
            raise
        finally:
            self.working.discard(name)

    async def has(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.working) != count:
                await asyncio.sleep(0.01)


async def test_on_one_machine_all_duties_are_begun_before_anything_else_and_ended_in_order() -> None:
    worker = Worker("ann", LocalLeases(LocalDuties(), "ann"), FOR_GOOD)
    async with worker.duties.shared():
        assert worker.working == set(NAMES)
        assert worker.told == dict.fromkeys(NAMES, True)
    assert sorted(worker.said) == sorted(f"{name} {what}" for name in NAMES for what in ("begins", "ends"))
    assert worker.told == dict.fromkeys(NAMES, False)


async def test_no_duty_is_left_for_those_who_died_just_now() -> None:
    duties = LocalDuties()
    for name in ("bob", "cid"):
        await LocalLeases(duties, name).attend(600)
    ann = Worker("ann", LocalLeases(duties, "ann"))
    async with ann.duties.shared():
        await ann.has(len(NAMES))


async def test_on_one_machine_a_duty_that_cannot_be_begun_ends_the_process() -> None:
    worker = Worker("ann", LocalLeases(LocalDuties(), "ann"), FOR_GOOD, {"alerts": StoreFailed("no disk")})
    with pytest.RaisesGroup(pytest.RaisesExc(StoreFailed, match="no disk")):
        async with worker.duties.shared():
            await asyncio.sleep(30)


async def test_whoever_cannot_begin_a_duty_leaves_it_and_tries_again() -> None:
    worker = Worker("ann", LocalLeases(LocalDuties(), "ann"), TTL_S, {"alerts": StoreFailed("no answer")})
    async with worker.duties.shared():
        await worker.has(3)


async def test_an_error_in_a_duty_takes_all_down() -> None:
    worker = Worker("ann", LocalLeases(LocalDuties(), "ann"), TTL_S, {"alerts": ZeroDivisionError()})
    with pytest.RaisesGroup(ZeroDivisionError):
        async with worker.duties.shared():
            await asyncio.sleep(30)


async def test_a_duty_that_somebody_else_took_is_broken_off() -> None:
    there = LocalDuties()
    ann = Worker("ann", LocalLeases(there, "ann"))
    async with ann.duties.shared():
        del there.held["alerts"]
        assert await LocalLeases(there, "bob").take("alerts", 600.0) is not None
        await ann.has(2)
        assert "alerts is broken off" in ann.said


class Mute(LocalLeases):
    """Leases of somebody whom nobody answers any more."""

    is_mute = False

    async def renew(self, lease: Lease) -> Lease:
        if self.is_mute:
            await asyncio.sleep(600)
        return await super().renew(lease)


async def test_a_duty_whose_lease_cannot_be_renewed_is_broken_off_in_time() -> None:
    leases = Mute(LocalDuties(), "ann")
    ann = Worker("ann", leases)
    async with ann.duties.shared():
        hold = ann.duties.hold("alerts")
        leases.is_mute = True
        while ann.duties.hold("alerts") is hold:
            assert hold is not None
            if not hold.is_held:
                for _ in range(3):  # a loop that stood still has the work broken off in its next turns
                    await asyncio.sleep(0)
                assert not ann.working, "the work goes on where somebody else may have begun it"
            await asyncio.sleep(0.01)


@pytest.fixture
async def replicas(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Leases, Leases]]:
    """Two replicas on one PostgreSQL."""
    async with request.getfixturevalue("postgres_server").database() as address:
        opened = await Database.open(address), await Database.open(address)
        yield PostgresLeases(opened[0], "ann"), PostgresLeases(opened[1], "bob")
        for each in opened:
            await each.close()


async def test_whoever_takes_a_duty_up_knows_how_long_nobody_had_it_if_they_were_there() -> None:
    there = LocalDuties()
    bob = LocalLeases(there, "bob")
    for name in NAMES:
        await bob.take(name, TTL_S)
    ann = Worker("ann", LocalLeases(there, "ann"))
    async with ann.duties.shared():
        await ann.has(3)
        rested_s = [hold.rested_s for name in NAMES if (hold := ann.duties.hold(name))]
        assert all(each is not None and each >= 0 for each in rested_s)
    fresh = Worker("cid", LocalLeases(LocalDuties(), "cid"))
    async with fresh.duties.shared():
        holds = [fresh.duties.hold(name) for name in NAMES]
        assert [hold and hold.rested_s for hold in holds] == [None] * 3


@pytest.mark.cluster
async def test_replicas_share_and_whoever_leaves_hands_over_at_once(replicas: tuple[Leases, Leases]) -> None:
    ann, bob = (Worker(name, leases) for name, leases in zip(("ann", "bob"), replicas, strict=True))
    async with bob.duties.shared():
        async with ann.duties.shared():
            assert ann.working | bob.working == set(NAMES)
            assert not ann.working & bob.working
        assert not ann.working
        await bob.has(3)
    assert not [words for words in (*ann.said, *bob.said) if "broken" in words]


@pytest.mark.cluster
async def test_what_is_written_under_a_lease_that_was_released_is_refused(replicas: tuple[Leases, Leases]) -> None:
    worker = Worker("ann", replicas[0])
    async with worker.duties.shared():
        hold = worker.duties.hold("alerts")
        assert hold is not None
    with pytest.raises(LeaseLost):
        await replicas[0].renew(hold.lease)


@pytest.mark.cluster
async def test_a_name_that_somebody_has_who_lives_is_refused_and_that_of_the_dead_is_free(
    request: pytest.FixtureRequest,
) -> None:
    async with request.getfixturevalue("postgres_server").database() as address:
        opened = await Database.open(address), await Database.open(address)
        one, other = (Worker("ann", PostgresLeases(database, "ann")) for database in opened)
        async with one.duties.shared():
            with pytest.raises(NameTaken, match="got 'ann'"):
                await other.duties.enrol()
            assert len(one.working) == 3
        await one.leases.attend(TTL_S)  # and is killed
        await other.duties.enrol()
        for each in opened:
            await each.close()

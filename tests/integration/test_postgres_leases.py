"""Replicas in processes of their own, which are killed and stopped: a duty changes hands, and is never in two."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic, time

import pytest

from monitor.store.leases import LeaseLost
from monitor.store.ports import AuditSearch, Entry
from monitor.store.postgres.store import PostgresStore
from tests.builders import NOW_MS, batch, level
from tests.postgres_server import PostgresServer
from tests.replica_process import ALLOWANCE

pytestmark = pytest.mark.cluster

TTL_S = 1.5
ROOT = Path(__file__).parents[2]


class Replica:
    """A process, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hear(self, word: str) -> list[str]:
        """Wait until it says something that begins with a word, and return what comes after."""
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while True:
                line = (await self._process.stdout.readline()).decode()
                assert line, f"it ended before it said {word!r}"
                if line.startswith(word):
                    return line.split()[1:]

    async def hear_all(self) -> list[list[str]]:
        """Return all that it said until it ended."""
        out, _ = await self._process.communicate()
        return [line.split() for line in out.decode().splitlines()]

    def tell(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    def send(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    async def end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


Start = Callable[..., Awaitable[Replica]]


@pytest.fixture
async def address(postgres_server: PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.database() as address:
        yield address


@pytest.fixture
async def store(address: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(address, replica="watching")
    yield opened
    await opened.close()


@pytest.fixture
async def start(address: str) -> AsyncIterator[Start]:
    started: list[Replica] = []

    async def start(deed: str, name: str, number: float) -> Replica:
        command = (sys.executable, "-m", "tests.replica_process", deed, address, name, str(number))
        pipe = asyncio.subprocess.PIPE
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT, env=environment)
        started.append(Replica(process))
        return started[-1]

    yield start
    for replica in started:
        await replica.end()


async def epochs(store: PostgresStore) -> list[int]:
    """Return under which epochs something was written, in the order in which it was."""
    return [int(each.did) for _, each in await store.audit.find(AuditSearch(limit=100_000))][::-1]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_duty_is_taken_over_from_who_was_killed_or_stopped(
    start: Start, store: PostgresStore, ending: signal.Signals
) -> None:
    first = await start("hold", "first", TTL_S)
    (epoch,) = await first.hear("took")
    second = await start("hold", "second", TTL_S)
    while not await epochs(store):
        await asyncio.sleep(0.01)
    first.send(ending)
    began_s = monotonic()
    (later,) = await second.hear("took")
    assert int(later) > int(epoch)
    assert monotonic() - began_s < TTL_S + 30.0  # which only a machine that does nothing else could take as a promise
    if ending is signal.SIGSTOP:
        while int(later) not in await epochs(store):
            await asyncio.sleep(0.01)
        first.send(signal.SIGCONT)
        lost, *words = await first.hear("lost")
        assert lost == epoch
        assert " ".join(words).endswith(f"expected epoch {epoch} of first, got epoch {later} of second")
    under = await epochs(store)
    assert all(before <= after for before, after in pairwise(under)), "somebody wrote under a duty that they had lost"


async def test_who_is_stopped_in_the_midst_of_a_transaction_holds_nobody_up_for_long(
    start: Start, store: PostgresStore
) -> None:
    """It has the lock under which all numbers of the log are given, and the row of its lease."""
    stalled = await start("stall", "stalled", TTL_S)
    await stalled.hear("began")
    stalled.send(signal.SIGSTOP)
    assert await store.log.append([Entry(batch(level(1)))], NOW_MS) == [1]
    while (lease := await store.leases.take("alerts", 600.0)) is None:
        await asyncio.sleep(0.05)
    stalled.send(signal.SIGCONT)
    stalled.tell()
    stalled.tell()
    (_, *words) = await stalled.hear("lost")
    assert " ".join(words).endswith(f"got epoch {lease.epoch} of watching")
    assert "stalled" not in await store.alerts.targets({})


async def test_a_store_under_a_duty_that_was_lost_takes_nothing_and_says_so_after_the_work_too(
    store: PostgresStore, address: str
) -> None:
    other = await PostgresStore.open(address, replica="other")
    lease = await store.leases.take("alerts", 0.001)
    assert lease is not None
    await store.under(lease).picture.save([], 1)
    while await other.leases.take("alerts", 600.0) is None:
        await asyncio.sleep(0.01)
    with pytest.raises(LeaseLost, match=f"lease alerts: expected epoch {lease.epoch} of watching, got epoch"):
        await store.under(lease).picture.save([], 2)
    assert (await store.picture.load()).through == 1
    await store.picture.save([], 3)
    await other.close()


async def test_four_who_spend_a_budget_at_once_never_spend_more_than_there_is(start: Start) -> None:
    began_s = time()
    spenders = [await start("spend", f"spender-{number}", 2.5) for number in range(4)]
    await spenders[0].hear("granted")
    spenders[0].send(signal.SIGKILL)
    said = [words for spender in spenders for words in await spender.hear_all()]
    assert time() > began_s
    granted = [(int(number), float(asked), float(told)) for word, number, asked, told in said if word == "granted"]
    first_s, last_s = min(asked for _, asked, _ in granted), max(told for *_, told in granted)
    total = sum(number for number, *_ in granted)
    assert total <= ALLOWANCE.burst_requests + ALLOWANCE.requests_per_s * (last_s - first_s)
    assert total > ALLOWANCE.burst_requests, "what was spent came back"

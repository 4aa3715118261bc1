"""What if there is far too much of everything: posts, connections, open files, memory?"""

import asyncio
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.builders import packed, post, quality
from tests.crash.killed_daemon import OFF
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.fault_table import Observe
from tests.raw_http import JSON, KEY, RawConnection, head

pytestmark = pytest.mark.crash

LOAD_S = float(os.environ.get("ROOMWATCH_LOAD_S", "5"))
IDLE_CONNECTIONS = int(os.environ.get("ROOMWATCH_IDLE_CONNECTIONS", "1000"))
TIMES = 10
CLIENTS, ALLOWED_POSTS_PER_S = 10, 5.0  # each
SOMEBODY = {"room_sid": "RM" + "f" * 32, "participant_sid": "PA" + "f" * 32}
GROWS_BY_BYTES = 120_000_000
HEALTHY_WITHIN_S = PAGED_WITHIN_S = 30.0  # on a machine that is busy with other tests
RECOVERS_WITHIN_S = 60.0
PRIVATE_CONNECTIONS = 900  # of the thousand that there may be: what is half told there cannot be sent away for others
FEW_FILES = 256  # of which two hundred are for everything but the public listener
ENOUGH_BYTES, TOO_LITTLE_BYTES = 200_000_000, 4_000_000
HEAVY = ("/api/v1/live", "/api/v1/rooms", "/api/v1/percentiles", "/api/v1/incidents", "/metrics")
RULE = {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3", "summary": "{identity}"}
QUIET = {"disabled_rules": OFF}  # which would be set off, too
HALF_A_HEAD = b"POST /v1/telemetry HTTP/1.1\r\nHost: a\r\nX-Slow"
HALF_A_BODY = head(KEY, JSON, "Content-Length: 100") + b'{"v":1,'


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path) as here:
        yield here


def paged(here: Surroundings) -> list[tuple[str, str]]:
    return [(each.rule, each.status) for each in here.told]


async def paging_takes_s(here: Surroundings, level: int, expected: list[tuple[str, str]]) -> float:
    """Have somebody be of a level, and return how long it took until all that was to be told was."""
    began_s = time.monotonic()
    while await here.post(quality(level), **SOMEBODY) != 202:
        await asyncio.sleep(0.05)
    await until(lambda: paged(here) == expected, RECOVERS_WITHIN_S)
    return time.monotonic() - began_s


async def slowest_answer_s(here: Surroundings, over: asyncio.Event) -> float:
    """Ask whether the daemon is healthy until it is over, and return how long the slowest answer took."""
    slowest_s = 0.0
    while not over.is_set():
        began_s = time.monotonic()
        assert (await here.get("/-/healthy"))[0] == 200
        slowest_s = max(slowest_s, time.monotonic() - began_s)
        await asyncio.sleep(0.1)
    return slowest_s


# --- posts ------------------------------------------------------------------------------------------------


class Flood:
    """Posts at a rate, and what was answered to them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.statuses: Counter[int] = Counter()
        self.accepted: set[str] = set()
        self.without_retry_after = 0

    async def pour(self, posts_per_s: float, seconds: float) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(CLIENTS):
                tasks.create_task(self._pour(number, posts_per_s / CLIENTS, seconds))

    async def _pour(self, number: int, posts_per_s: float, seconds: float) -> None:
        connection = await RawConnection.open(self._address)
        try:
            await self._pour_into(connection, number, posts_per_s, seconds)
        finally:
            await connection.close()

    async def _pour_into(self, connection: RawConnection, number: int, posts_per_s: float, seconds: float) -> None:
        began_s = time.monotonic()
        for seq in range(int(posts_per_s * seconds)):
            await asyncio.sleep(max(0.0, began_s + seq / posts_per_s - time.monotonic()))
            body = packed(post(quality(4), session=f"flood-{number}", seq=seq))
            answer = await connection.ask(head(KEY, JSON, f"Content-Length: {len(body)}") + body)
            self.statuses[answer.status] += 1
            if answer.status == 202:
                self.accepted.add(f"t:flood-{number}:{seq}")
            elif "retry-after" not in answer.headers:
                self.without_retry_after += 1


@pytest.mark.fault(
    "ten times the posts that are allowed",
    expected="the rest gets 429 or 503 and Retry-After, memory is bounded, it answers and pages, 202 is stored once",
)
async def test_of_ten_times_the_load_the_daemon_takes_its_share_and_pages_all_the_same(
    here: Surroundings, observed: Observe
) -> None:
    limits = {"posts_per_s": ALLOWED_POSTS_PER_S, "burst_posts": 10}
    keys = {"ingest_keys": [{"name": "tests", "key": KEY.rpartition(" ")[2]}]}
    daemon = await here.start(here.config(rules=[RULE], alerts=QUIET, telemetry={**limits, **keys}))
    await until(lambda: here.witness.statuses[202] > 10)
    before_bytes, over, flood = psutil.Process(daemon.pid).memory_info().rss, asyncio.Event(), Flood(here.public)
    probing = asyncio.create_task(slowest_answer_s(here, over))
    pouring = asyncio.create_task(flood.pour(TIMES * CLIENTS * ALLOWED_POSTS_PER_S, LOAD_S))
    await asyncio.sleep(LOAD_S / 4)
    took_s = await paging_takes_s(here, 0, [("Bad", "firing")])
    await pouring
    over.set()
    slowest_s = await probing
    assert flood.statuses.keys() <= {202, 429, 503}, flood.statuses
    assert flood.without_retry_after == 0
    assert flood.statuses[429] > flood.statuses[202] > 0
    assert psutil.Process(daemon.pid).memory_info().rss < before_bytes + GROWS_BY_BYTES
    assert slowest_s < HEALTHY_WITHIN_S
    assert took_s < PAGED_WITHIN_S
    observed(f"of {flood.statuses.total():,} posts {flood.statuses[202]:,} taken; paged within {took_s:.1f} s")
    observed(f"the slowest probe took {slowest_s:.2f} s")
    here.witness.acknowledged.update(flood.accepted)
    observed(await here.kept())


# --- connections ------------------------------------------------------------------------------------------


@pytest.fixture
def many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < IDLE_CONNECTIONS + 500:
        pytest.skip(f"{IDLE_CONNECTIONS} connections need as many open files, there may be {hard}")


async def crowd(stack: AsyncExitStack, address: str, number: int) -> list[RawConnection]:
    """Open connections that say nothing, half a head, or half a body."""
    found = []
    for turn in range(number):
        connection = await RawConnection.open(address)
        stack.push_async_callback(connection.close)
        with suppress(ConnectionError):
            await connection.send((b"", HALF_A_HEAD, HALF_A_BODY)[turn % 3] or b"\r")
        found.append(connection)
    return found


@pytest.mark.fault(
    "a thousand connections that say nothing or half of it, at both listeners",
    expected="posts, probes and pages go on, each costs little memory, and their files come back",
)
async def test_a_crowd_that_holds_connections_open_at_both_doors_keeps_nobody_waiting(
    here: Surroundings, many_files: None, observed: Observe
) -> None:
    daemon = await here.start(here.config(rules=[RULE], alerts=QUIET))
    await until(lambda: here.witness.statuses[202] > 10)
    process = psutil.Process(daemon.pid)
    before_files, before_bytes = process.num_fds(), process.memory_info().rss
    async with AsyncExitStack() as stack:
        at_private = min(IDLE_CONNECTIONS // 2, PRIVATE_CONNECTIONS)
        await crowd(stack, here.public, IDLE_CONNECTIONS - at_private)
        await crowd(stack, here.private, at_private)
        assert process.num_fds() > before_files + IDLE_CONNECTIONS // 2
        began_s, answered = time.monotonic(), here.witness.statuses[202]
        assert (await here.get("/-/healthy"))[0] == 200
        assert time.monotonic() - began_s < HEALTHY_WITHIN_S
        took_s = await paging_takes_s(here, 0, [("Bad", "firing")])
        assert took_s < PAGED_WITHIN_S
        await until(lambda: here.witness.statuses[202] > answered + 10)
        each_bytes = (process.memory_info().rss - before_bytes) / IDLE_CONNECTIONS
        assert each_bytes < 40_000
    await until(lambda: process.num_fds() < before_files + 50, RECOVERS_WITHIN_S)
    observed(f"{IDLE_CONNECTIONS:,} held open, {each_bytes / 1000:.0f} KB each; paged within {took_s:.2f} s")
    observed("all their files came back")


# --- open files -------------------------------------------------------------------------------------------


@pytest.mark.fault(
    "more connections than there are open files",
    expected="connections make room for each other, never for the database or the pager; it does not spin, and says so",
)
async def test_connections_leave_the_files_alone_that_pages_need(here: Surroundings, observed: Observe) -> None:
    daemon = await here.start(
        here.config(rules=[RULE], alerts=QUIET), within=("prlimit", f"--nofile={FEW_FILES}:{FEW_FILES}")
    )
    process = psutil.Process(daemon.pid)
    async with AsyncExitStack() as stack:
        for address in (here.public, here.private):
            await crowd(stack, address, FEW_FILES)
        before_s, began_s = sum(process.cpu_times()[:2]), time.monotonic()
        took_s = await paging_takes_s(here, 0, [("Bad", "firing")])
        await asyncio.sleep(2)
        busy_ratio = (sum(process.cpu_times()[:2]) - before_s) / (time.monotonic() - began_s)
        assert process.num_fds() < FEW_FILES
        assert busy_ratio < 0.7, "spins"
    answered = here.witness.statuses[202]
    await until(lambda: here.witness.statuses[202] > answered + 10)
    assert "open files" in daemon.said
    observed(f"of {FEW_FILES} files {2 * FEW_FILES} connections wanted one each; paged within {took_s:.2f} s meanwhile")
    observed(await here.kept())


@pytest.mark.fault(
    "no open file left at all",
    expected="it neither ends nor spins, acknowledges nothing that it cannot store, and goes on once there are some",
)
async def test_without_open_files_the_daemon_waits_and_does_not_spin(here: Surroundings, observed: Observe) -> None:
    daemon = await here.start(here.config(rules=[RULE], alerts=QUIET))
    await until(lambda: here.witness.statuses[202] > 10)
    process = psutil.Process(daemon.pid)
    limits = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (process.num_fds(), limits[1]))
    async with AsyncExitStack() as stack:
        await crowd(stack, here.public, 30)
        before_s, began_s = sum(process.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(3)
        busy_ratio = (sum(process.cpu_times()[:2]) - before_s) / (time.monotonic() - began_s)
    assert busy_ratio < 0.7, "spins"
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, limits)
    took_s = await paging_takes_s(here, 0, [("Bad", "firing")])
    answered = here.witness.statuses[202]
    await until(lambda: here.witness.statuses[202] > answered + 10)
    observed(f"used {busy_ratio:.0%} of a core meanwhile; paged {took_s:.1f} s after")
    observed(await here.kept())


# --- memory -----------------------------------------------------------------------------------------------


@pytest.mark.fault(
    "little memory, and then none",
    expected="a burst beside heavy reads fits in 200 MB; with none it may end, and the next start has the 202s",
)
async def test_without_memory_nothing_that_was_acknowledged_is_lost(here: Surroundings, observed: Observe) -> None:
    config = here.config(rules=[RULE], alerts=QUIET)
    daemon = await here.start(config)
    await until(lambda: here.witness.statuses[202] > 10)
    flood, in_use_bytes = Flood(here.public), psutil.Process(daemon.pid).memory_info().vms
    for more_bytes in (ENOUGH_BYTES, TOO_LITTLE_BYTES):
        limit_bytes = in_use_bytes + more_bytes
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, (limit_bytes, resource.RLIM_INFINITY))
        reads = [here.get(HEAVY[number % len(HEAVY)]) for number in range(60)]
        answers = await asyncio.gather(flood.pour(500, LOAD_S / 2), *reads, return_exceptions=True)
        broken = sum(isinstance(answer, BaseException) for answer in answers)
        observed(f"with {more_bytes // 1_000_000} MB more than at rest {broken} of {len(answers)} broken off")
        assert broken == 0 or more_bytes == TOO_LITTLE_BYTES
    await daemon.kill()
    await here.start(config)
    took_s = await paging_takes_s(here, 0, [("Bad", "firing")])
    observed(f"the next life paged within {took_s:.1f} s")
    here.witness.acknowledged.update(flood.accepted)
    observed(await here.kept())

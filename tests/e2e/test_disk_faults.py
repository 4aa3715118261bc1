"""What if the disk is slow, or takes nothing any more, while the daemon runs?

`strace` comes between the process and the kernel: whatever is written to the database takes longer, or fails.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.housekeeping import LOOK_FOR_ROOM_EVERY_S
from tests.builders import quality
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.e2e.tools import tool
from tests.fault_table import Observe

pytestmark = pytest.mark.e2e

SYNCS, WRITES = "fsync,fdatasync", "pwrite64,ftruncate,fallocate"
SYNC_TAKES_S = float(os.environ.get("ROOMWATCH_SYNC_S", "0.6"))
HEALTHY_WITHIN_S = 5.0  # on a machine that is busy with other tests
RECOVERS_WITHIN_S = 90.0
RULE = {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3", "summary": "{identity}"}
SLOW = {
    "name": "DiskSlow",
    "over": "daemon",
    "raise": "commit_s >= 0.4",
    "clear": "commit_s < 0.2",
    "summary": "A commit takes {commit_s} s.",
}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path) as here:
        yield here


@asynccontextmanager
async def injected(pid: int, calls: str, what: str) -> AsyncIterator[None]:
    """Have some calls of a process be slow or fail for the length of a block."""
    command = (
        tool("strace", packages="strace"),
        "-f",
        "-p",
        str(pid),
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:{what}",
    )
    strace = await asyncio.create_subprocess_exec(
        *command, "-o", "/dev/null", stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert strace.stderr is not None
    try:
        async with asyncio.timeout(10):
            said = await strace.stderr.readline()
        if b"attached" not in said:
            pytest.skip(f"no process may be traced here: {said.decode().strip()}")
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        await strace.communicate()


@pytest.mark.fault(
    "disk that takes long to sync",
    expected="whoever waits gets 202 or, when too many do, 503; probes are answered, pages go out, DiskSlow fires",
)
async def test_a_slow_disk_delays_the_answer_and_neither_the_loop_nor_what_is_told(
    here: Surroundings, observed: Observe
) -> None:
    daemon = await here.start(here.config(rules=[RULE, SLOW], pipeline={"capacity_events": 100}))
    await until(lambda: here.witness.statuses[202] > 20)
    async with injected(daemon.pid, SYNCS, f"delay_enter={SYNC_TAKES_S * 1000:.0f}ms"):
        burst = await asyncio.gather(*(here.post(quality(4), session="b", seq=number) for number in range(300)))
        assert set(burst) == {202, 503}, "there is room for a hundred"
        assert await here.post(quality(0)) == 202
        slowest_s = await slowest_probe_s(here, until_told={"Bad", "DiskSlow"})
        assert slowest_s < HEALTHY_WITHIN_S
    await until(lambda: "resolved" in {each.status for each in here.told if each.rule == "DiskSlow"}, RECOVERS_WITHIN_S)
    longest_s = here.witness.longest_wait_s
    observed(f"of 300 at once {burst.count(202)} taken and the others refused, the longest wait {longest_s:.1f} s")
    observed(f"probes answered within {slowest_s:.2f} s; DiskSlow fired and was resolved")
    observed(await here.kept())


async def slowest_probe_s(here: Surroundings, until_told: set[str]) -> float:
    """Probe until the receiver was told of some rules; return how long the slowest probe took."""
    slowest_s = 0.0
    async with asyncio.timeout(RECOVERS_WITHIN_S):
        while until_told - {each.rule for each in here.told}:
            began_s = time.monotonic()
            assert (await here.get("/-/healthy"))[0] == 200
            slowest_s = max(slowest_s, time.monotonic() - began_s)
            await asyncio.sleep(0.1)
    return slowest_s


@pytest.mark.fault(
    "disk that becomes read-only",
    expected="posts get 503 and Retry-After, /-/ready says why, pages are shown, and it all goes on without hands",
)
async def test_on_a_disk_that_takes_nothing_any_more_nothing_is_acknowledged_and_everything_is_shown(
    here: Surroundings, observed: Observe
) -> None:
    daemon = await here.start(here.config(rules=[RULE]))
    await until(lambda: here.witness.statuses[202] > 20)
    async with injected(daemon.pid, WRITES, "error=EROFS"):
        assert await here.post(quality(0)) == 503
        await until(lambda: here.witness.statuses[503] > 20)
        taken = here.witness.statuses[202] + here.witness.statuses[204]
        assert set(here.witness.retry_after) == {"5"}
        for path in ("/-/healthy", "/api/v1/live", "/api/v1/incidents", "/metrics"):
            assert (await here.get(path))[0] == 200, path
        assert await here.metric("roomwatch_pipeline_commit_failures_total") > 0
        await asyncio.sleep(2 * LOOK_FOR_ROOM_EVERY_S)  # the daemon has tried the disk by itself meanwhile
        status, why = await here.get("/-/ready")
        assert (status, "expected a disk that takes what is written, got: disk I/O error" in why) == (503, True)
        assert here.witness.statuses[202] + here.witness.statuses[204] == taken, "acknowledged what was not stored"
    assert "commit failed" in daemon.said
    await until(lambda: here.witness.statuses[202] + here.witness.statuses[204] > taken)
    assert (await here.get("/-/ready"))[0] == 200
    assert await here.post(quality(0)) == 202
    await until(lambda: [each.rule for each in here.told] == ["Bad"])
    observed(f"{here.witness.statuses[503]} refused; taken again at once, and somebody was paged")
    observed(await here.kept())

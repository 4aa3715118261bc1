"""Daemons in the process of the tests: one of them, or replicas behind a balancer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from monitor.config import build
from tests.conftest import Running, Start, settings, started
from tests.daemon_process import free_port
from tests.e2e.balancer import balanced
from tests.e2e.installation import REPLICAS, as_replica, expositions
from tests.e2e.servers import SERVERS


@asynccontextmanager
async def replicas_in_place_of_one(folder: Path) -> AsyncIterator[Start]:
    """Give what starts replicas by the settings of one daemon; its addresses are the balancer's."""
    async with AsyncExitStack() as running:

        async def start(**given: Any) -> Running:
            public, private, databases = free_port(), free_port(), SERVERS.databases()
            begun = []
            for number in range(REPLICAS):
                told = as_replica(settings(**given), databases, f"replica-{number}", free_port(), free_port())
                begun.append(await started(build(told), running))
            it = begun[0]
            it.daemons = [each.daemon for each in begun]
            doors = [(public, listeners(it, "public")), (private, listeners(it, "private"))]
            running.enter_context(balanced(folder / f"balancer-{public}", doors))
            it.public, it.private = f"http://127.0.0.1:{public}", f"http://127.0.0.1:{private}"
            return it

        yield start


def listeners(running: Running, door: Literal["public", "private"]) -> Sequence[str]:
    """Return where each process listens itself, such as `127.0.0.1:8470`."""
    doors = [each.doors.public if door == "public" else each.doors.private for each in running.daemons]
    return [f"127.0.0.1:{each.port}" for each in doors if each is not None]


def expositions_of(running: Running) -> Sequence[str]:
    """Return the pages of metrics that together say everything."""
    addresses = [f"http://{each}" for each in listeners(running, "private")]
    return expositions(addresses, is_cluster=len(addresses) > 1)


async def known_to_all(running: Running) -> None:
    """Wait until every process has in its picture what any of them has stored."""
    while len({daemon.fold.applied_id for daemon in running.daemons}) > 1:
        await asyncio.sleep(0.02)

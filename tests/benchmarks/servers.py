"""What is loaded?  The floor, a peer, and the daemon: each a process of its own on the servers' core."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks import machine
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, environment, free_port, pinned, write_config

VICTORIA_METRICS = "victoria-metrics"
HURRIED = (sys.executable, "-m", "tests.hurried_replica")
SKIPPED = f"skipped: no {VICTORIA_METRICS} (on Debian: apt-get install {VICTORIA_METRICS})"

_STARTS_WITHIN_S = 180.0
_LISTENS_EVERY_S = 0.1


class Server(NamedTuple):
    """Something to load."""

    port: int
    pid: int
    private_port: int = 0  # of a daemon


@asynccontextmanager
async def bare(core: int) -> AsyncIterator[Server]:
    """Serve the floor: an aiohttp handler that reads the body and says 204."""
    port = free_port()
    async with _process((sys.executable, "-m", "tests.benchmarks.bare", str(port)), environment(), core, port) as pid:
        yield Server(port, pid)


@asynccontextmanager
async def daemon(core: int, folder: Path, synchronous: str, **storage: Any) -> AsyncIterator[Server]:
    """Serve the daemon with everything on: an account that cannot be reached, the shipped rules, a real file.

    It differs from an operator's in two things: nobody is told to slow down, and only warnings are logged.
    """
    port = free_port()
    kept = {"path": str(folder / f"daemon-{port}.db"), "synchronous": synchronous, **storage}
    async with _daemon(core, folder, port, {"storage": kept}, ()) as server:
        yield server


@asynccontextmanager
async def counted(core: int, folder: Path, within: Sequence[str]) -> AsyncIterator[Server]:
    """Serve such a daemon in a command that counts what it does."""
    port = free_port()
    async with _daemon(None, folder, port, {"storage": {"path": str(folder / f"daemon-{port}.db")}}, within) as server:
        machine.pin(server.pid, {core})
        yield server


@asynccontextmanager
async def hurried(
    core: int, folder: Path, storage: Mapping[str, Any], cluster: Mapping[str, Any] | None = None
) -> AsyncIterator[Server]:
    """Serve such a daemon, or a replica of a cluster, that looks every second whether there is something to settle."""
    given = {"storage": storage} if cluster is None else {"storage": storage, "cluster": cluster}
    async with _daemon(None, folder, free_port(), given, HURRIED) as server:
        machine.pin(server.pid, {core})
        yield server


@asynccontextmanager
async def _daemon(
    core: int | None, folder: Path, public_port: int, told: Mapping[str, Any], within: Sequence[str]
) -> AsyncIterator[Server]:
    private_port = free_port()
    given: dict[str, Any] = settings(
        public={"port": public_port}, private={"port": private_port}, log={"level": "warning"}, **told
    )
    given["telemetry"] |= {"posts_per_s": 1e9, "burst_posts": 1_000_000_000}
    process = await DaemonProcess.start(write_config(folder / f"daemon-{public_port}.toml", given), core, within=within)
    try:
        yield Server(public_port, process.pid, private_port)
    finally:
        await process.kill()


@asynccontextmanager
async def desks(core: int) -> AsyncIterator[Server]:
    """Serve those who are told: one who is quick, one who never answers, and one who counts."""
    port = free_port()
    async with _process((sys.executable, "-m", "tests.benchmarks.desks", str(port)), environment(), core, port) as pid:
        yield Server(port, pid)


def has_victoria_metrics() -> bool:
    """Whether the peer is installed."""
    return shutil.which(VICTORIA_METRICS) is not None


@asynccontextmanager
async def victoria_metrics(core: int, folder: Path) -> AsyncIterator[Server]:
    """Serve the peer, with one thread for its work, as it has one core."""
    port = free_port()
    command = (
        VICTORIA_METRICS,
        f"-storageDataPath={folder}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-loggerLevel=ERROR",
    )
    async with _process(command, os.environ | {"GOMAXPROCS": "1"}, core, port) as pid:
        yield Server(port, pid)


@asynccontextmanager
async def _process(command: Sequence[str], env: dict[str, str], core: int, port: int) -> AsyncIterator[int]:
    """Run a server until nobody needs it, and yield its process id once it listens."""
    program = shutil.which(command[0]) or command[0]
    process = await asyncio.create_subprocess_exec(
        *pinned((program, *command[1:]), core), stdout=asyncio.subprocess.DEVNULL, env=env
    )
    try:
        async with asyncio.timeout(_STARTS_WITHIN_S):
            await _until_it_listens(process, port)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _until_it_listens(process: asyncio.subprocess.Process, port: int) -> None:
    while process.returncode is None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(_LISTENS_EVERY_S)
    raise SystemExit(f"expected a server on port {port}, got its end with exit code {process.returncode}")

"""What does it cost to take telemetry in?  `make bench`, or `python -m tests.benchmarks.ingest --help`.

The daemon, whole, on a real file with synchronous=full, beside a bare aiohttp handler that only reads the body.  Both
are loaded in turn, round after round, the server on one core and the load on another.

What counts is the server's CPU time for a request, as a ratio to the bare handler's in the same round, the median of
all rounds: clocks drift and neighbours come and go, but they do so to both.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.conftest import settings
from tests.daemon_process import DaemonProcess, environment, free_port, pinned, write_config

SIZES = (1, 50)  # events in a post
BUSY_RATIO = 0.95  # of a core: a generator as busy as that may be what was measured


class Server(NamedTuple):
    """Something to load."""

    port: int
    pid: int


class Run(NamedTuple):
    """What loading one server for a while came to."""

    cpu_us: float  # of the server, for each request
    requests_per_s: float
    generator_ratio: float  # of a core

    @classmethod
    def of(cls, result: dict[str, float]) -> "Run":
        """Return the figures of one run of the generator."""
        if result["failed"] or not result["requests"]:
            raise SystemExit(f"expected every post to be taken, got {result}")
        return cls(
            cpu_us=result["server_cpu_s"] / result["requests"] * 1e6,
            requests_per_s=result["requests"] / result["wall_s"],
            generator_ratio=result["own_cpu_s"] / result["wall_s"],
        )


@asynccontextmanager
async def bare_server(core: int) -> AsyncIterator[Server]:
    """Serve the floor."""
    port = free_port()
    command = pinned((sys.executable, "-m", "tests.benchmarks.bare", str(port)), core)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield Server(port, process.pid)
    finally:
        process.kill()
        await process.communicate()


@asynccontextmanager
async def daemon(core: int, folder: Path) -> AsyncIterator[Server]:
    """Serve the real thing."""
    given: dict[str, Any] = settings(
        public={"port": free_port()},
        private={"port": free_port()},
        storage={"path": str(folder / "roomwatch.db"), "synchronous": "full"},
        accounts=[],
        log={"level": "warning"},
    )
    given["telemetry"] |= {"posts_per_s": 1e9, "burst_posts": 1_000_000_000}
    process = await DaemonProcess.start(write_config(folder / "config.toml", given), core)
    try:
        yield Server(given["public"]["port"], process.pid)
    finally:
        await process.kill()


async def loaded(server: Server, core: int, events: int, seconds: float) -> Run:
    """Load a server and return what that came to."""
    arguments = (str(server.port), str(server.pid), str(events), str(seconds))
    command = pinned((sys.executable, "-m", "tests.benchmarks.load", *arguments), core)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    try:
        async with asyncio.timeout(seconds + 30):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Run.of(json.loads(output))


Rounds = dict[int, list[tuple[Run, Run]]]  # by size: the bare handler and the daemon, round by round


async def measure(rounds: int, seconds: float) -> Rounds:
    """Load both servers in turn, with both sizes, and say how it goes."""
    cores = sorted(os.sched_getaffinity(0))
    runs: Rounds = {events: [] for events in SIZES}
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True) as folder:
        async with bare_server(cores[0]) as bare, daemon(cores[0], Path(folder)) as real:
            for number in range(1, rounds + 1):
                for events in SIZES:
                    order = random.sample([bare, real], 2)
                    by_server = {server: await loaded(server, cores[-1], events, seconds) for server in order}
                    runs[events].append((by_server[bare], by_server[real]))
                    print(_progress(number, rounds, events, by_server[bare], by_server[real]), flush=True)
    return runs


def _progress(number: int, rounds: int, events: int, bare: Run, real: Run) -> str:
    return (
        f"round {number}/{rounds}, {events:2} event{'s' if events > 1 else ' '}: "
        f"bare {bare.cpu_us:6.1f} us, daemon {real.cpu_us:7.1f} us, ratio {real.cpu_us / bare.cpu_us:5.2f}"
    )


def machine() -> str:
    """Return what the figures depend on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "uvloop", "msgspec"))
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, Python {platform.python_version()}, {libraries}, SQLite {sqlite3.sqlite_version}"


def table(runs: Rounds) -> str:
    """Return the medians, and how far the ratios of the rounds lie apart."""
    lines = ["events  server  CPU us/request  requests/s/core  events/s/core  ratio to bare (range)  generator's core"]
    for events, pairs in runs.items():
        ratios = sorted(real.cpu_us / bare.cpu_us for bare, real in pairs)
        spread = f"{median(ratios):.2f} ({ratios[0]:.2f}..{ratios[-1]:.2f})"
        for name, column, ratio in (("bare", 0, "1"), ("daemon", 1, spread)):
            cpu_us = median(pair[column].cpu_us for pair in pairs)
            busy = median(pair[column].generator_ratio for pair in pairs)
            per_s = 1e6 / cpu_us
            lines.append(
                f"{events:6}  {name:6}  {cpu_us:14.1f}  {per_s:15,.0f}  {per_s * events:13,.0f}  {ratio:21}  {busy:.0%}"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, metavar="N", help="how often (default: 6)")
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S", help="of load, each time (default: 1.5)")
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("expected Linux, where a process can be kept on one core")
    print(machine(), flush=True)
    runs = asyncio.run(measure(options.rounds, options.seconds))
    print(table(runs))
    if any(run.generator_ratio > BUSY_RATIO for pairs in runs.values() for pair in pairs for run in pair):
        print("the generator had no core to spare in some rounds: requests/s is its limit, CPU us/request still holds")


if __name__ == "__main__":
    main()

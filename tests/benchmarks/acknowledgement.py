"""How long until a browser knows that its post survives a power cut?

`make bench`, or `python -m tests.benchmarks.acknowledgement --help`.

The daemon, whole, with synchronous=full: whatever arrives while the disk works is made durable together by the next
commit.  Posts of one event come at random moments, so many a second, and each is timed from the moment it was due.  The
same load on a bare aiohttp handler, in the same round, shows what of that is the loop's, the kernel's and the load's.

Afterwards the rate is sought up to which 99 of 100 posts are acknowledged in time.
"""

import argparse
import asyncio
import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, aligned, judged, ratios, spread
from tests.benchmarks.load import foreign
from tests.benchmarks.open_loop import CONNECTIONS, Latencies, Schedule, followed
from tests.benchmarks.posts import Posts
from tests.benchmarks.records import recorded
from tests.benchmarks.servers import Server

POSTS_PER_S = 4_000
IN_TIME_MS = 6.0  # the 99th percentile at the rate that is sought
SOUGHT_PER_S = (1_000.0, 40_000.0)
ATTEMPTS = 2  # a neighbour that spoils a run seldom spoils two

BARE = "bare aiohttp handler"
DAEMON = "daemon, survives a power cut"

Rounds = Mapping[str, Sequence[Latencies]]  # by server, one a round


class Load:
    """Posts to servers from a core of its own."""

    def __init__(self, core: int, patience_s: float) -> None:
        self._core = core
        self._patience = machine.Patience(patience_s)

    async def follow(self, server: Server, posts_per_s: float, seconds: float) -> Latencies:
        """Post so many times a second."""
        await self._patience.wait()
        schedule = Schedule(port=server.port, pid=server.pid, posts=Posts(), posts_per_s=posts_per_s, seconds=seconds)
        return await followed(schedule, self._core)


async def measure(options: argparse.Namespace) -> tuple[Rounds, Mapping[str, float]]:
    """Return how long posts took in every round, and the highest rate of each server."""
    server_core, load_core = machine.cores()
    load = Load(load_core, options.patience)
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True) as folder:
        async with (
            servers.bare(server_core) as bare,
            servers.daemon(server_core, Path(folder), "full") as daemon,
        ):
            running = {BARE: bare, DAEMON: daemon}
            rounds = await in_rounds(load, running, options)
            return rounds, {name: await highest_rate(load, running[name], options) for name in running}


async def in_rounds(load: Load, running: Mapping[str, Server], options: argparse.Namespace) -> Rounds:
    """Load the servers in turn, and say how it goes."""
    rounds: dict[str, list[Latencies]] = {name: [] for name in running}
    for number in range(1, options.rounds + 1):
        for name in random.sample(list(running), len(running)):
            rounds[name].append(await load.follow(running[name], options.rate, options.seconds))
        bare, daemon = rounds[BARE][-1], rounds[DAEMON][-1]
        print(
            f"round {number}/{options.rounds}: p99 of the daemon {daemon.p99_ms:.2f} ms, of the bare handler "
            f"{bare.p99_ms:.2f} ms",
            flush=True,
        )
    return rounds


async def highest_rate(load: Load, server: Server, options: argparse.Namespace) -> float:
    """Return the highest rate at which 99 of 100 posts are answered in time, or 0 if that is below all sought."""
    (low, high), seconds = SOUGHT_PER_S, options.seek_seconds
    if not await _holds(load, server, low, seconds):
        return 0.0
    for _ in range(options.seek_steps):
        middle = math.sqrt(low * high)
        if await _holds(load, server, middle, seconds):
            low = middle
        else:
            high = middle
    return low


async def _holds(load: Load, server: Server, posts_per_s: float, seconds: float) -> bool:
    for _ in range(ATTEMPTS):
        if (await load.follow(server, posts_per_s, seconds)).p99_ms <= IN_TIME_MS:
            return True
    return False


def table(rounds: Rounds, rates: Mapping[str, float]) -> str:
    """Return what both came to."""
    heading = (
        "server",
        "p50 ms",
        "p99 ms",
        "x bare, p50",
        "x bare, p99",
        "load late by, p99 ms",
        "CPU us/post",
        "in time up to",
    )
    return aligned([heading, *(_cells(rounds, name, rates[name]) for name in rounds)])


def _cells(rounds: Rounds, name: str, rate: float) -> tuple[str, ...]:
    mine, floor = rounds[name], rounds[BARE]
    return (
        name,
        spread([each.p50_ms for each in mine], ".2f"),
        spread([each.p99_ms for each in mine], ".2f"),
        spread(ratios([each.p50_ms for each in mine], [each.p50_ms for each in floor]), ".2f"),
        spread(ratios([each.p99_ms for each in mine], [each.p99_ms for each in floor]), ".2f"),
        f"{median(each.lag_p99_ms for each in mine):.2f}",
        f"{median(each.run.cpu_us for each in mine):.1f}",
        f"{rate:,.0f} posts/s" if rate else f"less than {SOUGHT_PER_S[0]:,.0f} posts/s",
    )


def figures(rounds: Rounds, posts_per_s: float) -> list[Figure]:
    """Return what the daemon is judged by."""
    at = f"acknowledged at {posts_per_s:,.0f} posts/s"
    return [
        Figure(f"{at}, p50", [each.p50_ms for each in rounds[DAEMON]], ".2f", "ms", Goal(5, 1.5)),
        Figure(f"{at}, p99", [each.p99_ms for each in rounds[DAEMON]], ".2f", "ms", Goal(25, 6)),
    ]


def warnings(rounds: Rounds) -> list[str]:
    """Return what a reader has to know before believing a figure."""
    said = [foreign(each.run for latencies in rounds.values() for each in latencies)]
    if median(each.p99_ms for each in rounds[BARE]) > IN_TIME_MS:
        said.append("the bare handler was late itself: this machine was too busy to judge anything by")
    if any(each.unanswered for latencies in rounds.values() for each in latencies):
        said.append("some posts had no answer when the load gave up; they count with the time until then")
    return said


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=6, metavar="N", help="how often (default: 6)")
    add("--seconds", type=float, default=3.0, metavar="S", help="of load, each time (default: 3)")
    add("--rate", type=float, default=POSTS_PER_S, metavar="N", help=f"posts a second (default: {POSTS_PER_S})")
    add("--seek-seconds", type=float, default=1.5, metavar="S", help="of load at each rate tried (default: 1.5)")
    add("--seek-steps", type=int, default=6, metavar="N", help="each halves what is uncertain (default: 6)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("How long until a browser knows that its post survives a power cut?")
    print(machine.described())
    print(
        f"{options.rate:,.0f} posts/s at random moments on {CONNECTIONS} connections, timed from when they were due; "
        f"{options.rounds} rounds of {options.seconds:g} s each; in time: p99 within {IN_TIME_MS:g} ms",
        flush=True,
    )
    rounds, rates = asyncio.run(measure(options))
    print(f"\n{table(rounds, rates)}\n\n{judged(recorded('acknowledgement', figures(rounds, options.rate)))}\n")
    print("\n".join(warnings(rounds)), flush=True)


if __name__ == "__main__":
    main()

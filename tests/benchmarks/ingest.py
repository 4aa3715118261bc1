"""What does it cost to take telemetry in?  `make bench`, or `python -m tests.benchmarks.ingest --help`.

The daemon, whole: every post is authorised, validated, durable, shown live, counted in metrics and put before the
shipped rules.  It runs twice: what was acknowledged survives a kill -9 in one, a power cut in the other.  Beside it a
bare aiohttp handler that only reads the body, as the floor, and VictoriaMetrics as a peer: it is sent the same numbers
in its own words, keeps each as a series of its own, and acknowledges before they are on disk.

All are loaded in turn, round after round, the server on one core and the load on another.  What counts is the server's
CPU time for a post, in all its threads; of ratios, the one to the floor in the same round.  The median of all rounds is
shown: clocks drift and neighbours come and go, but they do so to all.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, aligned, judged, ratios, spread
from tests.benchmarks.load import CONNECTIONS, Load, Run, foreign, loaded
from tests.benchmarks.posts import Posts, Proof, Wire
from tests.benchmarks.records import recorded
from tests.benchmarks.servers import Server

BUSY_RATIO = 0.95  # of a core: a generator as busy as that may be what was measured


class Case(NamedTuple):
    """A server, and what is posted to it."""

    server: str
    wire: Wire
    events: int
    proof: Proof = "ingest key"

    @property
    def post(self) -> str:
        """Return what is posted, in words."""
        events = f"{self.events} event{'s' if self.events > 1 else ''}"
        if self.wire != "rows":
            return f"{events} as {self.wire}"
        return events if self.proof == "ingest key" else f"{events}, access token"


BARE = "bare aiohttp handler"
KILL_SAFE = "daemon, survives kill -9"
POWER_SAFE = "daemon, survives a power cut"
PEER = "VictoriaMetrics"

FLOORS = {1: Case(BARE, "rows", 1), 50: Case(BARE, "rows", 50)}
PEERS = {1: Case(PEER, "lines", 1), 50: Case(PEER, "lines", 50)}
ONE, FIFTY, SERIES = Case(KILL_SAFE, "rows", 1), Case(KILL_SAFE, "rows", 50), Case(KILL_SAFE, "series", 50)
ONE_POWER_SAFE = Case(POWER_SAFE, "rows", 1)
CASES = (
    *FLOORS.values(),
    ONE,
    Case(KILL_SAFE, "rows", 1, "access token"),
    FIFTY,
    SERIES,
    ONE_POWER_SAFE,
    Case(POWER_SAFE, "rows", 50),
    *PEERS.values(),
)

Rounds = Mapping[Case, Sequence[Run]]  # one run a round


@asynccontextmanager
async def serving(core: int) -> AsyncIterator[Mapping[str, Server]]:
    """Run every server that there is, by its name."""
    async with AsyncExitStack() as running:
        temporary = tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True)
        folder = Path(running.enter_context(temporary))
        starting = {
            BARE: servers.bare(core),
            KILL_SAFE: servers.daemon(core, folder, "normal"),
            POWER_SAFE: servers.daemon(core, folder, "full"),
        }
        if servers.has_victoria_metrics():
            starting[PEER] = servers.victoria_metrics(core, folder / "peer")
        yield {name: await running.enter_async_context(server) for name, server in starting.items()}


async def measure(options: argparse.Namespace) -> Rounds:
    """Load every server in turn with everything that it takes, and say how it goes."""
    server_core, load_core = machine.cores()
    patience = machine.Patience(options.patience)
    async with serving(server_core) as running:
        runs: dict[Case, list[Run]] = {case: [] for case in CASES if case.server in running}
        for number in range(1, options.rounds + 1):
            for case in random.sample(list(runs), len(runs)):
                posts = Posts(wire=case.wire, events=case.events, proof=case.proof)
                task = Load(
                    port=running[case.server].port, pid=running[case.server].pid, posts=posts, seconds=options.seconds
                )
                await patience.wait()
                runs[case].append(await loaded(task, load_core))
            print(_progress(number, options.rounds, runs), flush=True)
    return runs


def _progress(number: int, rounds: int, runs: Rounds) -> str:
    (_, one), (_, fifty) = (
        (case, runs[case][-1].cpu_us / runs[FLOORS[case.events]][-1].cpu_us) for case in (ONE, FIFTY)
    )
    return f"round {number}/{rounds}: {one:.2f} x the bare handler with 1 event, {fifty:.2f} x with 50"


def cpu_us(runs: Rounds, case: Case) -> list[float]:
    """Return the CPU time of a post in each round."""
    return [run.cpu_us for run in runs[case]]


def samples_per_s(runs: Rounds, case: Case) -> list[float]:
    """Return how many events a core takes in a second, in each round."""
    return [case.events * 1e6 / each for each in cpu_us(runs, case)]


def table(runs: Rounds) -> str:
    """Return what every case came to."""
    heading = (
        "server",
        "post",
        "CPU us/post",
        "posts/s/core",
        "samples/s/core",
        "x bare handler",
        "x peer",
        "load's core",
    )
    return aligned([heading, *(_cells(runs, case) for case in runs)])


def _cells(runs: Rounds, case: Case) -> tuple[str, ...]:
    cost_us = median(cpu_us(runs, case))
    return (
        case.server,
        case.post,
        f"{cost_us:.1f}",
        f"{1e6 / cost_us:,.0f}",
        f"{case.events * 1e6 / cost_us:,.0f}",
        _beside(runs, case, FLOORS[case.events]),
        _beside(runs, case, PEERS[case.events]),
        f"{median(run.generator_ratio for run in runs[case]):.0%}",
    )


def _beside(runs: Rounds, case: Case, other: Case) -> str:
    if other not in runs:
        return "-"
    return "1" if case == other else spread(ratios(cpu_us(runs, case), cpu_us(runs, other)), ".2f")


def figures(runs: Rounds) -> list[Figure]:
    """Return what the daemon is judged by."""
    floor = ratios(cpu_us(runs, ONE), cpu_us(runs, FLOORS[1]))
    power_safe = samples_per_s(runs, ONE_POWER_SAFE)
    return [
        Figure("1 event, CPU, survives kill -9", floor, ".2f", "x bare", Goal(1.3, 0.4)),
        Figure("50 events", samples_per_s(runs, FIFTY), ",.0f", "samples/s/core", Goal(150_000, 250_000, True)),
        Figure("50 events as series", samples_per_s(runs, SERIES), ",.0f", "samples/s/core", Goal(None, 400_000, True)),
        Figure("1 event, survives a power cut", power_safe, ",.0f", "posts/s/core", Goal(None, 15_000, True)),
    ]


def warnings(runs: Rounds) -> list[str]:
    """Return what a reader has to know before believing a figure."""
    every = [run for each in runs.values() for run in each]
    said = [foreign(every)]
    if PEER not in {case.server for case in runs}:
        said.append(servers.SKIPPED)
    if any(run.generator_ratio > BUSY_RATIO for run in every):
        said.append(
            "the load had no core to spare in some runs: how fast they went was its limit, CPU us/post still holds"
        )
    return said


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=6, metavar="N", help="how often (default: 6)")
    add("--seconds", type=float, default=1.2, metavar="S", help="of load, each time (default: 1.2)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("What does it cost to take telemetry in?")
    print(machine.described())
    print(f"{options.rounds} rounds of {options.seconds:g} s each, {CONNECTIONS} connections, closed loop", flush=True)
    runs = asyncio.run(measure(options))
    print(f"\n{table(runs)}\n\n{judged(recorded('ingest', figures(runs)))}\n")
    print("\n".join(warnings(runs)), flush=True)


if __name__ == "__main__":
    main()

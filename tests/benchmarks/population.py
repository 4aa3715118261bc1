"""Does a post cost the same however many people are in calls, and how much memory do they take?

`make bench`, or `python -m tests.benchmarks.population --help`.

Three daemons, each with so many people live in rooms of ten: a thousand, ten thousand, a hundred thousand.  They all
came through the front door, each with 64 samples of its media in one post.  Then everybody goes on and posts in turn,
one event at a time and fifty, in random order, so that nothing about them is in any cache; the picture is saved and the
rules look as always.  What that costs is counted over all rounds together, so that a post pays its share of saving the
picture, which few see.

With `--talking 1000` the same thousand post whoever else is there: what dearer posts they have is the price of company,
and not of being far away in memory.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, aligned, judged, ratios, spread
from tests.benchmarks.load import Load, Run, foreign, loaded
from tests.benchmarks.posts import Posts, Proof
from tests.benchmarks.records import recorded
from tests.benchmarks.servers import Server

PEOPLE = (1_000, 10_000, 100_000)
PEOPLE_PER_ROOM = 10
SAMPLES = 64
EVENTS = (1, 50)  # of a post
RUN_S = 10.0  # six of them see a large picture saved about once, and a small one twice
UNCHANGED = Goal(1.1, 1.1)  # beyond what the rounds of one daemon lie apart

_MB = 1e6


class Populated(NamedTuple):
    """A daemon, what its people took, and how far each of their connections is."""

    server: Server
    people: int
    empty_bytes: int
    full_bytes: int
    arrived: Run
    begun: list[int]


class Case(NamedTuple):
    """How many people are live, and how much each post has."""

    people: int
    events: int


Rounds = Mapping[Case, Sequence[Run]]  # one run a round


class Crowd:
    """Lets people post from a core of their own."""

    def __init__(self, core: int, options: argparse.Namespace) -> None:
        self._core = core
        self._proof: Proof = "access token" if options.access_tokens else "ingest key"
        self._settles_s = options.settles
        self._talking: int | None = options.talking
        self._patience = machine.Patience(options.patience)

    async def arrive(self, server: Server, people: int) -> Populated:
        """Let everybody come, with the samples of their first minutes."""
        empty_bytes = machine.rss_bytes(server.pid)
        posts = replace(self._posts_of(people), wire="series", events=1 + SAMPLES, only_media=True)
        run = await loaded(Load(port=server.port, pid=server.pid, posts=posts), self._core)
        await asyncio.sleep(self._settles_s)  # the picture is saved, and what arriving took is freed
        return Populated(server, people, empty_bytes, machine.rss_bytes(server.pid), run, list(run.begun))

    async def post(self, populated: Populated, seconds: float, events: int = 1) -> Run:
        """Let them post, one after the other."""
        await self._patience.wait()
        posts = replace(self._posts_of(populated.people), talking=self._talking)
        if events > 1:  # as clients write many
            posts = replace(posts, wire="series", events=events)
        server = populated.server
        task = Load(port=server.port, pid=server.pid, posts=posts, seconds=seconds, begun=populated.begun)
        run = await loaded(task, self._core)
        populated.begun[:] = run.begun
        return run

    def _posts_of(self, people: int) -> Posts:
        # As quickly sent by few as by many: the sooner the next posts come, the more of them share a commit.
        return Posts(people=people, people_per_room=PEOPLE_PER_ROOM, proof=self._proof, seed=people, anew=True)


async def measure(options: argparse.Namespace) -> tuple[Sequence[Populated], Rounds]:
    """Populate the daemons, and load them in turn."""
    server_core, load_core = machine.cores()
    crowd = Crowd(load_core, options)
    async with AsyncExitStack() as running:
        temporary = tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True)
        folder = Path(running.enter_context(temporary))
        daemons = []
        for people in options.people:
            server = await running.enter_async_context(servers.daemon(server_core, folder, "full"))
            daemons.append(await crowd.arrive(server, people))
            print(_arrived(daemons[-1]), flush=True)
        return daemons, await in_rounds(crowd, daemons, options)


async def in_rounds(crowd: Crowd, daemons: Sequence[Populated], options: argparse.Namespace) -> Rounds:
    """Load the daemons in turn, and say how it goes."""
    cases = {Case(daemon.people, events): daemon for events in options.events for daemon in daemons}
    rounds: dict[Case, list[Run]] = {case: [] for case in cases}
    for number in range(1, options.rounds + 1):
        for case in random.sample(list(cases), len(cases)):
            rounds[case].append(await crowd.post(cases[case], options.seconds, case.events))
        costs = ", ".join(f"{_cost(case, runs[-1:])} with {case.people:,}" for case, runs in rounds.items())
        print(f"round {number}/{options.rounds}: {costs}", flush=True)
    return rounds


def _arrived(daemon: Populated) -> str:
    samples = daemon.people * SAMPLES
    cost_us = daemon.arrived.server_cpu_s / samples * 1e6
    return f"{daemon.people:,} people arrived in {daemon.arrived.wall_s:.1f} s, {cost_us:.2f} us of CPU a sample"


def table(daemons: Sequence[Populated], rounds: Rounds) -> str:
    """Return what each population came to."""
    heading = ("people live", "RSS MB", "of which empty", "bytes a person", "CPU", "x the fewest people")
    cells = (_cells(daemon, case, rounds) for daemon in daemons for case in rounds if case.people == daemon.people)
    return aligned([heading, *cells])


def _cells(daemon: Populated, case: Case, rounds: Rounds) -> tuple[str, ...]:
    mine, fewest = rounds[case], rounds[_of_fewest(case, rounds)]
    return (
        f"{daemon.people:,}",
        f"{daemon.full_bytes / _MB:.0f}",
        f"{daemon.empty_bytes / _MB:.0f}",
        f"{(daemon.full_bytes - daemon.empty_bytes) / daemon.people:,.0f}",
        _cost(case, mine),
        spread(ratios([run.cpu_us for run in mine], [run.cpu_us for run in fewest]), ".2f"),
    )


def _of_fewest(case: Case, rounds: Rounds) -> Case:
    return case._replace(people=min(rounds).people)


def _cost(case: Case, runs: Sequence[Run]) -> str:
    of = "post" if case.events == 1 else f"event of {case.events}"
    return f"{mean_us(runs) / case.events:.1f} us/{of}"


def mean_us(runs: Sequence[Run]) -> float:
    """Return what a post cost over several runs."""
    return sum(run.server_cpu_s for run in runs) / sum(run.posts for run in runs) * 1e6


def figures(daemons: Sequence[Populated], rounds: Rounds) -> list[Figure]:
    """Return what the daemon is judged by."""
    largest = max(daemons, key=lambda daemon: daemon.people)
    memory = Figure(f"{largest.people:,} people, RSS", [largest.full_bytes / _MB], ",.0f", "MB", Goal(400, 200))
    grown = (
        Figure(
            f"a post of {case.events}, {case.people:,} people",
            [mean_us(runs) / mean_us(rounds[fewest])],
            ".2f",
            f"x {fewest.people:,}",
            UNCHANGED,
        )
        for case, runs in rounds.items()
        if (fewest := _of_fewest(case, rounds)) != case
    )
    return [memory, *grown]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=6, metavar="N", help="how often (default: 6)")
    add("--seconds", type=float, default=RUN_S, metavar="S", help=f"of load, each (default: {RUN_S:g})")
    add(
        "--people", type=int, nargs="+", default=PEOPLE, metavar="N", help="in each daemon (default: 1000 10000 100000)"
    )
    add("--events", type=int, nargs="+", default=EVENTS, metavar="N", help="in a post, in turn (default: 1 50)")
    add("--talking", type=int, metavar="N", help="of the people in each daemon (default: all)")
    add("--access-tokens", action="store_true", help="everybody has a Twilio access token of their own, not one key")
    add("--settles", type=float, default=6.0, metavar="S", help="after all have arrived (default: 6)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("Does a post cost the same however many people are in calls, and how much memory do they take?")
    print(machine.described(), flush=True)
    daemons, rounds = asyncio.run(measure(options))
    print(f"\n{table(daemons, rounds)}\n\n{judged(recorded('population', figures(daemons, rounds)))}\n")
    print(foreign(run for runs in rounds.values() for run in runs), flush=True)


if __name__ == "__main__":
    main()

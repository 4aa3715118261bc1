"""What does a sample cost in a cluster, beside one daemon with a file, and does it stay so when history grows?

`python -m tests.benchmarks.replicas --help`; it takes PostgreSQL, and what `make clickhouse` installs.

Five installations at once: a daemon with SQLite, a cluster of one replica, the same two with history already in them,
and a cluster of two replicas.  PostgreSQL has its durable defaults, and so have SQLite and ClickHouse, of which it is
the engine without its server.  Each is loaded in turn, round after round, and let settle what it took; replicas are
loaded at once, each by a load of its own.

Each replica has a core, as far as there are enough; the load has the last one.  Where cores are few everybody shares
them, so what was acknowledged in a second says little about a cluster on machines of its own.  What counts there is the
CPU time of each process for a sample: from its post until it is settled, followed by every replica, less what the same
process takes while nobody posts.
"""

import argparse
import asyncio
import os
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp

from monitor.store.clickhouse.client import Address, Client
from monitor.store.clickhouse.schema import PLAIN
from monitor.store.cluster_moving import opened
from tests import clickhouse_engine
from tests.benchmarks import history, machine, servers
from tests.benchmarks.figures import Figure, Goal, aligned, judged, ratios, spread
from tests.benchmarks.load import CONNECTIONS, Load, Run, loaded
from tests.benchmarks.posts import Posts
from tests.benchmarks.records import recorded
from tests.benchmarks.servers import Server
from tests.clickhouse_engine import Engine
from tests.postgres_server import PostgresServer, running_durable_server

SQLITE, ONE, TWO = "SQLite", "one replica", "two replicas"
WITH_HISTORY = ", history"
KEPT_FOR_EVER = {"raw_days": 3650.0, "history_days": 3650.0}
SAVED_EVERY_S = 2.0
SETTLES_WITHIN_S = 300.0  # guards against hanging, no more
ONLY_KNOWN = Goal(None, None)
UNCHANGED = Goal(1.1, 1.05)

_LOOK_EVERY_S = 0.1
_ACCEPTED = re.compile(r"^roomwatch_telemetry_events_total\{[^}]*\} (\S+)$", re.MULTILINE)
_SETTLED = re.compile(r"^roomwatch_store_settled_samples_total (\S+)$", re.MULTILINE)


class Databases(NamedTuple):
    """Both databases of all clusters."""

    postgres: PostgresServer
    clickhouse: Engine

    async def cluster(self, name: str) -> dict[str, Any]:
        """Make databases for a cluster, and return how it is told of them."""
        await self.postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        client = Client(Address("127.0.0.1", self.clickhouse.port))
        await client.command(f"CREATE DATABASE {name}")
        await client.close()
        return {
            "postgres": self.postgres.address(name),
            "clickhouse": f"http://127.0.0.1:{self.clickhouse.port}",
            "clickhouse_database": name,
        }


class Installation(NamedTuple):
    """What is loaded: daemons that have everything in common."""

    name: str
    daemons: Sequence[Server]
    databases: Databases | None

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU time that each part of it has used."""
        used = {"daemons": sum(machine.cpu_s(each.pid) for each in self.daemons), "PostgreSQL": 0.0, "ClickHouse": 0.0}
        if self.databases is not None:
            used["PostgreSQL"] = machine.family_cpu_s(self.databases.postgres.pid)
            used["ClickHouse"] = machine.family_cpu_s(self.databases.clickhouse.pid)
        return used


class Took(NamedTuple):
    """What a round came to for an installation."""

    samples: int
    acknowledged_per_s: float  # while it was loaded
    cpu_us: Mapping[str, float]  # of each part, for a sample

    @property
    def whole_us(self) -> float:
        """Return the CPU time of all parts for a sample."""
        return sum(self.cpu_us.values())


Rounds = Mapping[str, Sequence[Took]]


# --- what is loaded ---------------------------------------------------------------------------------------


@asynccontextmanager
async def installations(options: argparse.Namespace) -> AsyncIterator[Sequence[Installation]]:
    """Run all of them, with so much history as is asked for."""
    async with AsyncExitStack() as running:
        temporary = tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True)
        folder = Path(running.enter_context(temporary))
        databases = Databases(
            running.enter_context(running_durable_server()),
            running.enter_context(clickhouse_engine.running(folder / "clickhouse")),
        )
        old = folder / "with-history.db"
        filled = await databases.cluster("filled")
        await _lay_down(old, filled, options.history)
        cores = sorted(os.sched_getaffinity(0))
        spare = cores[2:] or cores  # replicas have the first two
        for pid in (databases.postgres.pid, databases.clickhouse.pid):
            machine.pin(pid, spare)
        kept = {"settle_after_s": options.seconds + 2.0, "checkpoint_every_s": SAVED_EVERY_S, **KEPT_FOR_EVER}

        async def daemon(core: int, storage: Mapping[str, Any], cluster: Mapping[str, Any] | None = None) -> Server:
            return await running.enter_async_context(servers.hurried(core, folder, {**kept, **storage}, cluster))

        async def replicas(told: Mapping[str, Any], count: int) -> Sequence[Server]:
            return [
                await daemon(cores[number % len(cores)], {}, {**told, "replica": f"replica-{number}"})
                for number in range(count)
            ]

        yield [
            Installation(SQLITE, [await daemon(cores[0], {"path": str(folder / "empty.db")})], None),
            Installation(ONE, await replicas(await databases.cluster("one"), 1), databases),
            Installation(TWO, await replicas(await databases.cluster("two"), 2), databases),
            Installation(SQLITE + WITH_HISTORY, [await daemon(cores[0], {"path": str(old)})], None),
            Installation(ONE + WITH_HISTORY, await replicas(filled, 1), databases),
        ]


async def _lay_down(file: Path, told: Mapping[str, Any], samples: int) -> None:
    """Fill a file with calls that are over, and move it into a cluster."""
    began_s = time.perf_counter()
    people, _ = await history.fill(file, samples)
    filled_s = time.perf_counter()
    port = int(told["clickhouse"].rpartition(":")[2])
    address = Address("127.0.0.1", port, told["clickhouse_database"])
    async with opened(told["postgres"], address, PLAIN) as moving:
        await moving.copy(file, lambda *_: None)
        await moving.backfill(file, lambda *_: None)
    moved_s = time.perf_counter()
    print(
        f"history of {people * history.SAMPLES:,} samples: {filled_s - began_s:.0f} s to fill a file,"
        f" {moved_s - filled_s:.0f} s to move it into a cluster",
        flush=True,
    )


# --- a round ----------------------------------------------------------------------------------------------


class Loading:
    """Loads installations, and waits until what they took is where it belongs."""

    def __init__(self, http: aiohttp.ClientSession, posts: Posts, seconds: float, rest_s: float) -> None:
        self._http = http
        self._posts = posts
        self._seconds = seconds
        self._core = machine.cores()[1]
        self._rest_s = rest_s

    async def _at_rest(self, installation: Installation) -> Mapping[str, float]:
        """Return the CPU time that each part takes in a second while nobody posts, just now: neighbours come and go."""
        before, began_s = installation.cpu_s(), time.perf_counter()
        await asyncio.sleep(self._rest_s)
        took_s = time.perf_counter() - began_s
        return {part: (now - before[part]) / took_s for part, now in installation.cpu_s().items()}

    async def load(self, installation: Installation) -> Took:
        """Load all daemons of an installation at once, after a rest."""
        rest = await self._at_rest(installation)
        before, used, began_s = await self._accepted(installation), installation.cpu_s(), time.perf_counter()
        runs = await asyncio.gather(*(self._load(each) for each in installation.daemons))
        await self._until_settled(installation)
        took_s = time.perf_counter() - began_s
        samples = await self._accepted(installation) - before
        cpu_us = {
            part: max(0.0, now - used[part] - rest[part] * took_s) / samples * 1e6
            for part, now in installation.cpu_s().items()
        }
        posts_per_s = sum(run.posts / run.wall_s for run in runs)
        return Took(samples, posts_per_s * self._posts.events, cpu_us)

    async def _load(self, server: Server) -> Run:
        return await loaded(
            Load(port=server.port, pid=server.pid, posts=self._posts, seconds=self._seconds), self._core
        )

    async def _accepted(self, installation: Installation) -> int:
        return await self._counted(installation, _ACCEPTED)

    async def _counted(self, installation: Installation, counter: re.Pattern[str]) -> int:
        total = 0.0
        for each in installation.daemons:
            async with self._http.get(f"http://127.0.0.1:{each.private_port}/metrics") as answer:
                answer.raise_for_status()
                total += sum(map(float, counter.findall(await answer.text())))
        return int(total)

    async def _until_settled(self, installation: Installation) -> None:
        async with asyncio.timeout(SETTLES_WITHIN_S):
            while await self._counted(installation, _SETTLED) < await self._accepted(installation):
                await asyncio.sleep(_LOOK_EVERY_S)


async def measure(options: argparse.Namespace) -> Rounds:
    """Load everybody in turn, and say how it goes."""
    posts, patience = Posts(events=options.events), machine.Patience(options.patience)
    async with installations(options) as among, aiohttp.ClientSession() as http:
        loading = Loading(http, posts, options.seconds, options.rest)
        for each in among:
            await loading.load(each)  # nobody's first posts count
        rounds: dict[str, list[Took]] = {each.name: [] for each in among}
        for number in range(1, options.rounds + 1):
            for each in random.sample(among, len(among)):
                await patience.wait()
                rounds[each.name].append(await loading.load(each))
            costs = ", ".join(f"{name} {took[-1].whole_us:.1f} us" for name, took in rounds.items())
            print(f"round {number}/{options.rounds}: {costs}", flush=True)
        return rounds


# --- what it came to --------------------------------------------------------------------------------------


def table(rounds: Rounds) -> str:
    """Return what every installation came to."""
    heading = ("installation", "samples/s", "x SQLite", "CPU us/sample: daemons", "PostgreSQL", "ClickHouse", "in all")
    return aligned([heading, *(_cells(rounds, name) for name in rounds)])


def _cells(rounds: Rounds, name: str) -> tuple[str, ...]:
    took = rounds[name]
    return (
        name,
        f"{median(each.acknowledged_per_s for each in took):,.0f}",
        "1" if name == SQLITE else spread(ratios(_acknowledged(rounds, name), _acknowledged(rounds, SQLITE)), ".2f"),
        *(f"{median(each.cpu_us[part] for each in took):.1f}" for part in ("daemons", "PostgreSQL", "ClickHouse")),
        f"{median(_costs(rounds, name)):.1f}",
    )


def _acknowledged(rounds: Rounds, name: str) -> list[float]:
    return [each.acknowledged_per_s for each in rounds[name]]


def _costs(rounds: Rounds, name: str) -> list[float]:
    return [each.whole_us for each in rounds[name]]


def figures(rounds: Rounds, samples: int) -> list[Figure]:
    """Return the ratios that a cluster is judged by."""
    acknowledged = {name: _acknowledged(rounds, name) for name in rounds}
    costs = {name: _costs(rounds, name) for name in rounds}
    own = {name: [each.cpu_us["daemons"] for each in took] for name, took in rounds.items()}
    after = f"after {samples:,} samples, CPU"
    return [
        Figure(
            "one replica, acknowledged", ratios(acknowledged[ONE], acknowledged[SQLITE]), ".2f", "x SQLite", ONLY_KNOWN
        ),
        Figure(
            "two replicas, acknowledged", ratios(acknowledged[TWO], acknowledged[SQLITE]), ".2f", "x SQLite", ONLY_KNOWN
        ),
        Figure("two replicas, acknowledged", ratios(acknowledged[TWO], acknowledged[ONE]), ".2f", "x one", ONLY_KNOWN),
        Figure("one replica, its own CPU", ratios(own[ONE], own[SQLITE]), ".2f", "x SQLite", ONLY_KNOWN),
        Figure("one replica, CPU of all", ratios(costs[ONE], costs[SQLITE]), ".2f", "x SQLite", ONLY_KNOWN),
        Figure("two replicas, CPU of all", ratios(costs[TWO], costs[ONE]), ".2f", "x one", ONLY_KNOWN),
        Figure(f"SQLite {after}", ratios(costs[SQLITE + WITH_HISTORY], costs[SQLITE]), ".2f", "x empty", UNCHANGED),
        Figure(f"one replica {after}", ratios(costs[ONE + WITH_HISTORY], costs[ONE]), ".2f", "x empty", UNCHANGED),
    ]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=4, metavar="N", help="how often each is loaded (default: 4)")
    add("--seconds", type=float, default=5.0, metavar="S", help="of load, each time (default: 5)")
    add("--events", type=int, default=6, metavar="N", help="samples in a post (default: 6)")
    add("--history", type=int, default=2_000_000, metavar="N", help="samples laid down before (default: 2000000)")
    add("--rest", type=float, default=4.0, metavar="S", help="to see what it takes at rest, each time (default: 4)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("What does a sample cost in a cluster, and does it stay so when history grows?")
    print(machine.described())
    print(
        f"{options.rounds} rounds of {options.seconds:g} s each, {CONNECTIONS} connections to each daemon, closed loop,"
        f" {options.events} samples a post",
        flush=True,
    )
    rounds = asyncio.run(measure(options))
    print(f"\n{table(rounds)}\n\n{judged(recorded('replicas', figures(rounds, options.history)))}\n")
    if len(os.sched_getaffinity(0)) < len((SQLITE, ONE, TWO)) + 1:
        print("cores are fewer than processes: samples/s is of all of them together, CPU us/sample still holds")


if __name__ == "__main__":
    main()

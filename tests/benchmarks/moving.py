"""How long does it take to move a file into a cluster, and all of it back, while telemetry keeps coming?

`python -m tests.benchmarks.moving --help`; it takes PostgreSQL, and what `make clickhouse` installs.

A file is filled with calls that are over, and a daemon started on it.  From then on browsers measure, and say again
what nobody has taken.  The daemon is stopped, its file copied, a replica started where the daemon was, the history
carried and compared meanwhile; then the replica is stopped, everything copied into a new file and compared, and a
daemon started on that.  All of it goes by the commands that an operator gives.  In the end it is counted whether each
sample that was acknowledged is there, once.

PostgreSQL and ClickHouse's engine are durable as they are by default, on this machine's disk; where TMPDIR leads to
memory, what is left is the CPU's part.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import aiohttp

from collectors.observations import MediaStats
from monitor.store.clickhouse.client import Address, Client
from monitor.store.sqlite import SqliteStore
from tests import clickhouse_engine
from tests.benchmarks import history, machine
from tests.benchmarks.figures import aligned
from tests.benchmarks.servers import HURRIED
from tests.conftest import settings
from tests.crash.drill_people import Book, Crowd
from tests.daemon_process import DaemonProcess, environment, free_port, write_config
from tests.postgres_server import running_durable_server
from tests.stored import EVER_MS, as_told

BROWSERS = 12
LIVES_S = 8.0  # of the daemon on either file, and of the replica beside what it does meanwhile
KEPT_FOR_EVER = {"raw_days": 3650.0, "history_days": 3650.0}
SETTLED_SOON = {"settle_after_s": 2.0, "checkpoint_every_s": 1.0}
DATABASE = "moved"


class Step(NamedTuple):
    """Something that was done, how long it took, and of how many samples it was; none where that says nothing."""

    words: str
    took_s: float
    samples: int | None
    said: str

    def cells(self) -> tuple[str, ...]:
        """Return it as a row."""
        rate = "" if self.samples is None else f"{self.samples / self.took_s:,.0f}"
        return (self.words, f"{self.took_s:.1f}", rate, self.said)


class Outcome(NamedTuple):
    """What was done, and what was found in the end."""

    steps: Sequence[Step]
    found: Sequence[tuple[str, str, str, bool | None]]  # what, expected, observed, and whether that is as it should be

    @property
    def is_well(self) -> bool:
        """Whether all is as it should be."""
        return not any(kept is False for *_, kept in self.found)


class Place:
    """One address that browsers speak to, whoever listens there, and how each of them is configured."""

    def __init__(self, folder: Path, cluster: Mapping[str, Any]) -> None:
        self._folder = folder
        self._ports = {"public": {"port": free_port()}, "private": {"port": free_port()}}
        self.old, self.new = folder / "old.db", folder / "new.db"
        self.replica = self._config("replica", {**SETTLED_SOON, **KEPT_FOR_EVER}, cluster=cluster)

    @property
    def public(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self._ports['public']['port']}"

    def daemon_on(self, file: Path) -> Path:
        """Return the configuration of a daemon on a file."""
        return self._config(file.stem, {"path": str(file), **SETTLED_SOON, **KEPT_FOR_EVER})

    def _config(self, name: str, storage: Mapping[str, Any], **given: Any) -> Path:
        told = settings(**self._ports, storage=storage, log={"level": "warning"}, **given)
        return write_config(self._folder / f"{name}.toml", told)

    @asynccontextmanager
    async def serving(self, config: Path) -> AsyncIterator[None]:
        """Serve, and stop in order."""
        process = await DaemonProcess.start(config, within=HURRIED)
        try:
            yield
            process.signal(signal.SIGTERM)
            code = await process.ended()
        finally:
            await process.kill()
        if code:
            raise SystemExit(f"expected a daemon to end well, got exit code {code}:\n{process.said}")

    async def told(self, *command: str) -> tuple[int, str]:
        """Give a command, and return its exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", *command, "--config", str(self.replica)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment(),
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode().strip()


class Mover:
    """Gives one command after another, and notes what came of it."""

    def __init__(self, place: Place, samples: int) -> None:
        self._place = place
        self._samples = samples
        self.steps: list[Step] = []

    async def give(self, words: str, *command: str, says_rate: bool = False, says_whole: bool = False) -> None:
        """Give a command that is to succeed."""
        began_s = monotonic()
        code, said = await self._place.told(*command)
        took_s = monotonic() - began_s
        if code:
            raise SystemExit(f"expected `roomwatch {command[0]}` to do it, got exit code {code}:\n{said}")
        shown = "; ".join(said.splitlines()) if says_whole else said.partition("\n")[0]
        self.note(Step(words, took_s, self._samples if says_rate else None, shown))

    def note(self, step: Step) -> None:
        """Note something that was done."""
        self.steps.append(step)
        print(f"{step.words}: {step.took_s:.1f} s", flush=True)


async def move(samples: int, seed: int, folder: Path) -> Outcome:
    """Move a file there and back, and count."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_durable_server())
        clickhouse = stack.enter_context(clickhouse_engine.running(folder / "clickhouse"))
        await postgres.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        client = Client(Address("127.0.0.1", clickhouse.port))
        await client.command(f"CREATE DATABASE {DATABASE}")
        await client.close()
        cluster = {
            "postgres": postgres.address(DATABASE),
            "clickhouse": f"http://127.0.0.1:{clickhouse.port}",
            "clickhouse_database": DATABASE,
        }
        place, began_s = Place(folder, cluster), monotonic()
        people, _ = await history.fill(place.old, samples)
        mover = Mover(place, people * history.SAMPLES)
        mover.note(Step("the file is filled", monotonic() - began_s, people * history.SAMPLES, "not by telemetry"))
        http, book = await stack.enter_async_context(aiohttp.ClientSession()), Book()
        crowd = Crowd(seed, [place.public], http, book)
        async with asyncio.TaskGroup() as everybody:
            async with place.serving(place.daemon_on(place.old)):
                browsers = [everybody.create_task(crowd.measure(number)) for number in range(BROWSERS)]
                await asyncio.sleep(LIVES_S)
            await there(place, mover)
            await back(place, mover)
            async with place.serving(place.daemon_on(place.new)):
                await asyncio.sleep(LIVES_S)
                crowd.over.set()
                await asyncio.gather(*browsers)
        return Outcome(mover.steps, await counted(place.new, book, people * history.SAMPLES))


async def there(place: Place, mover: Mover) -> None:
    """Move the file into the cluster, and let a replica live there meanwhile."""
    old = ("--from", str(place.old))
    await mover.give("copy --from, nobody takes posts", "copy", *old)
    await mover.give("verify --from, rows", "verify", *old, says_whole=True)
    async with place.serving(place.replica):
        await mover.give("backfill --from, beside a replica", "backfill", *old, says_rate=True)
        await mover.give("verify --from, history", "verify", *old, says_rate=True, says_whole=True)
        await asyncio.sleep(LIVES_S)


async def back(place: Place, mover: Mover) -> None:
    """Copy the cluster into a new file."""
    new = ("--to", str(place.new))
    await mover.give("copy --to, nobody takes posts", "copy", *new, says_rate=True)
    await mover.give("verify --to", "verify", *new, says_rate=True, says_whole=True)


async def counted(file: Path, book: Book, filled: int) -> Sequence[tuple[str, str, str, bool | None]]:
    """Count what is in the file in the end."""
    store = await SqliteStore.open(file)
    rows: Counter[tuple[str, int]] = Counter()
    try:
        for room in book.rooms:
            for line in await store.samples.timeline(room, 0, EVER_MS, as_told):
                seen = (each for each in line.samples.observations() if isinstance(each, MediaStats))
                rows.update((line.series.participant, each.at_ms) for each in seen)
        ((kept,),) = await store._database.read("SELECT total(samples) FROM chunks")
    finally:
        await store.close()
    wanted, lost, twice = len(book.acknowledged), len(book.acknowledged - rows.keys()), rows.total() - len(rows)
    return [
        ("samples acknowledged while all of it was moved", "", f"{wanted:,}", None),
        ("  of those, lost", "0", f"{lost:,}", lost == 0),
        ("  of those, there twice", "0", f"{twice:,}", twice == 0),
        ("samples in chunks of the new file", f">= {filled:,}", f"{int(kept):,}", kept >= filled),
        ("posts, and said again until they were taken", "", f"{book.posts:,}, {book.repeated:,}", None),
        ("longest time in which none was taken", "", f"{book.longest_wait_s:.1f} s", None),
    ]


def tables(outcome: Outcome) -> str:
    """Return what was done, and what was found."""
    verdicts = {True: "as promised", False: "BROKEN", None: ""}
    steps = [("step", "s", "samples/s", "it said"), *(each.cells() for each in outcome.steps)]
    found = [("found", "expected", "observed", ""), *((*each[:3], verdicts[each[3]]) for each in outcome.found)]
    return f"{aligned(steps)}\n\n{aligned(found)}"


def main() -> int:
    """Move, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--samples", type=int, default=1_000_000, metavar="N", help="in the file (default: 1000000)")
    add("--seed", type=int, default=1, metavar="N", help="of what chance decides (default: 1)")
    options = parser.parse_args()
    print("How long does it take to move a file into a cluster, and back, while telemetry keeps coming?")
    print(machine.described(), flush=True)
    with tempfile.TemporaryDirectory(prefix="roomwatch-moving-", ignore_cleanup_errors=True) as folder:
        outcome = asyncio.run(move(options.samples, options.seed, Path(folder)))
    print(f"\n{tables(outcome)}")
    return 0 if outcome.is_well else 1


if __name__ == "__main__":
    sys.exit(main())

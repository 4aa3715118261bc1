"""Does a post take the same work however many people are in calls, counted instead of timed?

`python -m tests.benchmarks.instructions --help`; it takes Debian's `valgrind` and `libfaketime`, and twelve minutes.

CPU time says what a post costs on this machine at this moment: of a machine whose memory is shared with others it says
different things at different moments, and more so the more memory is visited.  Here each daemon runs in callgrind,
which counts the instructions of its own code (not those of the kernel) and, as a processor with room for so many would,
the pages of memory that have to be looked up anew.  Neither depends on what others do with the memory of the machine.

In callgrind a post takes as long as fifty.  So the daemon's clock, and that of its clients, is slowed down as much:
what is done once a second is done once in as many posts as otherwise, if nothing else runs beside it; how many posts
there were in a second of that clock is shown.  What is done once a minute is hardly seen.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, aligned, judged
from tests.benchmarks.load import Load, loaded
from tests.benchmarks.population import EVENTS, PEOPLE_PER_ROOM, SAMPLES, Case
from tests.benchmarks.posts import Posts, SlowClock
from tests.benchmarks.records import recorded
from tests.benchmarks.servers import Server

PEOPLE = (1_000, 100_000)
SPEED = 0.02  # of the clock
RUN_S = 24.0
SAME_WORK = Goal(1.1, 1.05)  # how many posts share a commit is chance, and a commit is a twentieth of its work

_PAGE_BYTES, _PAGES, _WAYS = 4096, 3072, 12  # as the second-level TLB of a current server, in callgrind's words a cache
_PROGRAMS = ("valgrind", "callgrind_control")
_LIBRARY = "libfaketimeMT.so.1"
_ARRIVES_WITHIN_S = 3_600.0


class Counted(NamedTuple):
    """What a post took."""

    instructions: float
    pages: float
    posts_per_s: float  # of its slow clock


class Callgrind:
    """A daemon that runs in callgrind, and counts when it is told to."""

    def __init__(self, server: Server, counts: Path) -> None:
        self.server = server
        self._counts = counts

    async def begin(self) -> None:
        """Count from now on."""
        await self._control("--instr=on")
        await self._control("--zero")

    async def end(self) -> tuple[int, int]:
        """Count no more; return the instructions, and the pages that were looked up anew."""
        await self._control("--dump")
        await self._control("--instr=off")
        newest = max(self._counts.parent.glob(f"{self._counts.name}.*"), key=lambda file: file.stat().st_mtime_ns)
        lines = newest.read_text(encoding="utf-8", errors="replace").splitlines()
        told = {name: rest.split() for name, _, rest in (line.partition(": ") for line in lines if ": " in line[:20])}
        counts = dict(zip(told["events"], map(int, told["totals"]), strict=False))
        return counts["Ir"], sum(counts[name] for name in ("ILmr", "DLmr", "DLmw"))

    async def _control(self, command: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "callgrind_control", command, str(self.server.pid), stdout=DEVNULL, stderr=DEVNULL
        )
        if await process.wait():
            raise SystemExit(f"expected callgrind to take {command}, got exit code {process.returncode}")


def within(counts: Path, library: Path) -> Sequence[str]:
    """Return the command in which a daemon is counted, with its clock slowed down."""
    cache = f"{_PAGES * _PAGE_BYTES},{_WAYS},{_PAGE_BYTES}"
    first = "32768,8,64"
    slowed = ("env", f"LD_PRELOAD={library}", f"FAKETIME=+0 x{SPEED}")
    counting = ("--tool=callgrind", "--cache-sim=yes", "--instr-atstart=no", f"--callgrind-out-file={counts}")
    return (*slowed, "valgrind", "-q", *counting, f"--I1={first}", f"--D1={first}", f"--LL={cache}")


async def measure(options: argparse.Namespace) -> dict[Case, Counted]:
    """Populate one daemon after the other, and count what their posts take."""
    library = _library()
    counted: dict[Case, Counted] = {}
    server_core, load_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True) as folder:
        for people in options.people:
            counts = Path(folder) / f"counts-{people}"
            clock = SlowClock(time.time(), SPEED)
            async with AsyncExitStack() as running:
                started = servers.counted(server_core, Path(folder), within(counts, library))
                daemon = Callgrind(await running.enter_async_context(started), counts)
                posts = Posts(people=people, people_per_room=PEOPLE_PER_ROOM, seed=people, anew=True, clock=clock)
                begun = await _arrive(daemon, posts, load_core)
                for events in options.events:
                    mine = posts if events == 1 else replace(posts, wire="series", events=events)
                    counted[Case(people, events)], begun = await _count(daemon, mine, begun, load_core, options.seconds)
                    print(_shown(Case(people, events), counted[Case(people, events)]), flush=True)
    return counted


async def _arrive(daemon: Callgrind, posts: Posts, load_core: int) -> Sequence[int]:
    """Let everybody come, uncounted."""
    everybody = replace(posts, wire="series", events=1 + SAMPLES, only_media=True)
    port, pid = daemon.server.port, daemon.server.pid
    run = await loaded(Load(port=port, pid=pid, posts=everybody, most_seconds=_ARRIVES_WITHIN_S), load_core)
    print(f"{posts.people:,} people arrived in {run.wall_s:.0f} s", flush=True)
    return run.begun


async def _count(
    daemon: Callgrind, posts: Posts, begun: Sequence[int], load_core: int, seconds: float
) -> tuple[Counted, Sequence[int]]:
    task = Load(port=daemon.server.port, pid=daemon.server.pid, posts=posts, seconds=seconds / 3, begun=begun)
    run = await loaded(task, load_core)  # the first of a kind do what is done once
    await daemon.begin()
    after = await loaded(replace(task, seconds=seconds, begun=run.begun), load_core)
    instructions, pages = await daemon.end()
    sent = sum(after.begun) - sum(run.begun)
    return Counted(instructions / sent, pages / sent, after.posts / after.wall_s / SPEED), after.begun


def _library() -> Path:
    library = next(Path("/usr/lib").glob(f"*/faketime/{_LIBRARY}"), None)
    if library is None or not all(map(shutil.which, _PROGRAMS)):
        raise SystemExit("skipped: no valgrind or no libfaketime (on Debian: apt-get install valgrind libfaketime)")
    return library


def _shown(case: Case, counted: Counted) -> str:
    return f"{case.people:,} people, posts of {case.events}: {counted.instructions / 1000:,.0f} thousand instructions"


def table(counted: dict[Case, Counted]) -> str:
    """Return what a post took in each case."""
    heading = (
        "people live",
        "events",
        "posts/s of its clock",
        "thousand instructions/post",
        "pages looked up anew/post",
    )
    rows = (
        (
            f"{case.people:,}",
            str(case.events),
            f"{each.posts_per_s:,.0f}",
            f"{each.instructions / 1000:,.0f}",
            f"{each.pages:.0f}",
        )
        for case, each in sorted(counted.items())
    )
    return aligned([heading, *rows])


def figures(counted: dict[Case, Counted]) -> list[Figure]:
    """Return what the daemon is judged by."""
    fewest = min(case.people for case in counted)
    return [
        Figure(
            f"instructions of a post of {case.events}, {case.people:,} people",
            [each.instructions / counted[Case(fewest, case.events)].instructions],
            ".3f",
            f"x {fewest:,}",
            SAME_WORK,
        )
        for case, each in counted.items()
        if case.people != fewest
    ]


def main() -> None:
    """Count, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--seconds", type=float, default=RUN_S, metavar="S", help=f"of load, each (default: {RUN_S:g})")
    add("--people", type=int, nargs="+", default=PEOPLE, metavar="N", help="in each daemon (default: 1000 100000)")
    add("--events", type=int, nargs="+", default=EVENTS, metavar="N", help="in a post, in turn (default: 1 50)")
    options = parser.parse_args()
    print("Does a post take the same work however many people are in calls?")
    print(machine.described(), flush=True)
    counted = asyncio.run(measure(options))
    print(f"\n{table(counted)}\n\n{judged(recorded('instructions', figures(counted)))}\n", flush=True)


if __name__ == "__main__":
    main()

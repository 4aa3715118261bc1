"""What does a scrape cost, and how long does everything else wait for it, while ten thousand rooms are live?

`make bench`, or `python -m tests.benchmarks.scrapes --help`.

Two daemons: in one there are so many rooms with three people each, who came through the front door with samples of
their media; in the other, the floor, there is nobody.  Both are scraped in turn, as Prometheus does it, and what a
scrape costs is the CPU time that the daemon has used meanwhile, less what it uses while nobody asks.  It is one turn of
the event loop, so nothing else is done for as long.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import aiohttp

from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, judged, ratios
from tests.benchmarks.load import Load, loaded
from tests.benchmarks.posts import Posts
from tests.benchmarks.records import recorded
from tests.benchmarks.servers import Server

ROOMS = 10_000
PEOPLE_PER_ROOM = 3
ACCEPT = {"Accept": "application/openmetrics-text; version=1.0.0"}
QUICK = Goal(100, 50)  # milliseconds


class Scrapes(NamedTuple):
    """What several scrapes in a row came to."""

    cpu_ms: float  # of one
    page_bytes: int


async def measure(options: argparse.Namespace) -> tuple[Sequence[Scrapes], Sequence[Scrapes]]:
    """Let everybody come, and scrape both daemons in turn; return what came of the full one and of the empty one."""
    server_core, load_core = machine.cores()
    patience = machine.Patience(options.patience)
    async with AsyncExitStack() as running:
        temporary = tempfile.TemporaryDirectory(prefix="roomwatch-bench-", ignore_cleanup_errors=True)
        folder = Path(running.enter_context(temporary))
        full = await running.enter_async_context(servers.daemon(server_core, folder, "full"))
        empty = await running.enter_async_context(servers.daemon(server_core, folder, "full"))
        await _arrive(full, options.rooms, load_core)
        await asyncio.sleep(options.settles)  # the picture is saved, and rules have looked at everybody
        http = await running.enter_async_context(aiohttp.ClientSession())
        of_full, of_empty = [], []
        for number in range(1, options.rounds + 1):
            await patience.wait()
            of_full.append(await _scrape(http, full, options.scrapes))
            of_empty.append(await _scrape(http, empty, options.scrapes))
            print(f"round {number}/{options.rounds}: {of_full[-1].cpu_ms:.1f} ms, empty {of_empty[-1].cpu_ms:.1f} ms")
    return of_full, of_empty


async def _arrive(server: Server, rooms: int, load_core: int) -> None:
    people = rooms * PEOPLE_PER_ROOM
    posts = Posts(people=people, people_per_room=PEOPLE_PER_ROOM, wire="series", events=4, only_media=True)
    run = await loaded(Load(port=server.port, pid=server.pid, posts=posts), load_core)
    print(f"{people:,} people arrived in {run.wall_s:.1f} s", flush=True)


async def _scrape(http: aiohttp.ClientSession, server: Server, times: int) -> Scrapes:
    """Scrape many times, as CPU time is counted in hundredths of a second; then let the daemon be for as long."""
    used_s, began_s, page = machine.cpu_s(server.pid), time.perf_counter(), b""
    for _ in range(times):
        async with http.get(f"http://127.0.0.1:{server.private_port}/metrics", headers=ACCEPT) as answer:
            page = await answer.read()
    used_with_s, lasted_s = machine.cpu_s(server.pid), time.perf_counter() - began_s
    await asyncio.sleep(lasted_s)
    used_without_s = machine.cpu_s(server.pid) - used_with_s
    return Scrapes((used_with_s - used_s - used_without_s) * 1000 / times, len(page))


def figures(rooms: int, of_full: Sequence[Scrapes], of_empty: Sequence[Scrapes]) -> list[Figure]:
    """Return what the daemon is judged by."""
    full_ms, empty_ms = ([each.cpu_ms for each in scrapes] for scrapes in (of_full, of_empty))
    floor_ms = [max(each_ms, 0.1) for each_ms in empty_ms]
    return [
        Figure(f"a scrape of {rooms:,} rooms, CPU", full_ms, ".1f", "ms", QUICK),
        Figure("the same, beside the floor", ratios(full_ms, floor_ms), ".1f", "x empty", Goal(None, None)),
        Figure("the page", [each.page_bytes / 1000 for each in of_full], ".0f", "kB", Goal(None, None)),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=6, metavar="N", help="how often (default: 6)")
    add("--scrapes", type=int, default=20, metavar="N", help="in a row, each time (default: 20)")
    add("--rooms", type=int, default=ROOMS, metavar="N", help=f"of three people each (default: {ROOMS})")
    add("--settles", type=float, default=6.0, metavar="S", help="after all have arrived (default: 6)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("What does a scrape cost while many rooms are live?")
    print(machine.described(), flush=True)
    of_full, of_empty = asyncio.run(measure(options))
    print(f"\n{judged(recorded('scrapes', figures(options.rooms, of_full, of_empty)))}\n", flush=True)


if __name__ == "__main__":
    main()

"""Is the daemon after an hour as it was at its beginning?

`make soak`, or `python -m tests.benchmarks.soak --help`.

People in a handful of rooms come and go, incidents open and close, pages are read, metrics scraped, the configuration
read anew, all at a steady rate.  What the daemon remembers for a time, half an hour at most, fills first.  Then it is
looked at every ten seconds: memory, open files, threads, tasks, how soon posts are acknowledged, how long a scrape
takes, how late the loop is, how large the database and its log are.  What has grown in the end, beyond what is allowed,
makes the run fail.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import machine
from tests.benchmarks.figures import aligned
from tests.benchmarks.flatness import Bound, Course, course
from tests.benchmarks.soak_life import Life, going_on
from tests.benchmarks.vitals import MEGABYTE, Vitals

# SQLite's page caches fill within twelve minutes, people of rooms that ended go after ten, and sessions after 15 to 30.
FILLS_S = 1800.0
FILLS_RATIO = 0.5  # at most, of the time that it is looked at: who has a minute only wants to see that it runs
LOOK_EVERY_S = 10.0
SAID_EVERY_S = 300.0
FEWEST_LOOKS = 12


class Look(NamedTuple):
    """The daemon at one moment, and how quick it was since the moment before."""

    at_s: float
    vitals: Vitals
    ack_p99_ms: float
    scrape_ms: float


class Watched(NamedTuple):
    """A figure that is looked at: how it is got and written, and what it may become; None: whatever it likes."""

    name: str
    of: Callable[[Look], float]
    form: str
    bound: Bound | None


MEGABYTES = ",.1f"
WATCHED = (
    Watched(
        "memory (RSS), MB",
        lambda look: look.vitals.rss_bytes / MEGABYTE,
        MEGABYTES,
        # 130 rooms and 1,200 recordings an hour add, by their sizes, about a MB, until 10,000 of each are known; the
        # rest allowed is for the allocator.  A thousand people come and go meanwhile: a leak of 100 bytes for each
        # would be a tenth of a MB, which is not to be told from that.  Tables are counted instead, one entry for each
        # tenth person is seen by tests/integration/test_who_left_is_forgotten.py.
        Bound(times=1.05, plus=3.0, per_h=6.0),
    ),
    Watched("connections", lambda look: look.vitals.connections, ",.0f", None),
    Watched("open files beside them", lambda look: look.vitals.open_files, ",.0f", Bound(times=1.1, plus=4.0)),
    Watched("threads", lambda look: look.vitals.threads, ",.0f", Bound(times=1.0, plus=1.0)),
    Watched("tasks beside them", lambda look: look.vitals.tasks, ",.0f", Bound(times=1.1, plus=4.0)),
    Watched("post acknowledged, p99 of 10 s, ms", lambda look: look.ack_p99_ms, ",.1f", Bound(times=1.5, plus=20.0)),
    Watched("scrape, median, ms", lambda look: look.scrape_ms, ",.1f", Bound(times=1.5, plus=10.0)),
    Watched("loop late, at worst, ms", lambda look: look.vitals.loop_lag_ms, ",.1f", Bound(times=1.5, plus=50.0)),
    Watched("write-ahead log, MB", lambda look: look.vitals.wal_bytes / MEGABYTE, MEGABYTES, Bound(1.5, 4.0)),
    Watched("database, MB", lambda look: look.vitals.database_bytes / MEGABYTE, MEGABYTES, None),
)


async def soak(minutes: float, rooms: int, churn: float, say: Callable[[str], None]) -> tuple[list[Look], Life]:
    """Let a daemon fill and run for so long; return how it was each time it was looked at from then on."""
    looks: list[Look] = []
    begins_s = time.monotonic() + fills_s(minutes)
    ends_s = begins_s + minutes * 60
    every_s = min(LOOK_EVERY_S, minutes * 60 / FEWEST_LOOKS)
    with tempfile.TemporaryDirectory(prefix="roomwatch-soak-", ignore_cleanup_errors=True) as folder:
        async with going_on(Path(folder), rooms, churn) as life:
            while time.monotonic() < ends_s or len(looks) < FEWEST_LOOKS:
                await asyncio.sleep(every_s)
                look = Look(time.monotonic(), *life.look())
                if look.at_s >= begins_s:
                    looks.append(look)
                say(progress(look, ends_s - time.monotonic()))
    return looks, life


def fills_s(minutes: float) -> float:
    """Return how long a daemon that is looked at for so long is left alone before."""
    return min(FILLS_S, minutes * 60 * FILLS_RATIO)


def progress(look: Look, left_s: float) -> str:
    """Return how it is going."""
    return (
        f"{max(0.0, left_s) / 60:5.1f} min to go   {look.vitals.rss_bytes / MEGABYTE:6.1f} MB   "
        f"{look.vitals.open_files:.0f} files   {look.vitals.tasks:.0f} tasks   p99 {look.ack_p99_ms:.1f} ms   "
        f"scrape {look.scrape_ms:.1f} ms   loop late {look.vitals.loop_lag_ms:.0f} ms"
    )


def courses(looks: Sequence[Look]) -> Mapping[Watched, Course]:
    """Return what became of each figure."""
    anything = Bound(float("inf"), 0.0)
    return {each: course([(look.at_s, each.of(look)) for look in looks], each.bound or anything) for each in WATCHED}


def table(found: Mapping[Watched, Course]) -> str:
    """Return what became of each figure, beside what was allowed."""
    rows = [("figure", "first third", "last third", "an hour adds", "allowed", "verdict")]
    for each, became in found.items():
        numbers = (f"{became.first:{each.form}}", f"{became.last:{each.form}}", f"{became.per_h:+{each.form}}")
        verdict = "-" if each.bound is None else "flat" if became.is_flat else "GROWS"
        rows.append((each.name, *numbers, _allowed(each.bound), verdict))
    return aligned(rows)


def _allowed(bound: Bound | None) -> str:
    if bound is None:
        return "-"
    per_h = "" if bound.per_h is None else f", {bound.per_h:+g} an hour"
    return f"x {bound.times:g} + {bound.plus:g}{per_h}"


class _Said:
    """How it is going, over itself on a terminal, and now and then in a file."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def __call__(self, line: str) -> None:
        if sys.stdout.isatty():
            print(f"\r\x1b[K{line}", end="", flush=True)
        elif time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + SAID_EVERY_S
            print(line, flush=True)


def main() -> int:
    """Soak it, and print what became of it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--minutes", type=float, default=60.0, metavar="N", help="for how long, once it has filled (default: 60)")
    add("--rooms", type=int, default=6, metavar="N", help="with four people each (default: 6)")
    add("--churn", type=float, default=1.0, metavar="N", help="who come and go N times as fast (default: 1)")
    options = parser.parse_args()
    fills_min = fills_s(options.minutes) / 60
    print("Is the daemon in the end as it was in the beginning?")
    print(f"{options.minutes:g} minutes, after {fills_min:g} in which it fills; {options.rooms} rooms.")
    print(machine.described(), flush=True)
    looks, life = asyncio.run(soak(options.minutes, options.rooms, options.churn, _Said()))
    found = courses(looks)
    print(f"\n{table(found)}\n")
    print(", ".join(f"{count:,} x {what}" for what, count in sorted(life.done.items())))
    for what, count in life.unexpected.items():
        print(f"UNEXPECTED {what}, {count:,} times")
    is_flat = all(became.is_flat for became in found.values()) and not life.unexpected
    print("flat" if is_flat else "NOT FLAT")
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())

"""Is everybody paged once about everything, though whoever pages them is killed a thousand times?

`python -m tests.benchmarks.kills --help`.

The daemon is killed at random moments while connections go bad and well again, its configuration is read anew, the same
or another one with other routes and rules, and receivers answer 500 or 429, hang or hang up.  A PagerDuty counts the
incidents that this opens and closes and enforces its limit.  Beside it, where one is installed, a real Alertmanager is
put through the same: the same people, kills, reloads and moods of its receiver, drawn from the same seed.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tests.benchmarks.figures import aligned
from tests.crash import killed_alertmanager
from tests.crash.killed_alertmanager import KilledAlertmanager
from tests.crash.killed_daemon import KilledDaemon, Record, read_record
from tests.crash.moods import Mood
from tests.crash.moody_pager import Incidents, MoodyPager
from tests.crash.ordeal import Ordeal

#: PagerDuty takes 120 in a minute; time runs about ten times as fast here.
EVENTS_PER_MINUTE = 1_200


@dataclass(frozen=True)
class Outcome:
    """What came of an ordeal; what cannot be known of somebody is None."""

    kills: int
    reloads: int
    changes: int
    episodes: int
    incidents: int
    never_told: int
    unexplained: int | None
    open_at_the_end: int
    opened_twice: int
    told_again: int
    out_of_order: int | None
    not_one_incident: int | None
    unsettled: int | None
    limits_met: int
    beyond_limit: int | None

    @property
    def broken(self) -> Mapping[str, int]:
        """What was promised and not kept."""
        promised = ("unexplained", "open_at_the_end", "opened_twice", "out_of_order", "not_one_incident")
        kept = {name: getattr(self, name) for name in (*promised, "unsettled", "beyond_limit")}
        return {name: count for name, count in kept.items() if count}

    def __add__(self, other: "Outcome") -> "Outcome":
        """Return the sum of two."""
        both = {each.name: (getattr(self, each.name), getattr(other, each.name)) for each in fields(self)}
        return replace(self, **{name: one + two for name, (one, two) in both.items() if one is not None})


LABELS = {
    "kills": "kills",
    "reloads": "reloads",
    "changes": "  of those with another configuration",
    "episodes": "connections that went bad",
    "incidents": "incidents opened at the receiver",
    "never_told": "never told: over before the receiver heard",
    "unexplained": "  of those without a reason on record",
    "open_at_the_end": "left open: the end was never told",
    "opened_twice": "opened twice under one key",
    "told_again": "told again though it had been accepted",
    "out_of_order": "end before its beginning, or beginning after",
    "not_one_incident": "episodes seen that are not one incident",
    "unsettled": "words still owed, or given up",
    "limits_met": "429 by mood of the receiver",
    "beyond_limit": "429 for more than 1,200 events a minute",
}


async def ours(seed: int, kills: int, folder: Path) -> Outcome:
    """Put the daemon through it."""
    ordeal, pager = Ordeal(seed, kills), MoodyPager(seed, EVENTS_PER_MINUTE)
    async with pager.served() as address, KilledDaemon(folder, pager, address, EVENTS_PER_MINUTE) as daemon:
        await ordeal.put_through(daemon)
    record, hook = read_record(daemon.database, "pager"), read_record(daemon.database, "hook")
    told, heard = _told(pager.pager), pager.pager
    never = set(ordeal.entities) - told
    return _outcome(
        ordeal,
        pager,
        heard,
        unexplained=len(never) - _explained(never, record, len(ordeal.entities)),
        open_at_the_end=len(heard.open) + len(pager.hook.open),
        out_of_order=_out_of_order(heard, record) + _out_of_order(pager.hook, hook),
        not_one_incident=_differing(record.began, record.triggered),
        unsettled=record.unsettled + hook.unsettled,
        beyond_limit=pager.beyond_limit,
    )


async def theirs(seed: int, kills: int, folder: Path) -> Outcome:
    """Put an Alertmanager through it."""
    ordeal, pager = Ordeal(seed, kills), MoodyPager(seed, sys.maxsize)
    async with pager.served() as address, KilledAlertmanager(folder, pager, address) as alertmanager:
        await ordeal.put_through(alertmanager)
    return _outcome(ordeal, pager, pager.alertmanager, open_at_the_end=len(pager.alertmanager.open))


def _outcome(
    ordeal: Ordeal, pager: MoodyPager, heard: Incidents, *, open_at_the_end: int, **known: int | None
) -> Outcome:
    return Outcome(
        kills=ordeal.suffered.kills,
        reloads=ordeal.suffered.reloads,
        changes=ordeal.suffered.changes,
        episodes=len(ordeal.entities),
        incidents=len(heard.opened),
        never_told=len(set(ordeal.entities) - _told(heard)),
        unexplained=known.get("unexplained"),
        open_at_the_end=open_at_the_end,
        opened_twice=heard.opened_twice,
        told_again=heard.told_again,
        out_of_order=known.get("out_of_order"),
        not_one_incident=known.get("not_one_incident"),
        unsettled=known.get("unsettled"),
        limits_met=pager.moods_met[Mood.LIMITS],
        beyond_limit=known.get("beyond_limit"),
    )


def _told(heard: Incidents) -> set[str]:
    """Return the entities that a receiver opened something for; ours are named with their room."""
    return {entity.rpartition("/")[2] for entity in heard.entities.values()}


def _explained(never: set[str], record: Record, episodes: int) -> int:
    """Return how many of those never told of were over before the daemon saw them, or before anybody heard."""
    unseen = episodes - record.began.total()
    return min(len(never), unseen + len(record.cancelled) + len(record.maybe_heard))


def _out_of_order(heard: Incidents, record: Record) -> int:
    """Return how many ends came of what cannot have been heard; what begins after its end is opened twice."""
    return len(heard.closed & record.unheard)


def _differing(one: Counter[str], other: Counter[str]) -> int:
    return sum(one[key] != other[key] for key in one.keys() | other.keys())


async def side_by_side(seed: int, kills: int, folder: Path) -> tuple[Outcome, Outcome | None]:
    """Put both through it at the same time, on one machine."""
    folders = [folder / f"{name}-{seed}" for name in ("roomwatch", "alertmanager")]
    for each in folders:
        each.mkdir()
    if not killed_alertmanager.is_installed():
        return await ours(seed, kills, folders[0]), None
    return await asyncio.gather(ours(seed, kills, folders[0]), theirs(seed, kills, folders[1]))


async def measure(kills: int, at_once: int, first_seed: int) -> list[Outcome]:
    """Return what came of as many ordeals at once as there are seeds, summed: ours, and an Alertmanager's."""
    share = -(-kills // at_once)
    with tempfile.TemporaryDirectory(prefix="roomwatch-kills-", ignore_cleanup_errors=True) as folder:
        seeds = range(first_seed, first_seed + at_once)
        pairs = await asyncio.gather(*(side_by_side(seed, share, Path(folder)) for seed in seeds))
    sums: list[Outcome] = []
    for column in zip(*pairs, strict=True):
        known = [outcome for outcome in column if outcome is not None]
        if known:
            sums.append(sum(known[1:], start=known[0]))
    return sums


def table(columns: list[Outcome]) -> str:
    """Return what came of it, side by side."""
    heads = ("Roomwatch", "Alertmanager")[: len(columns)]
    rows = [("", *heads)]
    for name, label in LABELS.items():
        counts = [getattr(each, name) for each in columns]
        rows.append((label, *("-" if count is None else f"{count:,}" for count in counts)))
    return aligned(rows)


def main() -> int:
    """Put them through it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="of each, in all (default: 200)")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="ordeals side by side (default: 2)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first ordeal (default: 1)")
    options = parser.parse_args()
    columns = asyncio.run(measure(options.kills, options.at_once, options.seed))
    print(table(columns))
    return 1 if columns[0].broken else 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that stores samples and settles, merges and drops them as fast as it can, until it is killed.

`python -m tests.crash.settler DATABASE FIRST` posts number FIRST and those after it, and prints how far it has got.
What each post holds follows from its number, so whoever looks afterwards knows what there has to be.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from collectors.observations import Direction, MediaStats, NetworkQuality, TelemetryBatch
from monitor.store.keeping import Keeping
from monitor.store.ports import Entry, Store
from monitor.store.sqlite import SqliteStore
from tests.builders import NOW_MS, batch
from tests.stored import as_told

PEOPLE = 5
AT_ONCE = 10
OLD_MS = 90 * 86_400_000  # of every ten posts one tells of a time so long ago, which nobody keeps
KEEPING = Keeping(raw_days=30, rollups_days=60)


def who(number: int) -> str:
    """Return who sent a post."""
    return f"PA{number % PEOPLE:032x}"


def is_old(number: int) -> bool:
    """Whether a post tells of what is not to be kept."""
    return number % 10 == PEOPLE * 2 - 1


def post(number: int) -> TelemetryBatch:
    """Return a post by its number."""
    at_ms = NOW_MS + number * 1_000 - (OLD_MS if is_old(number) else 0)
    seen = [
        MediaStats(
            at_ms + n, 1_000, float(number % 500), Direction(jitter_ms=float(n)), Direction(bitrate_bps=100.0 * number)
        )
        for n in range(3)
    ]
    reporter = f"PA{number % PEOPLE + 100:032x}" if is_old(number) else who(number)
    return batch(*seen, NetworkQuality(at_ms, number % 6), reporter=reporter, session="s", seq=number)


def expected(upto: int, person: str) -> Iterator[MediaStats | NetworkQuality]:
    """Return what there has to be of a person, once every post before `upto` is stored and the old are dropped."""
    posts = [post(number) for number in range(upto) if who(number) == person and not is_old(number)]
    for kind in (MediaStats, NetworkQuality):
        yield from (seen for each in posts for seen in each.observations if isinstance(seen, kind))


async def tidy(store: Store, now_ms: int) -> None:
    """Do everything once that is done in the background."""
    await store.samples.settle(now_ms, 0, as_told)
    await store.samples.merge(now_ms + 1)
    await store.retain(now_ms, KEEPING)


async def live(database: Path, number: int) -> None:
    """Store and settle for ever."""
    store = await SqliteStore.open(database)
    while True:
        ids = await store.log.append([Entry(post(n)) for n in range(number, number + AT_ONCE)], NOW_MS)
        number += AT_ONCE
        print(number, flush=True)  # noqa: T201  # whoever kills it listens
        if fresh := [log_id for log_id in ids if log_id is not None]:
            await store.picture.save([], fresh[-1])
        now_ms = NOW_MS + number * 1_000
        await store.samples.settle(now_ms, 0, as_told)
        if number % (3 * AT_ONCE) == 0:
            await tidy(store, now_ms)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), int(sys.argv[2])))

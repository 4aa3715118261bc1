"""Is every sample there once, however often whoever settles, merges and drops them is killed?"""

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.history.answers import Selection
from monitor.store.sqlite import SqliteStore
from tests.builders import NOW_MS, ROOM
from tests.crash.settler import AT_ONCE, PEOPLE, expected, is_old, tidy, who
from tests.stored import as_told, lines

pytestmark = pytest.mark.crash

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
KILLS = int(os.environ.get("ROOMWATCH_KILLS", "6"))
LONGEST_LIFE_S = 0.4


async def lived(database: Path, first: int, chance: random.Random) -> int:
    """Let somebody settle from a post on and kill them; return before which post all are acknowledged."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.settler", str(database), str(first), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    told = [await asyncio.wait_for(process.stdout.readline(), 60)]
    await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S))
    process.kill()
    told += (await process.stdout.read()).split()
    assert await process.wait() < 0, "it should have lived until it was killed"
    return int(told[-1])


class Wreck(NamedTuple):
    """What is there after a death: the samples of each person, and how many were added up."""

    samples: dict[str, list[object]]
    added_up: int


async def found(database: Path, *, is_tidied: bool) -> Wreck:
    store = await SqliteStore.open(database)
    try:
        if is_tidied:
            await catch_up(store)
            await tidy(store, NOW_MS + 10**9)
        there = await lines(store, ROOM)
        samples = {line.series.participant: list(line.samples.observations()) for line in there}
        selection = Selection("room", NOW_MS - HOUR_MS, NOW_MS + DAY_MS)
        (whole,) = await store.rollups.percentiles(selection, "rtt_ms", [0.5], as_told)
        return Wreck(samples, whole.samples)
    finally:
        await store.close()


async def catch_up(store: SqliteStore) -> None:
    """Save the picture as far as the log goes, as whoever starts again does: nothing beyond it is dropped."""
    through = (await store.picture.load()).through
    while entries := await store.log.since(through, 1_000):
        through = entries[-1][0]
    await store.picture.save([], through)


def added_up(upto: int) -> int:
    """Return how many round trips there have to be, once every post before `upto` is stored."""
    return sum(3 for number in range(upto) if not is_old(number))


def assert_whole(wreck: Wreck, upto: int) -> None:
    """See that everything before `upto` is there once; what was under way is there, too, or not at all."""
    tails = {upto, upto + AT_ONCE}
    for person in (who(number) for number in range(PEOPLE)):
        assert wreck.samples[person] in [list(expected(end, person)) for end in tails]
    assert wreck.added_up in [added_up(end) for end in tails]


async def test_every_sample_is_there_once_and_what_is_too_old_is_not(tmp_path: Path) -> None:
    database, chance, upto = tmp_path / "roomwatch.db", random.Random(26), 0
    for _ in range(KILLS):
        upto = await lived(database, upto, chance)
        assert_whole(await found(database, is_tidied=False), upto)
    upto = await lived(database, upto, chance)
    wreck = await found(database, is_tidied=True)
    assert_whole(wreck, upto)
    assert set(wreck.samples) == {who(number) for number in range(PEOPLE)}, "what is too old is still there"
    assert upto > KILLS * AT_ONCE

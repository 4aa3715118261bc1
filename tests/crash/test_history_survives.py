"""Is every sample there once, however often whoever settles, merges and drops them is killed?"""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from monitor.store.sqlite import SqliteStore
from tests.builders import NOW_MS, ROOM
from tests.crash.settler import AT_ONCE, PEOPLE, expected, tidy, who
from tests.stored import lines

pytestmark = pytest.mark.crash

KILLS = int(os.environ.get("ROOMWATCH_KILLS", "12"))
LONGEST_LIFE_S = 0.4


async def lived(database: Path, first: int, chance: random.Random) -> int:
    """Let somebody settle from a post on and kill them; return before which post all are acknowledged."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.settler", str(database), str(first), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    told = [await asyncio.wait_for(process.stdout.readline(), 30)]
    await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S))
    process.kill()
    told += (await process.stdout.read()).split()
    assert await process.wait() < 0, "it should have lived until it was killed"
    return int(told[-1])


async def found(database: Path, *, is_tidied: bool) -> dict[str, list[object]]:
    store = await SqliteStore.open(database)
    try:
        if is_tidied:
            await tidy(store, NOW_MS + 10**9)
        there = await lines(store, ROOM)
        return {line.series.participant: list(line.samples.observations()) for line in there}
    finally:
        await store.close()


async def test_every_sample_is_there_once_and_what_is_too_old_is_not(tmp_path: Path) -> None:
    database, chance, upto = tmp_path / "roomwatch.db", random.Random(26), 0
    people = [who(number) for number in range(PEOPLE)]
    for _ in range(KILLS):
        upto = await lived(database, upto, chance)
        there = await found(database, is_tidied=False)
        for person in people:
            # What was under way when it died may be stored, all of it or nothing.
            assert there[person] in (list(expected(upto, person)), list(expected(upto + AT_ONCE, person)))
    upto = await lived(database, upto, chance)
    there = await found(database, is_tidied=True)
    assert set(there) == set(people), "what is too old is gone"
    for person in people:
        assert there[person] in (list(expected(upto, person)), list(expected(upto + AT_ONCE, person)))
    assert upto > KILLS * AT_ONCE

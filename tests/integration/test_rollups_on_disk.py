"""Is every sample in the rollups once, whatever was broken off?"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from collectors.observations import MediaStats, TelemetryBatch
from monitor.history.answers import Selection
from monitor.history.rollups import HOUR_MS
from monitor.store.ports import Entry, Place, Resolved
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, NOW_MS, batch
from tests.stored import as_told

HOUR = NOW_MS // HOUR_MS * HOUR_MS
_numbers = count(1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "roomwatch.db")
    yield opened
    await opened.close()


async def append(store: SqliteStore, *minutes: int, reporter: str = ALICE) -> None:
    media = [MediaStats(HOUR + minute * 60_000, rtt_ms=minute + 1) for minute in minutes]
    post: TelemetryBatch = batch(*media, session="s", seq=next(_numbers), reporter=reporter)
    (log_id,) = await store.log.append([Entry(post)], NOW_MS)
    await store.picture.save([], log_id or 0)


def counted(path: Path) -> tuple[list[int], list[int]]:
    """Return the samples in chunks, and in the rollups of each scope."""
    with closing(sqlite3.connect(path)) as file:
        chunks = file.execute("SELECT sum(samples) FROM chunks WHERE id <= (SELECT last_chunk FROM checkpoint)")
        rollups = file.execute(
            "SELECT sum(samples) FROM rollups WHERE id <= (SELECT last_rollup FROM checkpoint) GROUP BY scope"
        )
        return [row[0] for row in chunks], sorted({row[0] for row in rollups})


async def asked(store: SqliteStore) -> int:
    span = Selection("room", HOUR, HOUR + 200 * HOUR_MS)
    return sum(each.samples for each in await store.rollups.percentiles(span, "rtt_ms", (0.5,), as_told))


async def test_a_settling_that_was_broken_off_leaves_nothing_twice(store: SqliteStore, tmp_path: Path) -> None:
    await append(store, 0, 1, 2)
    await append(store, 3, 4, reporter=BOB)
    with closing(sqlite3.connect(tmp_path / "roomwatch.db")) as file, file:  # as if it had been killed before the end
        for row_id in (1, 2):
            file.execute("INSERT INTO rollups VALUES (?, 'room', 'RM', ?, 3, 0, x'', x'')", (row_id, HOUR))
    assert await asked(store) == 5
    await store.samples.settle(NOW_MS, 0, as_told)
    assert counted(tmp_path / "roomwatch.db") == ([5], [5])
    assert await asked(store) == 5


async def test_merging_and_adding_up_anew_change_no_count(store: SqliteStore, tmp_path: Path) -> None:
    for hour in range(4):
        await append(store, *range(hour * 50, hour * 50 + 50))
        await store.samples.settle(NOW_MS, 0, as_told)
        await store.samples.merge(HOUR + (hour % 2) * 300 * HOUR_MS)
    assert counted(tmp_path / "roomwatch.db") == ([200], [200])
    assert await store.rollups.rebuild(HOUR, HOUR + 2 * HOUR_MS) == 120
    assert await store.rollups.rebuild(HOUR, HOUR + 4 * HOUR_MS) == 200
    await store.samples.merge(HOUR + 300 * HOUR_MS)
    assert counted(tmp_path / "roomwatch.db") == ([200], [200])
    with closing(sqlite3.connect(tmp_path / "roomwatch.db")) as file, file:
        assert file.execute("SELECT count(*), min(is_merged) FROM rollups WHERE scope = 'room'").fetchall() == [(4, 1)]
    assert await asked(store) == 200


async def test_who_asks_while_samples_move_sees_each_once(store: SqliteStore) -> None:
    async def settle() -> None:
        for minute in range(0, 200, 10):
            await append(store, *range(minute, minute + 10))
            await store.samples.settle(NOW_MS, 0, as_told)
            await store.samples.merge(HOUR + 300 * HOUR_MS)

    settling = asyncio.create_task(settle())
    seen = []
    while not settling.done():
        seen.append(await asked(store))
        await asyncio.sleep(0)
    await settling
    assert seen == sorted(seen)
    assert all(found % 10 == 0 for found in seen)
    assert await asked(store) == 200


async def test_a_name_that_became_a_sid_is_not_asked_for_twice(store: SqliteStore) -> None:
    def resolve(place: Place, at_ms: int) -> Resolved:
        return Resolved(place._replace(participant=ALICE))

    await append(store, 0)
    span = Selection("room", HOUR, HOUR + HOUR_MS)
    (before,) = await store.rollups.attendance(span, resolve)
    await store.samples.settle(NOW_MS, 0, resolve)
    assert await store.rollups.attendance(span, resolve) == [before]

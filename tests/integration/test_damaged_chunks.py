"""A chunk that cannot be read any more costs its own samples, and nothing else."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from collectors.observations import MediaStats
from monitor.history.answers import Selection
from monitor.store.ports import Entry, Wanted
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch
from tests.stored import EVER_MS, as_told, lines

DAY_MS = 86_400_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Three chunks of alice's and one of bob's; the second of hers is damaged."""
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    for number in range(3):
        posts = [
            batch(MediaStats(NOW_MS + number, rtt_ms=float(number)), reporter=who, session=who, seq=number)
            for who in ((ALICE, BOB) if number == 0 else (ALICE,))
        ]
        ids = await store.log.append([Entry(post) for post in posts], NOW_MS)
        await store.picture.save([], ids[-1] or 0)
        await store.samples.settle(NOW_MS, 0, as_told)
    with closing(sqlite3.connect(tmp_path / "roomwatch.db")) as connection, connection:
        connection.execute("UPDATE chunks SET body = X'00' WHERE from_ms = ?", (NOW_MS + 1,))
    yield store
    await store.close()


async def told(store: SqliteStore) -> dict[str, list[float | None]]:
    return {
        line.series.participant: [each.rtt_ms for each in line.samples.media_stats()]
        for line in await lines(store, ROOM)
    }


async def test_all_others_are_found_and_the_log_says_whose_is_lost(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    assert await told(store) == {ALICE: [0, 2], BOB: [0]}
    assert f"samples of {ALICE} in {ROOM} are lost" in caplog.text


async def test_it_is_left_where_it_is_when_chunks_are_put_together(store: SqliteStore) -> None:
    assert await store.samples.merge(NOW_MS + DAY_MS) == 2
    assert await told(store) == {ALICE: [0, 2], BOB: [0]}
    ((damaged,),) = await store._database.read("SELECT COUNT(*) FROM chunks WHERE body = X'00'")
    assert damaged == 1, "what somebody may still be able to mend was thrown away"


async def test_who_is_erased_takes_with_them_what_nobody_can_read(store: SqliteStore) -> None:
    erased = await store.erase({"somebody else"})
    assert erased.rows == {"chunks of others": 1}
    assert await told(store) == {ALICE: [0, 2], BOB: [0]}


async def test_whatever_reads_many_reads_on(store: SqliteStore) -> None:
    found = [line async for line in store.samples.lines(Wanted(0, EVER_MS), as_told)]
    assert sorted(line.series.participant for line in found) == [ALICE, BOB]
    values = [each async for some in store.samples.values("rtt_ms", 0, EVER_MS, as_told) for each in some.values]
    assert sorted(values) == [0, 0, 2]
    hour_ms = NOW_MS // 3_600_000 * 3_600_000
    assert await store.rollups.rebuild(hour_ms, hour_ms + 3_600_000) == 3
    whole = await store.rollups.percentiles(Selection("room", hour_ms, hour_ms + 1), "rtt_ms", [1.0], as_told)
    assert [each.samples for each in whole] == [3]

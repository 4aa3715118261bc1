"""Does the file become smaller when much of it was dropped, and does nobody wait for that?"""

import asyncio
import os
import time
from pathlib import Path
from statistics import median

from monitor.store.database import Database
from monitor.store.keeping import Keeping
from monitor.store.ports import Entry
from monitor.store.retention import drop
from monitor.store.shrinking import KEPT_FREE_PAGES, SLICE_PAGES, give_back
from monitor.store.sqlite import SqliteStore
from tests.builders import NOW_MS, batch, level

DAY_MS = 86_400_000
PAGE_BYTES = 16_384


async def filled(path: Path, pages: int) -> Database:
    """Return a database with so many pages of something in it."""
    database = await Database.open(path)
    bodies = [(f"x{number}", os.urandom(50 * PAGE_BYTES)) for number in range(pages // 50)]
    await database.write(lambda writer: writer.executemany("INSERT INTO alerts VALUES (?, ?)", bodies).rowcount)
    return database


async def test_what_is_free_beyond_a_tenth_goes_back_to_the_disk(tmp_path: Path) -> None:
    database = await filled(tmp_path / "roomwatch.db", 2 * KEPT_FREE_PAGES)
    try:
        await database.write(lambda writer: writer.execute("DELETE FROM alerts").rowcount)
        before = await database.size()
        given = await give_back(database)
        assert given >= KEPT_FREE_PAGES - 100
        after = await database.size()
        assert before.free_bytes - after.free_bytes == given * PAGE_BYTES
        assert after.free_bytes == KEPT_FREE_PAGES * PAGE_BYTES
        assert await give_back(database) == 0
    finally:
        await database.close()
    assert (tmp_path / "roomwatch.db").stat().st_size <= (KEPT_FREE_PAGES + 200) * PAGE_BYTES


async def test_who_writes_meanwhile_waits_for_one_slice_only(tmp_path: Path) -> None:
    database = await filled(tmp_path / "roomwatch.db", 2 * KEPT_FREE_PAGES)
    waited_s: list[float] = []
    try:
        await database.write(lambda writer: writer.execute("DELETE FROM alerts").rowcount)
        giving = asyncio.create_task(give_back(database))
        while not giving.done():
            began_s = time.perf_counter()
            await database.write(lambda writer: writer.execute("DELETE FROM login_sessions").rowcount)
            waited_s.append(time.perf_counter() - began_s)
        assert await giving > SLICE_PAGES
    finally:
        await database.close()
    assert len(waited_s) >= KEPT_FREE_PAGES / SLICE_PAGES - 1, "it had to wait for several slices at once"
    assert median(waited_s) < sum(waited_s) / 4


async def test_who_writes_while_large_rows_are_dropped_waits_for_one_slice_only(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "roomwatch.db")
    rows = [(number, 1, NOW_MS, os.urandom(40_000)) for number in range(1, 2_001)]
    waited_s: list[float] = []
    try:
        await database.write(lambda writer: writer.executemany("INSERT INTO ingest_log VALUES (?, ?, ?, ?)", rows))
        await database.write(lambda writer: writer.execute("UPDATE checkpoint SET through = 2000"))
        dropping = asyncio.create_task(drop(database, Keeping().bounds_ms(NOW_MS + 31 * DAY_MS)))
        while not dropping.done():
            began_s = time.perf_counter()
            await database.write(lambda writer: writer.execute("DELETE FROM login_sessions").rowcount)
            waited_s.append(time.perf_counter() - began_s)
        assert (await dropping)["raw"] == 2_000
    finally:
        await database.close()
    assert len(waited_s) >= 4, "it had to wait for most of them at once"
    assert median(waited_s) < sum(waited_s) / 2


async def test_retention_gives_back_what_it_dropped(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    try:
        for seq in range(3):
            await store.log.append([Entry(batch(level(seq), session="s", seq=seq))], NOW_MS)
        await store.picture.save([], 3)
        assert (await store.retain(NOW_MS + 31 * DAY_MS, Keeping()))["raw"] > 0
        assert await store.log.since(0, 10) == []
        size = await store.size()
        assert 0 <= size.free_bytes <= KEPT_FREE_PAGES * PAGE_BYTES
    finally:
        await store.close()

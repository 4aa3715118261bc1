"""A page of the file that goes bad under a daemon that runs is met, counted and told of."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collectors.observations import MediaStats
from monitor.store.database import Database
from monitor.store.ports import Entry, StoreFailed
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, NOW_MS, ROOM, batch
from tests.conftest import Running, Start
from tests.stored import as_told, lines

DAMAGED = "roomwatch_store_damages_total"


async def fill(store: SqliteStore) -> None:
    """Keep samples of alice's as a chunk."""
    ids = await store.log.append([Entry(batch(MediaStats(NOW_MS, rtt_ms=1.0), reporter=ALICE))], NOW_MS)
    await store.picture.save([], ids[-1] or 0)
    await store.samples.settle(NOW_MS, 0, as_told)


async def damage(database: Database, table: str) -> None:
    """Write over the first page of a table, where the disk has it."""
    await database.alone(lambda writer: writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    await asyncio.to_thread(_write_over, database.path, table)


def _write_over(file: Path, table: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
        ((page_bytes,),) = connection.execute("PRAGMA page_size")
    with file.open("r+b") as written:
        written.seek((page - 1) * page_bytes)
        written.write(b"\xff" * page_bytes)


async def test_whoever_meets_a_damaged_page_is_refused_and_it_is_said_once_how_to_get_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    try:
        await fill(store)
        assert await lines(store, ROOM)
        await damage(store._database, "chunks")
        for _ in range(3):
            with pytest.raises(StoreFailed, match="malformed; `roomwatch doctor` says how bad it is"):
                await lines(store, ROOM)
        assert (await store.size()).damages >= 3
        assert len([each for each in caplog.messages if "the database roomwatch.db is damaged" in each]) == 1
        await store.log.append([Entry(batch(MediaStats(NOW_MS, rtt_ms=2.0), session="t", seq=1))], NOW_MS)
    finally:
        await store.close()


async def test_what_nobody_reads_is_looked_over_and_what_is_sound_stays_untold(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    try:
        await fill(store)
        await store.look_for_damage(30.0)
        assert (await store.size()).damages == 0
        await damage(store._database, "silences")
        await store.look_for_damage(30.0)
        assert (await store.size()).damages >= 1
    finally:
        await store.close()


async def test_a_look_that_takes_too_long_is_broken_off_and_is_no_damage(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    try:
        await store._database.write(
            lambda writer: (
                writer.execute(
                    "INSERT INTO secrets (name, value) WITH RECURSIVE many(n) AS"
                    " (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 200000)"
                    " SELECT 'n' || n, zeroblob(100) FROM many"
                ).rowcount
            )
        )
        await store.look_for_damage(0.0)
        assert (await store.size()).damages == 0
    finally:
        await store.close()


async def firing(running: Running) -> set[str]:
    return {alert.rule for alert in running.daemon.evaluation.engine.alerts}


async def test_a_daemon_under_which_a_page_goes_bad_calls_somebody_and_goes_on(start: Start, tmp_path: Path) -> None:
    running = await start(storage={"path": str(tmp_path / "roomwatch.db")})
    store = running.daemon.store
    assert isinstance(store, SqliteStore)
    await fill(store)
    await damage(store._database, "chunks")
    with pytest.raises(StoreFailed):
        await lines(store, ROOM)
    await running.daemon.rounds.go()
    async with asyncio.timeout(60):
        while "DatabaseDamaged" not in await firing(running):
            await asyncio.sleep(0.05)
    async with running.http.get(f"{running.private}/metrics") as answer:
        shown = [line for line in (await answer.text()).splitlines() if line.startswith(DAMAGED)]
    assert [float(line.split()[-1]) >= 1 for line in shown] == [True]

"""Stalls of a real event loop, of a real process that is stopped, and of a real writing thread."""

import asyncio
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.stalls.judgement import STALL_S, Cause
from monitor.stalls.loop_watch import LoopWatch, Stall
from monitor.stalls.writer_watch import LONG_S, WriterWatch
from monitor.store.ports import Writing
from monitor.store.sqlite import SqliteStore
from tests.daemon_process import environment

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


async def stalls_of(keep: Callable[[float], None], seconds: float) -> list[Stall]:
    """Keep the loop for some time, and return what was seen of it."""
    seen: list[Stall] = []
    with LoopWatch(on_stall=seen.append):
        await asyncio.sleep(0.1)
        keep(seconds)
        async with asyncio.timeout(PATIENCE_S):
            while not any(stall.lasted_s >= seconds * 0.8 for stall in seen):
                await asyncio.sleep(0.01)
    return seen


def keep_by_sleep(seconds: float) -> None:
    time.sleep(seconds)


def keep_by_reckoning(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@pytest.mark.parametrize("keep", [keep_by_sleep, keep_by_reckoning])
async def test_a_stall_is_told_once_with_the_line_that_keeps_the_loop(
    keep: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    stalls = await stalls_of(keep, 0.8)
    kept = [stall for stall in stalls if any(keep.__name__ in place for place in stall.stack)]
    assert [stall.cause for stall in kept] == [Cause.BLOCKED]
    assert kept[0].lasted_s >= 0.7
    said = [record for record in caplog.records if keep.__name__ in record.getMessage()]
    assert [record.levelname for record in said] == ["WARNING"]
    assert "did not come round for " in said[0].getMessage()
    assert said[0].fields["event"] == "loop_stalled"  # type: ignore[attr-defined]


async def test_stalls_in_a_row_are_all_counted_and_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Stall] = []
    with LoopWatch(on_stall=seen.append):
        for _ in range(3):
            await asyncio.sleep(0.1)
            keep_by_sleep(STALL_S + 0.2)
        await asyncio.sleep(0.1)
    assert len(seen) >= 3
    assert len([record for record in caplog.records if "did not come round" in record.getMessage()]) == 1


async def test_a_loop_that_comes_round_is_not_told_of(caplog: pytest.LogCaptureFixture) -> None:
    beats: list[float] = []
    with caplog.at_level(logging.WARNING, logger="monitor.stalls"), LoopWatch(on_beat=beats.append):
        async with asyncio.timeout(PATIENCE_S):
            while len(beats) < 5:
                await asyncio.sleep(0.01)
    assert all(late_s >= 0 for late_s in beats)
    assert threading.active_count() < 20  # the thread that watched has ended


SLEEPY = """
import asyncio, sys
sys.path.insert(0, {root!r})
from monitor.stalls.loop_watch import LoopWatch

async def main():
    with LoopWatch(on_stall=lambda stall: print(stall.cause.value, round(stall.lasted_s, 1), flush=True)):
        print("watching", flush=True)
        while True:
            await asyncio.sleep(0.01)

asyncio.run(main())
"""


def test_a_process_that_was_stopped_blames_nobody() -> None:
    code = SLEEPY.format(root=str(ROOT))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "watching\n"
            time.sleep(0.3)
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(1.5)
            os.kill(process.pid, signal.SIGCONT)
            causes = []
            while not causes or causes[-1][1] < 1.0:  # a busy machine may be seen to freeze it before
                cause, lasted_s = process.stdout.readline().split()
                causes.append((cause, float(lasted_s)))
        finally:
            process.kill()
    assert causes[-1][0] == "frozen"


# --- the thread that writes ------------------------------------------------------------------------------


async def test_a_write_that_runs_is_seen_and_so_are_those_behind_it(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    begun, may_end = threading.Event(), threading.Event()

    def take_long(_: sqlite3.Connection) -> None:
        begun.set()
        may_end.wait(PATIENCE_S)

    database = store._database
    writes = [asyncio.create_task(database.write(take_long)) for _ in range(3)]
    try:
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        writing = store.writing
        assert writing.began_s is not None
        assert time.monotonic() >= writing.began_s
        assert writing.waiting == 2
    finally:
        may_end.set()
        await asyncio.gather(*writes)
    assert store.writing._replace(thread=0) == Writing()
    await store.close()


async def test_a_long_write_is_told_once_with_its_stack_and_once_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s, writing = 0.0, Writing(2, 0.0, threading.get_ident())
    watch = WriterWatch(lambda: writing, lambda: now_s)
    while now_s < LONG_S + 3:
        now_s += 1
        await watch.look()
    writing = Writing()
    now_s += 1
    await watch.look()
    first, last = (record.getMessage() for record in caplog.records)
    assert "2 wait for it" in first
    assert "test_stalls.py" in first
    assert last.startswith("the long write is over, after about 8 s")


async def test_a_write_that_slept_with_the_process_is_not_long(caplog: pytest.LogCaptureFixture) -> None:
    now_s = 0.0
    watch = WriterWatch(lambda: Writing(0, 0.5, 1), lambda: now_s)
    for gap_s in (1, 1, 600, 1):
        now_s += gap_s
        await watch.look()
    assert not caplog.records

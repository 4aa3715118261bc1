"""The daemon over a real file: what it keeps, what it does when the disk says no, and what a restart changes."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from alerts.model import Judgement, State
from monitor.http.server import Listener
from monitor.store.database import Database
from monitor.store.ports import StoreFailed
from monitor.store.schema import SchemaTooNew, newest
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, INGEST_KEY, NOW_MS, connection, level, packed, participant, post, quality
from tests.builders import batch as telemetry
from tests.conftest import Running, Start
from tests.stored import posts

HEADERS = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
AT_ONCE = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "summary": "{identity} is badly connected.",
}


class Receiver:
    """A pager that keeps what it hears, and can be out of order."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.heard: list[tuple[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        message = await request.json()
        if self.status == 200:
            self.heard.append((message["status"], request.headers["webhook-id"]))
        return web.Response(status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    pager = Receiver()
    door = await Listener.open("127.0.0.1", 0, [web.post("/", pager.take)])
    pager.url = f"http://127.0.0.1:{door.port}/"
    yield pager
    await door.close()


def lasting(folder: Path, receiver: Receiver | None = None, **given: Any) -> dict[str, Any]:
    """Return settings of a daemon that outlives its process."""
    receivers = {"pager": {"kind": "webhook", "url": receiver.url}} if receiver else {}
    return {"storage": {"path": str(folder / "roomwatch.db")}, "rules": [AT_ONCE], "receivers": receivers, **given}


async def send(running: Running, *events: dict[str, Any], **given: Any) -> int:
    body = packed(post(*events, **given))
    async with running.http.post(f"{running.public}/v1/telemetry", data=body, headers=HEADERS) as response:
        return response.status


async def until(holds: Any, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


def is_firing(running: Running) -> bool:
    return any(alert.state is State.FIRING for alert in running.daemon.evaluation.engine.alerts)


# --- together ---


async def test_what_arrives_together_is_committed_together(start: Start, tmp_path: Path) -> None:
    running = await start(**lasting(tmp_path))
    taken = [running.daemon.pipeline.offer(telemetry(level(4), session="s", seq=n)) for n in range(300)]
    assert all(await asyncio.gather(*taken))
    assert running.daemon.metrics.total("roomwatch_pipeline_commits_total") <= 2


async def test_a_repeat_among_news_is_told_apart(start: Start, tmp_path: Path) -> None:
    running = await start(**lasting(tmp_path))
    offer = running.daemon.pipeline.offer
    taken = [offer(telemetry(level(4), session="s", seq=n)) for n in (1, 2, 1)]
    assert [await each for each in taken] == [True, True, False]


# --- when the disk says no ---


async def limit_pages(running: Running, pages: int) -> None:
    """Let the database grow to so many pages and no further: SQLite then answers as on a full disk."""
    database: Database = running.daemon.store._database
    await database.write(lambda writer: writer.execute(f"PRAGMA max_page_count = {pages}").fetchall())


async def test_a_full_disk_refuses_posts_keeps_nothing_of_them_and_recovers(start: Start, tmp_path: Path) -> None:
    running = await start(**lasting(tmp_path))
    assert await send(running, quality(4), session="s", seq=0) == 202
    await limit_pages(running, 1)
    wide = [quality(n % 6) for n in range(1500)]
    assert await send(running, *wide, session="s", seq=1) == 503
    assert running.daemon.metrics.total("roomwatch_pipeline_commit_failures_total") == 1
    (seen,) = running.daemon.live.participants()
    assert seen.level == 4, "the picture shows what was not kept"
    await limit_pages(running, 1_000_000)
    await running.daemon.store.look_for_room()
    assert await send(running, *wide, session="s", seq=1) == 202
    assert len(await posts(running.daemon.store)) == 2


async def ready(running: Running) -> tuple[int, str]:
    """Return what the private door says of the daemon's readiness: the status, and why."""
    async with running.http.get(f"{running.private}/-/ready") as answer:
        return answer.status, (await answer.json())["detail"] if answer.status == 503 else ""


async def test_a_daemon_whose_disk_takes_nothing_is_not_ready_until_it_does(start: Start, tmp_path: Path) -> None:
    running = await start(**lasting(tmp_path))
    store, database = running.daemon.store, running.daemon.store._database
    assert await ready(running) == (200, "")
    await database.alone(lambda writer: writer.execute("PRAGMA query_only = ON").fetchall())
    assert await send(running, quality(4), session="s", seq=0) == 503
    refused = "expected a disk that takes what is written, got: attempt to write a readonly database"
    assert await ready(running) == (503, refused)
    await store.try_disk_again()
    assert await ready(running) == (503, refused)
    await database.alone(lambda writer: writer.execute("PRAGMA query_only = OFF").fetchall())
    await store.try_disk_again()
    assert await ready(running) == (200, "")


async def test_a_daemon_whose_disk_is_full_is_ready_for_what_is_told_only_once(start: Start, tmp_path: Path) -> None:
    running = await start(**lasting(tmp_path))
    running.daemon.store._database.reserve.let_go()
    assert await send(running, quality(4), session="s", seq=0) == 503
    assert await ready(running) == (200, "")


async def test_an_alert_that_could_not_be_recorded_goes_out_once_it_can(
    start: Start, tmp_path: Path, receiver: Receiver
) -> None:
    running = await start(**lasting(tmp_path, receiver))
    database: Database = running.daemon.store._database
    await send(running, quality(4))
    blocker = sqlite3.connect(database.path, isolation_level=None)
    await database.write(lambda writer: writer.execute("PRAGMA busy_timeout = 50").fetchall())
    blocker.execute("BEGIN IMMEDIATE")
    now_ms = running.daemon.clock.now_ms()
    running.daemon.live.apply(telemetry(level(0, at_ms=now_ms + 1)))
    running.daemon.evaluation.notice(running.daemon.live.apply(telemetry(level(0, at_ms=now_ms + 2))))
    await asyncio.sleep(0.3)
    assert not is_firing(running), "the engine believes what is not durable"
    blocker.execute("ROLLBACK")
    blocker.close()
    await until(lambda: [status for status, _ in receiver.heard] == ["firing"])


# --- restarts ---


async def test_a_restart_shows_the_picture_as_it_was(start: Start, tmp_path: Path) -> None:
    first = await start(**lasting(tmp_path))
    await send(first, quality(2), identity="alice")
    for event in (participant(BOB, identity="bob"), telemetry(level(1, of=BOB)), telemetry(connection("reconnecting"))):
        await first.daemon.pipeline.offer(event)
    before = first.daemon.live.rooms
    await first.stop()
    second = await start(**lasting(tmp_path))
    assert second.daemon.live.rooms == before


async def test_a_restart_says_nothing_by_itself(start: Start, tmp_path: Path, receiver: Receiver) -> None:
    first = await start(**lasting(tmp_path, receiver))
    await send(first, quality(1))
    await until(lambda: len(receiver.heard) == 1)
    await first.stop()
    second = await start(**lasting(tmp_path, receiver))
    assert is_firing(second)
    await asyncio.sleep(0.3)
    assert len(receiver.heard) == 1
    await send(second, quality(4))
    await until(lambda: len(receiver.heard) == 2)
    (trigger, resolve) = receiver.heard
    assert (trigger[0], resolve[0]) == ("firing", "resolved")
    assert trigger[1].removesuffix("trigger") == resolve[1].removesuffix("resolve")


async def test_a_page_that_could_not_go_out_goes_out_after_the_restart(
    start: Start, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.status = 500
    first = await start(**lasting(tmp_path, receiver))
    await send(first, quality(1))
    await until(lambda: first.daemon.metrics.total("roomwatch_notifications_failed_total") > 0)
    await first.stop()
    receiver.status = 200
    await start(**lasting(tmp_path, receiver))
    await until(lambda: [status for status, _ in receiver.heard] == ["firing"])


async def test_a_rule_that_is_no_longer_configured_ends_what_it_opened(
    start: Start, tmp_path: Path, receiver: Receiver
) -> None:
    first = await start(**lasting(tmp_path, receiver))
    await send(first, quality(1))
    await until(lambda: len(receiver.heard) == 1)
    await first.stop()
    off = {"disabled_rules": ["ParticipantQualityDegraded"]}
    await start(**lasting(tmp_path, receiver, rules=[], alerts=off))
    await until(lambda: [status for status, _ in receiver.heard] == ["firing", "resolved"])


async def test_a_room_that_ended_resolves_its_alerts_and_says_so(
    start: Start, tmp_path: Path, receiver: Receiver
) -> None:
    running = await start(**lasting(tmp_path, receiver))
    await send(running, quality(1))
    await until(lambda: len(receiver.heard) == 1)
    await running.daemon.pipeline.offer(participant(ALICE, "disconnected", at_ms=NOW_MS * 2))
    await until(lambda: len(receiver.heard) == 2)
    (ended,) = await running.daemon.store.alerts.ended(0, 10)
    assert ended.transition.detail == "participant_left"


# --- the file ---


async def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    await store.close()
    assert (tmp_path / "roomwatch.db").stat().st_mode & 0o077 == 0


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roomwatch.db"
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 9999")
    with pytest.raises(SchemaTooNew, match=f"expected schema {newest()} or older, got 9999"):
        await SqliteStore.open(path)


async def test_what_is_not_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roomwatch.db"
    path.write_bytes(b"this is not a database, though it is long enough to look like one" * 100)
    with pytest.raises(StoreFailed, match="expected a Roomwatch database"):
        await SqliteStore.open(path)


@pytest.mark.promise("P23")
async def test_a_restart_keeps_since_when_trouble_has_held(start: Start, tmp_path: Path) -> None:
    given = lasting(tmp_path, rules=[{**AT_ONCE, "for": "10m"}])
    first = await start(**given)
    since = await _pending_since(first)
    await first.stop()
    second = await start(**given)
    await asyncio.sleep(0.2)
    (after,) = second.daemon.evaluation.engine.alerts
    assert (after.state, after.since) == (State.PENDING, since)


@pytest.mark.promise("P23")
async def test_the_time_in_which_nobody_watched_does_not_count(start: Start, tmp_path: Path) -> None:
    given = lasting(tmp_path, rules=[{**AT_ONCE, "for": "10m"}])
    first = await start(**given)
    since = await _pending_since(first)
    await first.stop()
    await _let_an_hour_pass(tmp_path / "roomwatch.db")
    second = await start(**given)
    (after,) = second.daemon.evaluation.engine.alerts
    assert after.since == pytest.approx(since - 60, abs=10), "a minute of that hour counts"
    await second.stop()
    third = await start(**given)
    assert third.daemon.evaluation.engine.alerts[0].since == pytest.approx(after.since)


async def _pending_since(running: Running) -> float:
    assert await send(running, quality(1)) == 202
    await until(lambda: running.daemon.evaluation.engine.alerts)
    return running.daemon.evaluation.engine.alerts[0].since


async def _let_an_hour_pass(path: Path) -> None:
    """Make all that was left behind an hour older."""
    store = await SqliteStore.open(path)
    alerts = [replace(alert, since=alert.since - 3600) for alert in await store.alerts.load_alerts()]
    picture = await store.picture.load()
    for room in picture.rooms:
        room.heard_at_ms -= 3_600_000
    for account in picture.accounts:
        account.budget = None
    await store.alerts.record(Judgement(tuple(alerts)))
    await store.picture.save([*picture.rooms, *picture.accounts], picture.through)
    await store.close()


async def test_a_piece_of_writing_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "roomwatch.db")

    def half(writer: sqlite3.Connection) -> None:
        writer.execute("INSERT INTO login_sessions VALUES ('h', 1.0, '', '', '')")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(half)
    await database.write(
        lambda writer: writer.execute("INSERT INTO login_sessions VALUES ('i', 1.0, '', '', '')").rowcount
    )
    assert [tuple(row) for row in await database.read("SELECT token_hash FROM login_sessions")] == [("i",)]
    await database.close()


async def test_a_caller_that_is_cancelled_does_not_break_off_what_is_being_written(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "roomwatch.db")
    begun, go_on = threading.Event(), threading.Event()

    def slow(writer: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(5)
        writer.execute("INSERT INTO login_sessions VALUES ('h', 1.0, '', '', '')")

    caller = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(begun.wait, 5)
    caller.cancel()
    go_on.set()
    await asyncio.gather(caller, return_exceptions=True)
    await database.write(
        lambda writer: writer.execute("INSERT INTO login_sessions VALUES ('i', 1.0, '', '', '')").rowcount
    )
    rows = await database.read("SELECT token_hash FROM login_sessions ORDER BY 1")
    assert [tuple(row) for row in rows] == [("h",), ("i",)]
    await database.close()

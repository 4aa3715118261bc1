"""What happens on a disk that is really full: what is refused, what is still written, and how it comes back."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator

from monitor.roles import Role
from monitor.store import schema
from monitor.store.backup import back_up
from monitor.store.ports import Entry, Session, StoreFailed, StoreFull
from monitor.store.sqlite import SqliteStore
from tests.builders import ACCOUNT, AUTH_TOKEN, INGEST_KEY, NOW_MS, batch, level, post, quality
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.fault_table import Observe
from tests.small_disk import fill, small_disk
from tests.stored import posts

DISK_BYTES = 12_000_000
RESERVE_BYTES = 3_000_000
ACCESS_TOKEN = "an-access-token-of-tests"
NOW_S = NOW_MS / 1000
RULE = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "for": "4s",
    "clear": "level >= 3",
    "summary": "{identity} has a bad connection.",
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_BYTES) as mounted:
        yield mounted


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


class Daemon:
    """A daemon on a small disk, and those who talk to it."""

    def __init__(self, folder: Path, disk: Path, receiver: str) -> None:
        public, private = free_port(), free_port()
        self.public, self.private = f"http://127.0.0.1:{public}", f"http://127.0.0.1:{private}"
        self.database = disk / "roomwatch.db"
        self.seq = 0
        self.config = write_config(
            folder / "config.toml",
            settings(
                public={"port": public, "url": self.public},
                private={"port": private, "access_token": ACCESS_TOKEN},
                storage={"path": str(self.database), "reserve_bytes": RESERVE_BYTES, "checkpoint_every_s": 0.5},
                rules=[RULE],
                receivers={"hook": {"kind": "webhook", "url": receiver}},
                alerts={"default_receiver": "hook"},
            ),
        )

    async def tell(self, level: int, times: int = 1) -> tuple[int, str | None]:
        """Post telemetry; return the status, and when to come back."""
        self.seq += 1
        report = post(*[quality(level)] * times, session="s", seq=self.seq)
        headers = {"Authorization": f"Bearer {INGEST_KEY}"}
        url = f"{self.public}/v1/telemetry"
        async with aiohttp.ClientSession() as http, http.post(url, json=report, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After")

    async def call_back(self, room: int = 0) -> int:
        """Post the status callback of a room that begins, and return the answer's status."""
        url = f"{self.public}/callbacks/twilio"
        form = {
            "AccountSid": ACCOUNT,
            "RoomSid": f"RM{room:032x}",
            "RoomName": "acme:class:1",
            "RoomStatus": "in-progress",
            "StatusCallbackEvent": "room-created",
            "SequenceNumber": "0",
            "Timestamp": "2026-11-21T12:00:00.000Z",
        }
        headers = {"X-Twilio-Signature": RequestValidator(AUTH_TOKEN).compute_signature(url, form)}
        async with aiohttp.ClientSession() as http, http.post(url, data=form, headers=headers) as answer:
            return answer.status

    async def gauge(self, name: str) -> float:
        headers = {"Authorization": f"Bearer {ACCESS_TOKEN}"}
        async with aiohttp.ClientSession() as http, http.get(f"{self.private}/metrics", headers=headers) as answer:
            found = re.search(rf"^{name} (\S+)$", await answer.text(), re.MULTILINE)
        assert found
        return float(found[1])

    def outbox(self) -> list[str]:
        with closing(sqlite3.connect(self.database)) as connection:
            return [state for (state,) in connection.execute("SELECT state FROM outbox ORDER BY seq")]


@pytest.fixture
async def pages() -> AsyncIterator[tuple[list[str], str]]:
    """Who was paged, and the address at which to page."""
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((await request.json())["status"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hear)
    server = TestServer(app)
    await server.start_server()
    yield heard, str(server.make_url("/"))
    await server.close()


async def until(holds: Callable[[], bool], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.mark.fault(
    "full disk",
    expected="telemetry gets 503 and Retry-After, callbacks and pages go on, room on the disk ends it without hands",
)
async def test_on_a_full_disk_telemetry_waits_and_everything_else_goes_on(
    tmp_path: Path, disk: Path, pages: tuple[list[str], str], observed: Observe
) -> None:
    paged, receiver = pages
    site = Daemon(tmp_path, disk, receiver)
    daemon = await DaemonProcess.start(site.config)
    try:
        assert (await site.tell(0))[0] == 202  # and four seconds later somebody is to be told of it
        assert await site.gauge("roomwatch_store_full") == 0
        ballast = fill(disk, leaving_bytes=200_000)
        answers = [await site.tell(0, times=200) for _ in range(60)]
        assert answers[-1] == (503, "5")
        assert await site.gauge("roomwatch_store_full") == 1
        assert "no room on the disk" in daemon.said

        assert await site.call_back() == 204
        await until(lambda: paged == ["firing"], within_s=30)
        await until(lambda: site.outbox() == ["delivered"], within_s=30)
        for room in range(1, 101):  # many times what the reserve would hold, if the write-ahead log did not begin anew
            assert await site.call_back(room) == 204
        assert (await site.tell(0))[0] == 503

        ballast.unlink()
        async with asyncio.timeout(30):
            while (await site.tell(4))[0] != 202:
                await asyncio.sleep(0.2)
        assert await site.gauge("roomwatch_store_full") == 0
        assert "telemetry is taken" in daemon.said
        assert (disk / "roomwatch.db.reserve").stat().st_size == RESERVE_BYTES
    finally:
        await daemon.kill()
    store = await SqliteStore.open(site.database)
    try:
        stored = len(await posts(store))
    finally:
        await store.close()
    taken = sum(status == 202 for status, _ in answers)
    assert stored == 1 + taken + 1, "what was refused was kept, or what was taken was not"
    observed(f"{len(answers) - taken} posts refused with Retry-After, {taken + 2} acknowledged and stored, paged once")


async def test_a_daemon_that_starts_on_a_full_disk_lives_without_telemetry_until_there_is_room(disk: Path) -> None:
    await (await SqliteStore.open(disk / "roomwatch.db")).close()
    ballast = fill(disk, leaving_bytes=500_000)
    store = await SqliteStore.open(disk / "roomwatch.db", reserve_bytes=RESERVE_BYTES)
    try:
        assert store.is_full
        await store.look_for_room()
        assert store.is_full
        ballast.unlink()
        await store.look_for_room()
        assert not store.is_full
    finally:
        await store.close()


async def test_an_append_that_finds_no_room_keeps_nothing_and_says_so(disk: Path) -> None:
    store = await SqliteStore.open(disk / "roomwatch.db")
    try:
        fill(disk, leaving_bytes=0)
        posts = [Entry(batch(*[level(3)] * 500, session="s", seq=seq)) for seq in range(200)]
        with pytest.raises(StoreFull, match=r"roomwatch\.db: database or disk is full"):
            await store.log.append(posts, NOW_MS)  # neither at once nor once the write-ahead log has begun anew
        assert await store.log.since(0, 100) == []
        assert (await store.size()).is_full
    finally:
        await store.close()


async def test_a_backup_never_fills_the_disk_that_the_daemon_needs(disk: Path) -> None:
    store = await SqliteStore.open(disk / "roomwatch.db")
    await store.log.append([Entry(batch(*[level(3)] * 500, session="s", seq=seq)) for seq in range(20)], NOW_MS)
    await store.close()
    fill(disk, leaving_bytes=200_000)
    before = names(disk)
    with pytest.raises(StoreFailed, match=r"expected .* of free disk for the copy, got"):
        back_up(disk / "roomwatch.db", disk / "copy.db")
    assert names(disk) - {"roomwatch.db-wal", "roomwatch.db-shm"} == before


async def test_without_room_for_a_copy_nothing_is_migrated(disk: Path) -> None:
    database = disk / "roomwatch.db"
    await (await SqliteStore.open(database)).close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 1")
    fill(disk, leaving_bytes=100_000)
    with pytest.raises(StoreFailed, match=rf"free disk to go from schema 1 to {schema.newest()}, half of it"):
        await SqliteStore.open(database)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert not [name for name in names(disk) if name.endswith((".bak", ".part"))]


async def test_what_makes_the_file_no_larger_is_written_even_without_a_reserve(disk: Path) -> None:
    store = await SqliteStore.open(disk / "roomwatch.db")
    await store.sessions.add_session("somebody", Session("ann", Role.VIEWER, "", NOW_S))
    await store.close()
    fill(disk, leaving_bytes=300_000)  # a few commits' worth in the write-ahead log, which then has to begin anew
    store = await SqliteStore.open(disk / "roomwatch.db")
    try:
        for second in range(100):
            await store.sessions.add_session("somebody", Session("ann", Role.VIEWER, "", NOW_S + second))
        assert store.is_full
        assert await store.sessions.session("somebody", NOW_S + 98)
    finally:
        await store.close()

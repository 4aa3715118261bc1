"""How does the process start, stop, and refuse to start?"""

import asyncio
import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.store.sqlite import SqliteStore
from tests.builders import INGEST_KEY, post, quality
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config

RULE = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "summary": "{identity} has a bad connection.",
}


class Receiver:
    """Holds what it hears until it is told what to answer."""

    def __init__(self) -> None:
        self.holds = asyncio.Event()
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        app = web.Application()
        app.router.add_post("/", self._answer)
        self.server = TestServer(app)

    async def _answer(self, _: web.Request) -> web.Response:
        self.holds.set()
        return web.Response(status=await self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.server.start_server()
    yield receiver
    if not receiver.status.done():
        receiver.status.set_result(503)
    await receiver.server.close()


class Site:
    """A place with one database, where daemons are started and posted to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.database = folder / "roomwatch.db"
        self.port = free_port()

    def config(self, **given: Any) -> Path:
        storage = {"path": str(self.database), "reserve_bytes": 1_000_000}
        return write_config(
            self._folder / "config.toml",
            settings(**{"public": {"port": self.port}, "storage": storage, "accounts": [], **given}),
        )

    async def tell(self, level: int) -> int:
        """Post one report, and return the answer's status."""
        url, headers = f"http://127.0.0.1:{self.port}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        report = post(quality(level))
        async with aiohttp.ClientSession() as http, http.post(url, json=report, headers=headers) as answer:
            return answer.status

    def outbox(self) -> list[tuple[str, int]]:
        """Return the state of each notification, and how often it was attempted."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute("SELECT state, attempts FROM outbox ORDER BY seq").fetchall()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


Start = Callable[[Path], Awaitable[DaemonProcess]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start daemons that are killed at the end of the test, if they still live."""
    async with AsyncExitStack() as started:

        async def start_one(config: Path) -> DaemonProcess:
            daemon = await DaemonProcess.start(config)
            started.push_async_callback(daemon.kill)
            return daemon

        yield start_one


async def refusal(config: Path) -> tuple[int, str]:
    """Return how a daemon that cannot start ends, and what it says."""
    daemon = await DaemonProcess.spawn(config)
    try:
        return await daemon.ended(), daemon.said
    finally:
        await daemon.kill()


async def paging(site: Site, start: Start, receiver: Receiver) -> DaemonProcess:
    """Return a daemon that waits for the receiver's answer to a page."""
    hook = {"kind": "webhook", "url": str(receiver.server.make_url("/"))}
    daemon = await start(site.config(rules=[RULE], receivers={"hook": hook}))
    assert await site.tell(0) == 202
    await receiver.holds.wait()
    return daemon


async def until_it_says(words: str, daemon: DaemonProcess) -> None:
    async with asyncio.timeout(30):
        while words not in daemon.said:
            await asyncio.sleep(0.01)


# --- stopping ---


async def test_sigterm_ends_well_and_keeps_what_was_accepted(site: Site, start: Start) -> None:
    daemon = await start(site.config())
    assert await site.tell(4) == 202
    daemon.signal(signal.SIGTERM)
    assert await daemon.ended() == 0
    store = await SqliteStore.open(site.database)
    picture = await store.picture.load()
    await store.close()
    assert [who.level for room in picture.rooms for who in room.participants.values()] == [4]
    assert picture.through == 1


async def test_sigterm_waits_for_the_receiver_that_is_being_told(site: Site, start: Start, receiver: Receiver) -> None:
    daemon = await paging(site, start, receiver)
    daemon.signal(signal.SIGTERM)
    await asyncio.sleep(0.2)
    receiver.status.set_result(200)
    assert await daemon.ended() == 0
    assert site.outbox() == [("delivered", 1)]


async def test_what_a_receiver_refuses_during_the_stop_is_still_owed(
    site: Site, start: Start, receiver: Receiver
) -> None:
    daemon = await paging(site, start, receiver)
    daemon.signal(signal.SIGTERM)
    receiver.status.set_result(503)
    assert await daemon.ended() == 0
    ((state, attempts),) = site.outbox()
    assert state == "waiting"
    assert attempts >= 1


async def test_a_second_signal_does_not_wait_for_anybody(site: Site, start: Start, receiver: Receiver) -> None:
    daemon = await paging(site, start, receiver)
    daemon.signal(signal.SIGTERM)
    await until_it_says("msg=stopping", daemon)
    daemon.signal(signal.SIGTERM)
    assert await daemon.ended() == 1
    assert site.outbox() == [("waiting", 0)]


# --- refusing to start ---


async def test_a_port_that_is_taken_is_named_and_ends_the_process(site: Site, start: Start, tmp_path: Path) -> None:
    await start(site.config())
    (tmp_path / "other").mkdir()
    other = Site(tmp_path / "other")
    other.port = site.port
    code, said = await refusal(other.config())
    assert code == 1
    assert f"127.0.0.1:{site.port}: Address already in use" in said


async def test_a_database_of_a_newer_version_is_left_alone(site: Site) -> None:
    with closing(sqlite3.connect(site.database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    code, said = await refusal(site.config())
    assert code == 1
    assert re.search(r"roomwatch\.db: expected schema \d+ or older, got 99; upgrade Roomwatch", said)


async def test_a_file_that_is_no_database_is_named_and_ends_the_process(site: Site) -> None:
    site.database.write_bytes(b"something else entirely" * 100)
    code, said = await refusal(site.config())
    assert code == 1
    assert f"{site.database}: expected a Roomwatch database" in said


async def test_a_database_without_its_tables_is_named_and_ends_the_process(site: Site) -> None:
    with closing(sqlite3.connect(site.database)) as connection:
        connection.execute("PRAGMA user_version = 1")
    code, said = await refusal(site.config())
    assert code == 1
    assert "roomwatch.db: expected a Roomwatch database, got no such table" in said

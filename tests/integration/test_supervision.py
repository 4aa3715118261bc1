"""What systemd hears of a daemon, and when it hears nothing more."""

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from alerts.model import Owed
from monitor.app import Daemon
from monitor.config import build
from monitor.opening import open_store
from monitor.store.memory import MemoryStore
from monitor.store.memory_alerts import MemoryAlerts
from monitor.store.ports import Store
from monitor.store.sqlite import SqliteStore
from monitor.supervision.liveness import Watchdog
from monitor.supervision.notify_socket import NotifySocket
from monitor.supervision.supervisor import Supervisor
from tests.conftest import settings
from tests.listening_systemd import Systemd

TIMEOUT_S = 2.0  # short, but long enough for a machine that is busy


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listening = Systemd.listen(tmp_path / "notify")
    yield listening
    listening.close()


@asynccontextmanager
async def supervised(systemd: Systemd, store: Store, **given: Any) -> AsyncIterator[Daemon]:
    """Give a daemon that somebody waits to hear from."""
    supervisor = Supervisor(NotifySocket(systemd.address), Watchdog(TIMEOUT_S))
    daemon = Daemon(build(settings(**given)), store, supervisor=supervisor)
    stop, started = asyncio.Event(), asyncio.Event()
    life = asyncio.create_task(daemon.run(stop, started.set))
    await started.wait()
    try:
        yield daemon
    finally:
        stop.set()
        await life


def beats(systemd: Systemd) -> int:
    return len(systemd.values("WATCHDOG"))


async def falls_silent(systemd: Systemd, daemon: Daemon, part: str) -> None:
    """Wait until a beat is withheld because of a part, and see that none comes for longer than systemd waits."""
    await systemd.until(lambda _: daemon._vigil.silent == (part,))
    before = beats(systemd)
    await asyncio.sleep(1.5 * TIMEOUT_S)
    assert beats(systemd) == before


async def test_a_life_is_told_from_ready_to_stopping(systemd: Systemd) -> None:
    async with supervised(systemd, MemoryStore()) as daemon:
        await systemd.until(lambda heard: heard.values("READY"))
        assert daemon.is_ready
        await daemon.reloading.reload()
        assert systemd.values("STATUS")[-1] == "0 rooms, 0 people, no alert"
    assert systemd.order() == ["READY", "RELOADING", "MONOTONIC_USEC", "READY", "STOPPING"]
    assert systemd.values("EXTEND_TIMEOUT_USEC")


async def test_it_beats_while_everything_comes_round(systemd: Systemd) -> None:
    async with supervised(systemd, MemoryStore()):
        await systemd.until(lambda heard: beats(heard) >= 3)


async def test_nobody_is_told_where_nobody_listens() -> None:
    silent = Supervisor.of({"WATCHDOG_USEC": "1000"}, 1)
    silent.ready()
    assert silent.watchdog is None


async def test_whoever_has_gone_away_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lonely = NotifySocket(str(tmp_path / "nobody"))
    for _ in range(3):
        lonely.tell(READY="1")
    assert len(caplog.records) == 1


async def test_a_name_in_the_abstract_namespace_is_an_address(tmp_path: Path) -> None:
    systemd = Systemd.listen(f"@roomwatch-tests{tmp_path}"[:100])
    NotifySocket(systemd.address).tell(READY="1", STATUS="two\nlines")
    assert systemd.listen_on() == [{"READY": "1", "STATUS": "two lines"}]
    systemd.close()


# --- wedged ---


async def test_a_writer_that_is_wedged_ends_the_beats_until_it_comes_back(systemd: Systemd, tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "roomwatch.db")
    let_go = threading.Event()
    async with supervised(systemd, store) as daemon:
        await systemd.until(lambda heard: beats(heard) >= 1)
        wedged = asyncio.create_task(store._database.write(lambda _: let_go.wait(60)))
        try:
            await falls_silent(systemd, daemon, "the store's writer")
        finally:
            let_go.set()
            await wedged
        before = beats(systemd)
        await systemd.until(lambda heard: beats(heard) > before)


class Outbox(MemoryAlerts):
    """An outbox that can stop answering."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        await self.answers.wait()
        return await super().due(now, limit, skip)


async def test_a_dispatcher_that_is_wedged_ends_the_beats(systemd: Systemd) -> None:
    store = MemoryStore()
    store.alerts = outbox = Outbox()
    async with supervised(systemd, store) as daemon:
        await systemd.until(lambda heard: beats(heard) >= 1)
        outbox.answers.clear()
        try:
            await falls_silent(systemd, daemon, "the dispatcher")
        finally:
            outbox.answers.set()


class BrokenOutbox(Outbox):
    """An outbox that can answer with errors only."""

    fails = False

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        if self.fails:
            raise OSError("expected a disk, got none")
        return await super().due(now, limit, skip)


async def test_a_store_that_refuses_is_no_reason_to_be_started_anew(systemd: Systemd) -> None:
    store = MemoryStore()
    store.alerts = outbox = BrokenOutbox()
    async with supervised(systemd, store):
        outbox.fails = True
        before = beats(systemd)
        await systemd.until(lambda heard: beats(heard) >= before + 2)
        outbox.fails = False


async def test_a_loop_that_is_wedged_says_nothing(systemd: Systemd) -> None:
    async with supervised(systemd, MemoryStore()):
        await systemd.until(lambda heard: beats(heard) >= 1)
        before = beats(systemd)
        threading.Event().wait(1.5 * TIMEOUT_S)  # and so does the loop
        assert beats(systemd) == before


async def test_a_store_that_is_opened_is_extended_for(systemd: Systemd, tmp_path: Path) -> None:
    supervisor = Supervisor(NotifySocket(systemd.address))
    async with supervisor.taking_long("opens the database", 60):
        store = await open_store(build(settings(storage={"path": str(tmp_path / "roomwatch.db")})))
    await store.close()
    assert systemd.values("STATUS") == ["opens the database"]
    assert systemd.values("EXTEND_TIMEOUT_USEC") == ["30000000"]

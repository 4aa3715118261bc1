"""Is what the daemon said it had stored there, once, after `kill -9` at any moment, and the picture with it?"""

import asyncio
import os
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from collectors.events import AccountTrouble, Event
from collectors.observations import TelemetryBatch
from collectors.telemetry import decode
from monitor.app import Daemon
from monitor.config import build
from monitor.live import Live
from monitor.store.sqlite import SqliteStore
from tests.conftest import settings
from tests.crash.senders import Call, Ledger
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.fault_table import Observe

pytestmark = pytest.mark.crash

KILLS = int(os.environ.get("ROOMWATCH_KILLS", "6"))  # of each of two daemons
REPEATED_WITHIN_S = 180.0
CALLS = 6  # at once, each with somebody who waits for an answer
ACCESS_TOKEN = "an-access-token-of-tests"


class Victim:
    """A daemon that is killed again and again on the same database, and the calls that go on meanwhile."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._seed = seed
        self._chance = random.Random(seed)
        self._daemon: DaemonProcess | None = None
        self.database = folder / "roomwatch.db"
        self.ledger = Ledger()
        public, self._private_port = free_port(), free_port()
        self._public = f"http://127.0.0.1:{public}"
        self._config = write_config(
            folder / "config.toml",
            settings(
                public={"port": public, "url": self._public},
                private={"port": self._private_port, "access_token": ACCESS_TOKEN},
                storage={"path": str(self.database), "checkpoint_every_s": 0.1},
            ),
        )

    async def suffer(self) -> None:
        """Live through every kill, looking after each whether the picture can be had back."""
        over = asyncio.Event()
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as calls:
            for number in range(CALLS):
                call = Call(f"class:{number}", self._public, http, self.ledger, f"{self._seed}/{number}")
                calls.create_task(call.go_on_until(over))
            for _ in range(KILLS):
                await self._start()
                await asyncio.sleep(self._chance.uniform(0.05, 0.6))
                await self.kill()
                await self._look_at_the_wreck()
            await self._start()
            await self._repeat_enough()
            over.set()

    async def _repeat_enough(self) -> None:
        """Leave it in peace until some posts were repeated: how many a life sees depends on how busy the machine is."""
        async with asyncio.timeout(REPEATED_WITHIN_S):
            while self.ledger.repeated <= KILLS:
                await asyncio.sleep(0.02)

    async def _start(self) -> None:
        self._daemon = await DaemonProcess.start(self._config)

    async def kill(self) -> None:
        """Kill it if it lives."""
        if self._daemon is not None:
            await self._daemon.kill()
            self._daemon = None

    async def shown(self) -> dict[str, Any]:
        """Return what the daemon shows."""
        headers = {"Authorization": f"Bearer {ACCESS_TOKEN}"}
        url = f"http://127.0.0.1:{self._private_port}/api/v1/live"
        async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
            view: dict[str, Any] = await answer.json()
            return view

    async def _look_at_the_wreck(self) -> None:
        copy = self._folder / "wreck" / self.database.name
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir()
        for file in self._folder.glob("roomwatch.db*"):
            shutil.copy(file, copy.parent)
        async with opened(copy) as store:
            assert_same(await restored(store), replayed(await everything(store)))


@asynccontextmanager
async def opened(database: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(database)
    try:
        yield store
    finally:
        await store.close()


async def everything(store: SqliteStore) -> list[Event]:
    """Return the complete log."""
    events: list[Event] = []
    through = 0
    while entries := await store.log.since(through, limit=1000):
        events += [event for _, event in entries]
        through = entries[-1][0]
    return events


async def restored(store: SqliteStore) -> Live:
    """Return the picture as a starting daemon finds it: what was saved, and the log since."""
    daemon = Daemon(build(settings(accounts=[])), store)
    await daemon.housekeeping.restore()
    return daemon.live


def replayed(events: Iterable[Event]) -> Live:
    """Return the picture that the complete log draws."""
    live = Live()
    for event in events:
        live.apply(event)
    return live


def assert_same(found: Live, wanted: Live) -> None:
    assert found.rooms == wanted.rooms
    assert found.compositions == wanted.compositions
    assert dict(found.calls.ended) == dict(wanted.calls.ended)


def levels(live: Live) -> dict[str | None, dict[str | None, int | None]]:
    return {room.sid: {who.sid: who.level for who in room.participants.values()} for room in live.rooms.values()}


def levels_shown(view: dict[str, Any]) -> dict[str, dict[str, int | None]]:
    return {
        room["room_sid"]: {who["participant_sid"]: who["level"] for who in room["participants"]}
        for room in view["rooms"]
    }


@pytest.fixture
async def victims(tmp_path: Path) -> AsyncIterator[list[Victim]]:
    """Two daemons that die at their own moments: more kills in the same time."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    victims = [Victim(folder, seed) for seed, folder in enumerate(folders)]
    yield victims
    for victim in victims:
        await victim.kill()


@pytest.mark.fault(
    "SIGKILL under load",
    expected="what was acknowledged is stored once, and the picture is what the log draws",
)
async def test_what_was_acknowledged_before_a_kill_is_stored_exactly_once(
    victims: list[Victim], observed: Observe
) -> None:
    async with asyncio.TaskGroup() as group:
        for victim in victims:
            group.create_task(victim.suffer())
    for victim in victims:
        view = await victim.shown()
        await victim.kill()
        async with opened(victim.database) as store:
            events = await everything(store)
            assert_all_is_there(events, victim.ledger)
            assert_same(await restored(store), replayed(events))
            assert levels_shown(view) == levels(replayed(events))
        observed(f"{KILLS} kills, {len(victim.ledger.accepted):,} posts acknowledged and stored")


def assert_all_is_there(events: list[Event], ledger: Ledger) -> None:
    # Besides what it was told, a daemon that lives for seconds says itself that Twilio is out of its reach.
    told = [event for event in events if not isinstance(event, AccountTrouble)]
    stored = Counter(event.dedup_key for event in told)
    assert {key: times for key, times in stored.items() if times > 1} == {}
    assert ledger.accepted - stored.keys() == set()
    assert stored.keys() - ledger.sent.keys() == set()
    for event in told:
        if isinstance(event, TelemetryBatch):
            sent = decode(ledger.sent[str(event.dedup_key)], 0).batch
            assert event.observations == sent.observations
    assert ledger.unanswered > KILLS, "the kills were meant to interrupt somebody"
    assert ledger.repeated > KILLS, "something was meant to be repeated"

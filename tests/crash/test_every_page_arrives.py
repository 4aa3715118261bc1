"""Is everybody paged once about every episode, though the daemon is killed between any two steps of it?"""

import asyncio
import os
import random
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from alerts.fingerprint import dedup_key
from alerts.model import Incident, Notification, Transition
from tests.builders import INGEST_KEY
from tests.conftest import settings
from tests.crash.receivers import Pager, Receivers
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.fault_table import Observe

pytestmark = [pytest.mark.crash, pytest.mark.promise("P1", "P2", "P3", "P4")]

KILLS = int(os.environ.get("ROOMWATCH_KILLS", "6"))  # of each of two daemons
PEOPLE = 12  # more than a receiver has hands, so that some pages are owed and not yet on their way
REPORTS = 10  # of each of them, the last one that they leave; then somebody else comes
INSTANCE = "roomwatch"
DELIVERS_WITHIN_S = 180.0

_BEGAN_MS = int(time.time() * 1000)

UNHURRIED = {"events_per_minute": 10_000}  # so that nobody waits for the minute to be over
RULE = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "severity": "critical",
    "summary": "{participant_sid} has a bad connection.",
}
#: They share a room, and once it is bad for half of them for long enough, its alert mutes theirs: nobody is paged then.
OFF = ["RoomQualityDegraded", "RegionQualityDegraded", "TenantQualityDegraded"]


class Victim:
    """A daemon that is killed again and again while it pages people about connections that go bad and well again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._daemon: DaemonProcess | None = None
        self._folder = folder
        self._public = free_port()
        self.receivers = Receivers(seed)
        self.database = folder / "roomwatch.db"
        self.cut_off = 0  # pages that were owed and not delivered at the moment of a kill

    def _config(self, receivers: str) -> Path:
        return write_config(
            self._folder / "config.toml",
            settings(
                public={"port": self._public},
                storage={"path": str(self.database), "checkpoint_every_s": 0.2},
                accounts=[],
                alerts={
                    "instance": INSTANCE,
                    "group_by": ["..."],
                    "group_wait": "0s",
                    "resolve_wait": "0s",
                    "disabled_rules": OFF,
                },
                rules=[RULE],
                routes=[{"receiver": "hook", "continue": True}, {"receiver": "pager"}],
                receivers={
                    "hook": {"kind": "webhook", "url": f"{receivers}/hook"},
                    "pager": {"kind": "pagerduty", "routing_key": "k" * 32, "base_url": receivers, **UNHURRIED},
                },
            ),
        )

    async def suffer(self) -> None:
        """Live through every kill, and be left in peace afterwards until everything owed is delivered."""
        over = asyncio.Event()
        async with self.receivers.served() as address, aiohttp.ClientSession() as http:
            config = self._config(address)
            async with asyncio.TaskGroup() as people:
                for number in range(PEOPLE):
                    people.create_task(self._be(number, http, over))
                for pager in self._moments():
                    self._daemon = await DaemonProcess.start(config)
                    await self._work(pager)
                    await self.kill()
                    self._look_at_the_wreck()
                self._calm_down()
                self._daemon = await DaemonProcess.start(config)
                over.set()
            # Only now has the last report been taken; what follows from it is told while somebody listens.
            await self._deliver_everything()
            await self._stop()

    async def kill(self) -> None:
        """Kill it if it lives."""
        if self._daemon is not None:
            await self._daemon.kill()
            self._daemon = None

    async def _stop(self) -> None:
        """Ask it to stop, which it does once it has told what is due."""
        assert self._daemon is not None
        self._daemon.signal(signal.SIGTERM)
        await self._daemon.ended()
        self._daemon = None

    def _moments(self) -> list[Pager | None]:
        """Return of each kill whether it waits for a receiver to be in the middle of something, and for which."""
        moments = list(islice(cycle([*self.receivers.pagers.values(), None]), KILLS))
        self._chance.shuffle(moments)
        return moments

    async def _work(self, pager: Pager | None) -> None:
        """Let it work for a moment: any moment, or the one when a receiver has heard it and does not answer."""
        if pager is not None:
            pager.freeze()
            async with asyncio.timeout(DELIVERS_WITHIN_S):
                await pager.is_holding.wait()
            await asyncio.sleep(self._chance.uniform(0.0, 0.05))
        else:
            await asyncio.sleep(self._chance.uniform(0.05, 0.6))

    def _look_at_the_wreck(self) -> None:
        for pager in self.receivers.pagers.values():
            pager.thaw()
        ((waiting,),) = self._query("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'")
        self.cut_off += waiting

    def _calm_down(self) -> None:
        for pager in self.receivers.pagers.values():
            pager.is_healthy = True

    async def _deliver_everything(self) -> None:
        quiet = 0
        async with asyncio.timeout(DELIVERS_WITHIN_S):
            while quiet < 15:  # the last report may still be on its way from the picture to the outbox
                await asyncio.sleep(0.1)
                quiet = 0 if self._query("SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1") else quiet + 1

    def transitions(self) -> list[Transition]:
        """Return every change of an alert's state that the daemon ever recorded."""
        return [msgspec.json.decode(body, type=Transition) for (body,) in self._query("SELECT body FROM transitions")]

    def episodes(self, receiver: str) -> dict[str, str]:
        """Return the episode that each dedup key of a receiver stands for, as far as there was an incident."""
        bodies = self._query("SELECT body FROM incidents")
        incidents = [msgspec.json.decode(body, type=Incident) for (body,) in bodies]
        return {dedup_key(INSTANCE, receiver, each.id): each.first.episode for each in incidents}

    def owed(self, receiver: str) -> dict[tuple[str, str], str]:
        """Return what became of all that was ever owed to a receiver, by key and kind."""
        rows = self._query(f"SELECT body, state FROM outbox WHERE receiver = '{receiver}'")
        told = ((msgspec.json.decode(body, type=Notification), state) for body, state in rows)
        return {(each.dedup_key, each.kind.value): state for each, state in told}

    def given_up(self) -> list[Any]:
        return self._query("SELECT id, last_error FROM outbox WHERE state = 'dead'")

    def _query(self, sql: str) -> list[Any]:
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    async def _be(self, number: int, http: aiohttp.ClientSession, over: asyncio.Event) -> None:
        """Have a connection that goes bad and well again, leave, come back as somebody else, and tell of it all."""
        for seq in count():
            await asyncio.sleep(self._chance.uniform(0.02, 0.1))
            if over.is_set():
                return
            person, report = divmod(seq, REPORTS)
            event = {"type": "network_quality", "at": _BEGAN_MS + seq, "level": self._chance.choice((0, 1, 2, 3, 5))}
            if report == REPORTS - 1:
                event = {"type": "connection", "at": _BEGAN_MS + seq, "state": "disconnected"}
            body = {
                "v": 1,
                "session": f"session-{number}",
                "seq": seq,
                "room_sid": "RM" + "a" * 32,
                "participant_sid": f"PA{number:016x}{person:016x}",
                "events": [event],
            }
            await self._report(http, body)

    async def _report(self, http: aiohttp.ClientSession, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {INGEST_KEY}"}
        url = f"http://127.0.0.1:{self._public}/v1/telemetry"
        while True:
            with suppress(aiohttp.ClientError, OSError):
                async with http.post(url, json=body, headers=headers) as answer:
                    if answer.status == 202:
                        return
            await asyncio.sleep(0.02)


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
    "SIGKILL while it pages",
    expected="every episode is one incident, opened once and closed once",
)
async def test_every_episode_is_one_incident_that_ends_when_the_episode_does(
    victims: list[Victim], observed: Observe
) -> None:
    async with asyncio.TaskGroup() as group:
        for victim in victims:
            group.create_task(victim.suffer())
    for victim in victims:
        await victim.kill()
        assert victim.given_up() == []
        assert victim.cut_off > KILLS, "the kills were meant to cut pages off"
        for name, pager in victim.receivers.pagers.items():
            transitions, owed, episodes = victim.transitions(), victim.owed(name), victim.episodes(name)
            began = [each.episode for each in transitions if each.begins_episode]
            over = [each.episode for each in transitions if each.ends_episode]
            assert sorted(episodes[key] for key in of(owed, "trigger")) == sorted(began)
            assert sorted(episodes[key] for key in of(owed, "resolve")) == sorted(over)
            assert of(owed, "trigger", "delivered") <= pager.triggered
            assert of(owed, "resolve", "delivered") == pager.resolved
            assert pager.triggered & of(owed, "resolve") <= pager.resolved, "an incident was left open"
            assert (pager.triggered | pager.resolved) & of(owed, "trigger", "cancelled") == set(), "a ghost"
            assert set(owed.values()) <= {"delivered", "cancelled", "superseded"}
            assert pager.offences == []
            assert {key: ids for key, ids in pager.ids.items() if len(ids) > 1} == {}
            assert pager.heard > len(pager.ids), "something was meant to be said twice"
            observed(
                f"{KILLS} kills, {len(began)} episodes, {len(pager.triggered)} opened at the {name}, none left open"
            )


def of(owed: Mapping[tuple[str, str], str], kind: str, *states: str) -> set[str]:
    """Return the keys of the words of a kind, all or those in these states."""
    return {key for (key, each), state in owed.items() if each == kind and (not states or state in states)}

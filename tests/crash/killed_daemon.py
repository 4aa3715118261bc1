"""A Roomwatch to be killed again and again, and what its database says afterwards of the pages it owed."""

import asyncio
import itertools
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import msgspec

from alerts.model import Incident, Transition
from tests.builders import INGEST_KEY
from tests.conftest import settings
from tests.crash.moody_pager import MoodyPager
from tests.daemon_process import DaemonProcess, free_port, write_config

RECOVERS_WITHIN_S = 180.0
_LAST_WORDS = 200
QUIET = 5  # looks at the outbox in a row that find nothing waiting
_SETTLED = ("delivered", "cancelled", "superseded")

RULE = {
    "name": "ConnectionLost",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "severity": "critical",
    "summary": "{participant_sid} has a bad connection.",
}
#: People whose connections are bad half of the time would set these off, too, and be muted by them.
OFF = ["ParticipantQualityDegraded", "RoomQualityDegraded", "RegionQualityDegraded", "TenantQualityDegraded"]

HOOK, PAGER = {"receiver": "hook", "continue": True}, {"receiver": "pager"}
UNBROKEN = {**RULE, "name": "Unbroken", "raise": "level <= -9", "clear": "level >= -8"}

#: What one configuration has that the one before had not.  The pager hears of everything under each of them.
VARIANTS: tuple[Mapping[str, Any], ...] = (
    {"routes": [HOOK, PAGER], "rules": [RULE]},
    {"routes": [PAGER], "rules": [RULE]},
    {"routes": [{**HOOK, "match": {"severity": "critical"}}, PAGER], "rules": [RULE, UNBROKEN]},
    {"routes": [PAGER], "rules": [{**RULE, "summary": "{participant_sid} can hardly be heard."}]},
)


class KilledDaemon:
    """The daemon (`tests.crash.ordeal.Subject`), watched by people and in the end by its database."""

    def __init__(self, folder: Path, receivers: MoodyPager, address: str, events_per_minute: int) -> None:
        self._folder = folder
        self._receivers = receivers
        self._address = address
        self._events_per_minute = events_per_minute
        self._public = free_port()
        self._variants = itertools.cycle(VARIANTS)
        self._variant = next(self._variants)
        self._seqs: Counter[str] = Counter()
        self._daemon: DaemonProcess | None = None
        self._http = aiohttp.ClientSession()
        self.database = folder / "roomwatch.db"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        await self._http.close()

    async def start(self) -> None:
        """Begin a life; where somebody else took the port meanwhile, once they have given it back."""
        while True:
            try:
                self._daemon = await DaemonProcess.start(self._config())
            except TimeoutError as error:
                said = (self._folder / "config.stderr").read_text(encoding="utf-8")[-_LAST_WORDS * 10 :]
                raise AssertionError(f"the daemon did not serve in time; it said:\n{said}") from error
            except AssertionError as error:
                if "Address already in use" not in str(error)[-_LAST_WORDS:]:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def kill(self) -> None:
        """End it, if it lives."""
        if self._daemon is not None:
            await self._daemon.kill()
            self._daemon = None

    def reload(self, *, is_changed: bool) -> None:
        """Have it read its configuration anew."""
        assert self._daemon is not None
        if is_changed:
            self._variant = next(self._variants)
        self._config()
        self._daemon.signal(signal.SIGHUP)

    async def fire(self, entity: str) -> None:
        """Report a bad connection."""
        await self._report(entity, {"type": "network_quality", "level": 0})

    async def clear(self, entity: str) -> None:
        """Report a good one, or that they left, which ends it as well."""
        if int(entity[-1], 16) % 2:
            await self._report(entity, {"type": "network_quality", "level": 5})
            await asyncio.sleep(0.2)
        await self._report(entity, {"type": "connection", "state": "disconnected"})

    async def finish(self) -> None:
        """Return when the outbox is empty and the daemon has ended."""
        self._receivers.moods.end()
        quiet = 0
        async with asyncio.timeout(RECOVERS_WITHIN_S):
            while quiet < QUIET:
                await asyncio.sleep(0.2)
                quiet = (
                    0 if _query(self.database, "SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1") else quiet + 1
                )
        assert self._daemon is not None
        self._daemon.signal(signal.SIGTERM)
        await self._daemon.ended()
        self._daemon = None

    def _config(self) -> Path:
        return write_config(
            self._folder / "config.toml",
            settings(
                public={"port": self._public},
                storage={"path": str(self.database), "checkpoint_every_s": 0.5},
                accounts=[],
                alerts={"group_by": ["..."], "group_wait": "0s", "resolve_wait": "0s", "disabled_rules": OFF},
                receivers={
                    "hook": {"kind": "webhook", "url": f"{self._address}/hook"},
                    "pager": {
                        "kind": "pagerduty",
                        "routing_key": "k" * 32,
                        "base_url": self._address,
                        "events_per_minute": self._events_per_minute,
                    },
                },
                **self._variant,
            ),
        )

    async def _report(self, entity: str, event: Mapping[str, Any]) -> None:
        self._seqs[entity] += 1
        body = {
            "v": 1,
            "session": f"session-{entity}",
            "seq": self._seqs[entity],
            "room_sid": "RM" + entity[2:18].rjust(32, "0"),
            "participant_sid": entity,
            "events": [{"at": int(time.time() * 1000), **event}],
        }
        url, headers = f"http://127.0.0.1:{self._public}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        while True:
            with suppress(aiohttp.ClientError, OSError):
                async with self._http.post(url, json=body, headers=headers) as answer:
                    if answer.status == 202:
                        return
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Record:
    """What a database says was owed to one receiver.

    `began` are the episodes that the daemon saw begin, `triggered` those that the receiver was owed a trigger of, each
    as often as it was.  Of keys, `unheard` are those under which nothing can have been heard as far as the daemon
    knows, `cancelled` those that were over before, `maybe_heard` those of which nobody knows.  `unsettled` is how many
    words it has not come to an end with.
    """

    began: Counter[str]
    triggered: Counter[str]
    unheard: frozenset[str]
    cancelled: frozenset[str]
    maybe_heard: frozenset[str]
    unsettled: int


def read_record(database: Path, receiver: str) -> Record:
    """Read what a database says of one receiver."""
    bodies = _query(database, "SELECT body FROM transitions")
    transitions = [msgspec.json.decode(body, type=Transition) for (body,) in bodies]
    bodies = _query(database, "SELECT body FROM incidents")
    incidents = {each.id: each for each in (msgspec.json.decode(body, type=Incident) for (body,) in bodies)}
    rows = _query(
        database,
        "SELECT json_extract(CAST(body AS TEXT), '$.dedup_key'), incident, kind, state, maybe_heard FROM outbox"
        f" WHERE receiver = '{receiver}'",
    )
    triggers = [(key, incident, state, heard) for key, incident, kind, state, heard in rows if kind == "trigger"]
    ours = [(key, incidents[id_], state, heard) for key, id_, state, heard in triggers if _is_ours(incidents[id_])]
    return Record(
        began=Counter(each.episode for each in transitions if each.begins_episode and each.rule == RULE["name"]),
        triggered=Counter(incident.first.episode for _, incident, _, _ in ours),
        unheard=frozenset(key for key, _, state, heard in triggers if state != "delivered" and not heard),
        cancelled=frozenset(key for key, _, state, _ in triggers if state == "cancelled"),
        maybe_heard=frozenset(key for key, _, state, heard in triggers if state != "delivered" and heard),
        unsettled=sum(state not in _SETTLED for _, _, _, state, _ in rows),
    )


def _is_ours(incident: Incident) -> bool:
    return incident.first.rule == RULE["name"]


def _query(database: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()

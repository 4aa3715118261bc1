"""What is around a daemon that something is done to?

A simulated Twilio with people in its rooms, who post telemetry and are told of by callbacks; a witness in between, who
passes everything on and keeps book of what was sent and what the daemon said to it; and a receiver who keeps what it is
told.  The daemon is a process of its own, so that it can be killed, frozen and lied to.
"""

import asyncio
import re
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import aiohttp
import orjson
from aiohttp import web

from collectors.callbacks import dedup_key
from monitor.simulator.scenarios import CallbackPolicy, Scenario, TelemetryPolicy
from monitor.simulator.simulator import Simulator
from monitor.store.sqlite import SqliteStore
from tests.builders import INGEST_KEY
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config

ACCESS_TOKEN = "an-access-token-of-tests"
POSTS_EVERY_S = 0.4
ANSWERS_WITHIN_S = 60.0
BUSY = Scenario(
    "busy",
    "three rooms, in which somebody comes, goes or mutes now and then",
    rooms=3,
    participants_per_room=3,
    arrives_within_s=0.4,
    stays_s=(5.0, 20.0),
    away_s=(0.5, 2.0),
    mutes_every_s=(1.0, 4.0),
    callbacks=CallbackPolicy(late_ratio=0.0, spread_s=0.1),
    telemetry=TelemetryPolicy(post_every_s=POSTS_EVERY_S),
)


class Told(NamedTuple):
    """Something that the receiver was told of one alert."""

    status: str
    rule: str
    entity: str
    at_s: float  # on the monotonic clock of the tests


class Witness:
    """Passes on what people and Twilio send, and keeps book."""

    def __init__(self, daemon: str) -> None:
        self.daemon_url = daemon
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S))
        self.acknowledged: Counter[str] = Counter()  # by the key under which the daemon stores it
        self.statuses: Counter[int] = Counter()
        self.retry_after: Counter[str | None] = Counter()  # of those that were refused
        self.last_yes_s = 0.0
        self.longest_wait_s = 0.0

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/telemetry", self._pass_on), web.post("/callbacks/twilio", self._pass_on)]

    async def close(self) -> None:
        await self._http.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        body, began_s = await request.read(), time.monotonic()
        headers = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        try:
            async with self._http.post(f"{self.daemon_url}{request.path}", data=body, headers=headers) as answer:
                said = await answer.read()
        except (aiohttp.ClientError, OSError):
            return web.Response(status=502)
        self._note(request.path, body, answer, time.monotonic() - began_s)
        kept = {name: value for name, value in answer.headers.items() if name == "Retry-After"}
        return web.Response(status=answer.status, body=said, headers=kept)

    def _note(self, path: str, body: bytes, answer: aiohttp.ClientResponse, waited_s: float) -> None:
        self.statuses[answer.status] += 1
        self.longest_wait_s = max(self.longest_wait_s, waited_s)
        if answer.status in (202, 204):
            self.acknowledged[_key(path, body)] += 1
            self.last_yes_s = time.monotonic()
        elif answer.status == 503:
            self.retry_after[answer.headers.get("Retry-After")] += 1


def _key(path: str, body: bytes) -> str:
    if path == "/v1/telemetry":
        post = orjson.loads(body)
        return f"t:{post['session']}:{post['seq']}"
    return dedup_key(dict(parse_qsl(body.decode(), keep_blank_values=True)))


class Pager:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/", self._hear)
        return app

    async def _hear(self, request: web.Request) -> web.Response:
        for alert in (await request.json())["alerts"]:
            entity = alert["roomwatch"]["entity"]["id"]
            self.told.append(Told(alert["status"], alert["labels"]["alertname"], entity, time.monotonic()))
        return web.Response()


class Surroundings:
    """A daemon, and everybody around it."""

    def __init__(
        self, folder: Path, disk: Path, twilio: Simulator, witness: Witness, pager: Pager, receiver: str
    ) -> None:
        self._folder = folder
        self.twilio = twilio
        self.receiver = receiver
        self.private = f"http://127.0.0.1:{free_port()}"
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {ACCESS_TOKEN}"}, connector=aiohttp.TCPConnector(limit=0)
        )
        self.witness = witness
        self.told = pager.told
        self.database = disk / "roomwatch.db"
        self.public = witness.daemon_url
        self.daemon: DaemonProcess | None = None

    def config(self, **given: Any) -> Path:
        """Write the configuration."""
        return write_config(self._folder / "config.toml", self.configuration(**given))

    def configuration(self, **given: Any) -> dict[str, Any]:
        """Return what is in the configuration."""
        account = self.twilio.account
        return settings(
            **{
                "public": {"port": _port(self.public), "url": self.public},
                "private": {"port": _port(self.private), "access_token": ACCESS_TOKEN},
                "storage": {"path": str(self.database), "reserve_bytes": 0, "checkpoint_every_s": 0.5},
                "polling": {"rooms_every_s": 2},
                "accounts": [
                    {
                        "account_sid": account.account_sid,
                        "api_key": account.api_key,
                        "api_secret": account.api_secret,
                        "auth_token": account.auth_token,
                        "base_url": self.twilio.base_url,
                    }
                ],
                "receivers": {"hook": {"kind": "webhook", "url": self.receiver}},
                **given,
                "alerts": {"default_receiver": "hook", "group_by": ["..."], **given.get("alerts", {})},
            }
        )

    async def start(self, config: Path, *, within: Sequence[str] = (), **environment: str) -> DaemonProcess:
        """Begin a life of the daemon, started by another command if one is given."""
        self.daemon = await DaemonProcess.start(config, also=environment, within=within)
        return self.daemon

    async def kill(self) -> None:
        """Kill what was started, if anything was."""
        if self.daemon is not None:
            await self.daemon.kill()

    async def end(self) -> None:
        """Let go of everything."""
        await self.kill()
        await self._http.close()

    async def post(self, *events: Mapping[str, Any], **given: Any) -> int:
        """Post telemetry of somebody who is in no room of the simulator's; return the answer's status."""
        body = {
            "v": 1,
            "room_sid": "RM" + "a" * 32,
            "participant_sid": "PA" + "a" * 32,
            "events": list(events),
            **given,
        }
        url, headers = f"{self.public}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        async with self._http.post(url, json=body, headers=headers) as answer:
            return answer.status

    async def get(self, path: str) -> tuple[int, str]:
        """Ask the private door; return the status and the text of the answer."""
        async with asyncio.timeout(ANSWERS_WITHIN_S), self._http.get(f"{self.private}{path}") as answer:
            return answer.status, await answer.text()

    async def metric(self, series: str) -> float:
        """Return the value of a series."""
        _, page = await self.get("/metrics")
        found = re.search(rf"^{re.escape(series)} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    async def firing(self) -> set[str]:
        """Return the rules of which an alert fires."""
        _, page = await self.get("/metrics")
        return set(re.findall(r'^roomwatch_firing_alerts{rule="(\w+)"} [1-9]', page, re.MULTILINE))

    def rows(self, sql: str) -> list[Any]:
        """Return what the database says, whether the daemon lives or not."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql).fetchall()

    async def stored(self) -> Counter[str]:
        """Return how often each thing that was sent is in the log of a daemon that has ended."""
        store, through, found = await SqliteStore.open(self.database), 0, Counter[str]()
        try:
            while entries := await store.log.since(through, limit=1000):
                found.update(event.dedup_key for _, event in entries if event.dedup_key)
                through = entries[-1][0]
        finally:
            await store.close()
        return found

    async def kept(self) -> str:
        """End the daemon, see that what was acknowledged is stored once, and say how much that is."""
        await self.kill()
        stored, acknowledged = await self.stored(), self.witness.acknowledged
        assert {key for key, times in stored.items() if times > 1} == set(), "stored twice"
        assert acknowledged.keys() - stored.keys() == set(), "acknowledged, and not stored"
        return f"{len(acknowledged):,} posts and callbacks acknowledged, all of them stored once"


@asynccontextmanager
async def surrounded(
    folder: Path, disk: Path | None = None, scenario: Scenario = BUSY, kind: type[Surroundings] = Surroundings
) -> AsyncIterator[Surroundings]:
    """Have everybody come, for a daemon that is yet to be started."""
    async with AsyncExitStack() as here:
        witness = Witness(f"http://127.0.0.1:{free_port()}")
        here.push_async_callback(witness.close)
        app = web.Application()
        app.add_routes(witness.routes())
        address = await _served(app, here)
        twilio = Simulator(
            scenario,
            daemon_url=address,
            signing_url=f"{witness.daemon_url}/callbacks/twilio",
            ingest_key=INGEST_KEY,
        )
        await twilio.start()
        here.push_async_callback(twilio.stop)
        pager = Pager()
        receiver = await _served(pager.app(), here)
        surroundings = kind(folder, disk or folder, twilio, witness, pager, receiver)
        here.push_async_callback(surroundings.end)
        yield surroundings


async def _served(app: web.Application, here: AsyncExitStack) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    here.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


async def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)

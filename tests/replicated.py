"""Several daemons on one PostgreSQL, each a process of its own; ClickHouse is away, which stops none of them."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
from aiohttp import web

from collectors.resources import RESOURCES
from monitor.http.server import Listener
from tests.builders import INGEST_KEY, packed, post, quality
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config

WITHIN_S = 120.0  # guards against hanging, no more
NOBODY = "http://127.0.0.1:9"
TOKEN = "replicas-trust-who-has-this-token"
_KNOWN = {"Authorization": f"Bearer {TOKEN}"}
_HELD = re.compile(r'^roomwatch_duty_held\{duty="([^"]+)"\} 1\.0$', re.MULTILINE)


class Asked:
    """Twilio, which has no rooms and knows which replica asked when."""

    def __init__(self) -> None:
        self.by: list[tuple[str, float]] = []

    def of(self, replica: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            self.by.append((replica, monotonic()))
            if not request.path.endswith("/Rooms"):
                return web.json_response({"code": 20404, "message": "not found", "status": 404}, status=404)
            return web.json_response({"rooms": [], "meta": {"key": "rooms", "next_page_url": None}})

        return answer

    @property
    def hands(self) -> list[str]:
        """Who asked, each as often as they began to."""
        names = [name for name, _ in self.by]
        return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


class Replica:
    """A daemon among its like."""

    def __init__(self, name: str, config: Path, public: int, private: int, http: aiohttp.ClientSession) -> None:
        self.name = name
        self._config = config
        self.public = f"http://127.0.0.1:{public}"
        self.private = f"http://127.0.0.1:{private}"
        self._http = http
        self.process: DaemonProcess | None = None

    async def start(self) -> None:
        self.process = await DaemonProcess.start(self._config)

    @property
    def running(self) -> DaemonProcess:
        assert self.process is not None
        return self.process

    async def tell(self, level: int, **changes: Any) -> None:
        """Have a browser say how good its connection is."""
        headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
        body = packed(post(quality(level), **changes))
        async with self._http.post(f"{self.public}/v1/telemetry", data=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()

    async def get(self, path: str) -> Any:
        async with self._http.get(f"{self.private}{path}", headers=_KNOWN) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        async with self._http.post(f"{self.private}{path}", json=body, headers=_KNOWN) as answer:
            return answer.status, await answer.json()

    async def metrics(self, path: str = "/metrics") -> str:
        async with self._http.get(f"{self.private}{path}", headers=_KNOWN) as answer:
            return await answer.text()

    async def duties(self) -> set[str]:
        """Return what it has to do."""
        return set(_HELD.findall(await self.metrics()))

    async def open_incidents(self) -> list[dict[str, Any]]:
        return [each for each in (await self.get("/api/v1/incidents"))["incidents"] if each["is_open"]]


@asynccontextmanager
async def replicas(folder: Path, postgres: str, count: int, **given: Any) -> AsyncIterator[tuple[list[Replica], Asked]]:
    """Run so many of them."""
    twilio, started, doors = Asked(), [], []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        try:
            for number in range(count):
                name, public, private = f"replica-{number}", free_port(), free_port()
                door = await Listener.open("127.0.0.1", 0, [web.get("/{tail:.*}", twilio.of(name))])
                doors.append(door)
                usual = settings()
                del usual["storage"]
                account = {**usual["accounts"][0], "name": "main", "base_url": f"http://127.0.0.1:{door.port}"}
                told = {
                    **usual,
                    "public": {**usual["public"], "port": public},
                    "private": {"port": private, "access_token": TOKEN},
                    "accounts": [{**account, "requests_per_s": 50, "burst_requests": 50}],
                    "polling": {"rooms_every_s": 0.2, "skip": [each for each in RESOURCES if each != "rooms"]},
                    "cluster": {"postgres": postgres, "clickhouse": NOBODY, "replica": name},
                    **given,
                }
                config = write_config(folder / f"{name}.toml", told)
                started.append(Replica(name, config, public, private, http))
            await asyncio.gather(*[replica.start() for replica in started])
            yield started, twilio
        finally:
            for replica in started:
                if replica.process is not None:
                    await replica.process.kill()
            for door in doors:
                await door.close()


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until something holds, and return it."""
    async with asyncio.timeout(WITHIN_S):
        while not (found := await holds()):
            await asyncio.sleep(0.05)
        return found


async def who_has(duty: str, among: list[Replica]) -> Replica:
    """Return who has a duty, once somebody does."""

    async def found() -> Replica | None:
        for replica in among:
            if duty in await replica.duties():
                return replica
        return None

    holder = await until(found)
    assert isinstance(holder, Replica)
    return holder

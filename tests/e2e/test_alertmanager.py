"""A real Alertmanager shows what a real daemon sees: as long as it is so, and though the daemon is killed meanwhile."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.builders import INGEST_KEY
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port
from tests.e2e.installation import Installation, installed
from tests.e2e.tools import HANGS_AFTER_S, running, tool

pytestmark = pytest.mark.e2e

REFRESH_S = 4.0  # what is not sent for four times as long ends by itself, which a busy machine must not bring about
SELDOM_S = 600.0
RESOLVE_TIMEOUT_S = 2  # after which an Alertmanager lets an alert go that bears no end of its own

RULE = {
    "name": "ConnectionLost",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "severity": "critical",
    "summary": "{participant_sid} has a bad connection.",
}
ROOM, PERSON = "RM" + "a" * 32, "PA" + "b" * 32


class Sink:
    """What the Alertmanager notifies."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended_at = ""  # of the last that was over
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.heard.append(told["status"])
        self.ended_at = told["alerts"][0]["endsAt"]
        return web.Response()


class Alertmanager:
    """The little of its API that we ask for."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def active(self) -> list[dict[str, Any]]:
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/api/v2/alerts?active=true") as answer:
            alerts = await answer.json()
        return [alert for alert in alerts if alert["labels"]["alertname"] == RULE["name"]]

    async def is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


async def until(holds: Callable[[], Awaitable[Any]], what: str, within_s: float = HANGS_AFTER_S) -> Any:
    end = time.monotonic() + within_s
    while not (answer := await holds()):
        assert time.monotonic() < end, f"expected {what} within {within_s} s"
        await asyncio.sleep(0.1)
    return answer


@asynccontextmanager
async def alertmanager(folder: Path, port: int, sink: Sink) -> AsyncIterator[Alertmanager]:
    """Run one that knows nothing yet."""
    route = {"receiver": "sink", "group_wait": "0s", "group_interval": "1s"}
    receivers = [{"name": "sink", "webhook_configs": [{"url": sink.url}]}]
    config = {"global": {"resolve_timeout": f"{RESOLVE_TIMEOUT_S}s"}, "route": route, "receivers": receivers}
    file = folder.with_suffix(".yml")
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        tool("prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    with running(command):
        it = Alertmanager(f"http://127.0.0.1:{port}")
        await until(it.is_ready, "an Alertmanager that is ready")
        yield it


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink, app = Sink(), web.Application()
    app.router.add_post("/", sink.take)
    async with TestServer(app) as server:
        sink.url = str(server.make_url("/"))
        yield sink


class Watched:
    """A daemon that watches one person, and can be killed; or a cluster, all replicas of it at once."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._seq = 0
        self._daemons: list[DaemonProcess] = []

    async def start(self) -> None:
        configs = [each.config for each in self._installation.processes]
        self._daemons = await asyncio.gather(*(DaemonProcess.start(config) for config in configs))

    async def kill(self) -> None:
        for daemon in self._daemons:
            await daemon.kill()

    async def report(self, level: int) -> None:
        """Tell how well the person is connected."""
        self._seq += 1
        event = {"type": "network_quality", "at": int(time.time() * 1000), "level": level}
        body = {
            "v": 1,
            "session": "session-1",
            "seq": self._seq,
            "room_sid": ROOM,
            "participant_sid": PERSON,
            "events": [event],
        }
        url, headers = f"{self._installation.public}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        async with aiohttp.ClientSession() as http, http.post(url, data=json.dumps(body), headers=headers) as answer:
            assert answer.status == 202, await answer.text()


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def refresh_s() -> float:
    return REFRESH_S


@pytest.fixture
async def watched(tmp_path: Path, ports: tuple[int, int], refresh_s: float) -> AsyncIterator[Watched]:
    told = settings(
        storage={},
        accounts=[],
        alerts={"instance": "e2e"},
        alertmanager={"urls": [f"http://127.0.0.1:{port}" for port in ports], "refresh_s": refresh_s},
        rules=[RULE],
    )
    with installed(tmp_path, told) as installation:
        watched = Watched(installation)
        await watched.start()
        yield watched
        await watched.kill()


async def shown_by(*members: Alertmanager) -> list[dict[str, Any]]:
    """Return the one alert that each of them shows."""
    alerts = [await until(each.active, "the alert") for each in members]
    assert [len(each) for each in alerts] == [1] * len(members)
    return [each[0] for each in alerts]


async def test_an_alert_is_shown_for_exactly_as_long_as_it_is_so(
    tmp_path: Path, ports: tuple[int, int], sink: Sink, watched: Watched
) -> None:
    one, two = (alertmanager(tmp_path / name, port, sink) for name, port in zip(("one", "two"), ports, strict=True))
    async with one as one, two as two:
        await watched.report(level=0)
        first, _ = await shown_by(one, two)
        assert first["labels"] == {
            "alertname": "ConnectionLost",
            "severity": "critical",
            "kind": "participant",
            "entity": f"{ROOM}/{PERSON}",
            "room": ROOM,
            "instance": "e2e",
        }
        assert first["annotations"]["summary"] == f"{PERSON} has a bad connection."

        # It stays, however soon they would let it go, and nobody is told anything else.
        await asyncio.sleep(RESOLVE_TIMEOUT_S)

        async def is_sent_again() -> bool:
            return (await shown_by(one))[0]["endsAt"] > first["endsAt"]

        await until(is_sent_again, "a later end")
        kept, _ = await shown_by(one, two)
        assert kept["startsAt"] == first["startsAt"]
        assert set(sink.heard) == {"firing"}

        await watched.report(level=5)

        async def is_over() -> bool:
            return not await one.active() and not await two.active() and "resolved" in sink.heard

        await until(is_over, "the end of the alert")
        assert datetime.fromisoformat(sink.ended_at) < datetime.fromisoformat(kept["endsAt"]), "told, not waited for"


@pytest.mark.promise("P26")
@pytest.mark.parametrize("refresh_s", [SELDOM_S])  # so that it is shown again because the daemon starts
async def test_a_daemon_that_was_killed_shows_the_same_alert_again_also_to_who_lost_it(
    tmp_path: Path, ports: tuple[int, int], sink: Sink, watched: Watched
) -> None:
    async with alertmanager(tmp_path / "one", ports[0], sink) as one:
        async with alertmanager(tmp_path / "two", ports[1], sink) as two:
            await watched.report(level=0)
            first, _ = await shown_by(one, two)
            await watched.kill()
        async with alertmanager(tmp_path / "two anew", ports[1], sink) as two:
            await watched.start()
            again, anew = await shown_by(one, two)
        assert again["fingerprint"] == anew["fingerprint"] == first["fingerprint"]
        assert again["startsAt"] == anew["startsAt"] == first["startsAt"]
        assert set(sink.heard) == {"firing"}

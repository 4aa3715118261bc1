"""A daemon that pages a ladder of receivers about a bad connection, and whoever they are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from alerts.model import Group
from monitor.http.server import Listener
from tests.builders import INGEST_KEY, packed, post, quality
from tests.conftest import Running

WITHIN_S = 60.0
AT_ONCE = {
    "name": "ParticipantQualityDegraded",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "severity": "critical",
    "summary": "{identity} is badly connected.",
}


class People:
    """Receivers by webhook, each at a path of its own, and every post to anything else with its body."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[tuple[str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.others: list[tuple[str, bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        message = await request.json()
        self.heard.append((request.match_info["who"], message["roomwatch"]["kind"]))
        self.messages.append(message["roomwatch"])
        return web.Response()

    async def take_other(self, request: web.Request) -> web.Response:
        self.others.append((request.path, await request.read()))
        if request.path.endswith(("Messages.json", "Calls.json")):
            return web.json_response({"sid": "SM" + "a" * 32, "status": "queued"}, status=201)
        if request.path.endswith("chat.postMessage"):
            return web.json_response({"ok": True, "channel": "C1", "ts": "1.2"})
        return web.json_response({"ok": True, "status": "success"}, status=202)

    def told(self, kind: str) -> list[str]:
        """Return who was told such a thing, in order."""
        return [who for who, what in self.heard if what == kind]

    def receivers(self, *names: str) -> dict[str, Any]:
        """Return receivers by webhook."""
        return {name: {"kind": "webhook", "url": f"{self.url}/people/{name}"} for name in names}


@asynccontextmanager
async def people() -> AsyncIterator[People]:
    """Let receivers listen."""
    them = People()
    routes = [web.post("/people/{who}", them.take), web.post("/{tail:.*}", them.take_other)]
    door = await Listener.open("127.0.0.1", 0, routes)
    them.url = f"http://127.0.0.1:{door.port}"
    yield them
    await door.close()


def ladder(*steps: tuple[str, str], **given: Any) -> dict[str, Any]:
    """Return settings that tell one receiver after the other: when, and whom."""
    return {
        "rules": [AT_ONCE],
        "escalations": {"ladder": {"steps": [{"after": after, "receivers": [who]} for after, who in steps]}},
        "routes": [{"escalation": "ladder"}],
        **given,
    }


async def tell(running: Running, level: int) -> None:
    """Have a browser say how good its connection is."""
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    body = packed(post(quality(level)))
    async with running.http.post(f"{running.public}/v1/telemetry", data=body, headers=headers) as answer:
        assert answer.status == 202


async def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.01)


async def opened(running: Running) -> Group:
    """Have an incident begin, and return its group."""
    await tell(running, 1)
    await until(running.daemon.evaluation.groups.open_incidents)
    return the_group(running)


def the_group(running: Running) -> Group:
    """Return the group of the only incident."""
    [group] = running.daemon.evaluation.groups.open_incidents()
    return group

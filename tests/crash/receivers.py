"""Who is paged: receivers that open and close incidents, and are as unreliable as real ones."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

TRIGGER, RESOLVE = "trigger", "resolve"
FAILS = 0.1  # of the requests are answered 500 and not heard
DAWDLES = 0.2  # are answered late
DAWDLES_S = (0.05, 0.4)


class Pager:
    """Keeps incidents by their dedup key.  While it is frozen it answers nobody, though it may have heard them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.is_healthy = False
        self.triggered: set[str] = set()
        self.resolved: set[str] = set()
        self.ids: defaultdict[tuple[str, str], set[str]] = defaultdict(
            set
        )  # by key and kind: what repeats are known by
        self.heard = 0
        self.offences: list[str] = []
        self._thawed = asyncio.Event()
        self._thawed.set()
        self.is_holding = asyncio.Event()

    def freeze(self) -> None:
        """Answer nobody."""
        self._thawed.clear()
        self.is_holding.clear()

    def thaw(self) -> None:
        """Answer again."""
        self._thawed.set()

    async def take(self, kind: str, key: str, message_id: str) -> int:
        """Take one event as a receiver would, and return the status to answer."""
        if kind == TRIGGER and key in self.resolved:
            self.offences.append(f"{key}: triggered again after its resolve")
        if not self._thawed.is_set():
            self.is_holding.set()
            if self._chance.random() < 0.5:
                self._hear(kind, key, message_id)
            await self._thawed.wait()
            return 503
        if not self.is_healthy and self._chance.random() < FAILS:
            return 500
        self._hear(kind, key, message_id)
        if not self.is_healthy and self._chance.random() < DAWDLES:
            await asyncio.sleep(self._chance.uniform(*DAWDLES_S))
        return 202

    def _hear(self, kind: str, key: str, message_id: str) -> None:
        self.heard += 1
        self.ids[key, kind].add(message_id)
        (self.triggered if kind == TRIGGER else self.resolved).add(key)


class Receivers:
    """A webhook and a PagerDuty on one local server."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.hook, self.pagerduty = Pager(chance), Pager(chance)
        self.pagers = {"hook": self.hook, "pager": self.pagerduty}

    async def _post_to_hook(self, request: web.Request) -> web.Response:
        message = await request.json()
        kind = {"firing": TRIGGER, "resolved": RESOLVE}[message["status"]]
        return web.Response(
            status=await self.hook.take(kind, message["roomwatch"]["dedup_key"], request.headers["webhook-id"])
        )

    async def _enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        key = event["dedup_key"]
        status = await self.pagerduty.take(event["event_action"], key, key)
        return web.json_response({"status": "success", "dedup_key": key}, status=status)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve, and yield the address."""
        app = web.Application()
        app.router.add_post("/hook", self._post_to_hook)
        app.router.add_post("/v2/enqueue", self._enqueue)
        server = TestServer(app)
        await server.start_server()
        try:
            yield str(server.make_url("/")).rstrip("/")
        finally:
            for pager in self.pagers.values():
                pager.thaw()
            await server.close()

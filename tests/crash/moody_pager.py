"""A pager that is as moody as real ones, counts what it opens and closes, and enforces its limit.

One incident is open under a key at any time: a trigger attaches to it, a trigger after its resolve opens a second one.
PagerDuty is told under our dedup key, webhooks by what they carry; to an Alertmanager's, a group of one alert is its
entity.
"""

import json
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.crash.moods import HANGS_FOR_S, RETRY_AFTER_S, Mood, Moods, hang_up

TRIGGER, RESOLVE = "trigger", "resolve"
MINUTE_S = 60.0


class Incidents:
    """What one receiver was told, by key."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()  # how often under each key
        self.open: set[str] = set()
        self.closed: set[str] = set()
        self.accepted: Counter[tuple[str, str]] = Counter()  # answered with yes, by kind and key
        self.entities: dict[str, str] = {}  # by key

    def hear(self, kind: str, key: str, entity: str) -> None:
        """Take one event."""
        if kind == RESOLVE:
            self.open.discard(key)
            self.closed.add(key)
            return
        self.entities[key] = entity
        if key not in self.open:
            self.opened[key] += 1
        self.open.add(key)

    @property
    def opened_twice(self) -> int:
        """How many keys more than one incident was opened under."""
        return sum(times > 1 for times in self.opened.values())

    @property
    def told_again(self) -> int:
        """How many triggers came although one had been answered with yes."""
        return sum(times > 1 for (kind, _), times in self.accepted.items() if kind == TRIGGER)


class MoodyPager:
    """A PagerDuty, a webhook of ours and one of an Alertmanager's, on one local server, all of one mood."""

    def __init__(self, seed: int, events_per_minute: int) -> None:
        self._events_per_minute = events_per_minute
        self._arrived_at: deque[float] = deque()
        self.moods = Moods(seed)
        self.pager, self.hook, self.alertmanager = Incidents(), Incidents(), Incidents()
        self.moods_met: Counter[Mood] = Counter()
        self.beyond_limit = 0

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve, and yield the address."""
        app = web.Application()
        app.router.add_post("/v2/enqueue", self._enqueue)
        app.router.add_post("/hook", self._post_to_hook)
        app.router.add_post("/alertmanager", self._post_by_alertmanager)
        server = TestServer(app)
        await server.start_server()
        try:
            yield str(server.make_url("/")).rstrip("/")
        finally:
            self.moods.end()
            await server.close()

    async def _enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        if self._is_beyond_limit():
            self.beyond_limit += 1
            return _later()
        entity = event.get("payload", {}).get("component", "")
        return await self._take(request, self.pager, event["event_action"], event["dedup_key"], entity)

    async def _post_to_hook(self, request: web.Request) -> web.Response:
        message = await request.json()
        kind = {"firing": TRIGGER, "resolved": RESOLVE}[message["status"]]
        key = message["roomwatch"]["dedup_key"]
        return await self._take(request, self.hook, kind, key, message["alerts"][0]["labels"].get("entity", ""))

    async def _post_by_alertmanager(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        kind = {"firing": TRIGGER, "resolved": RESOLVE}[message["status"]]
        (entity,) = {alert["labels"]["entity"] for alert in message["alerts"]}
        return await self._take(request, self.alertmanager, kind, entity, entity)

    async def _take(self, request: web.Request, incidents: Incidents, kind: str, key: str, entity: str) -> web.Response:
        mood = self.moods.now()
        self.moods_met[mood] += 1
        if mood is Mood.REFUSES:
            return web.Response(status=500)
        if mood is Mood.LIMITS:
            return _later()
        if mood is not Mood.WELL:
            if self.moods.has_heard():
                incidents.hear(kind, key, entity)
            return await hang_up(request, HANGS_FOR_S if mood is Mood.HANGS else 0.0)
        incidents.hear(kind, key, entity)
        incidents.accepted[kind, key] += 1
        return web.json_response({"status": "success", "dedup_key": key}, status=202)

    def _is_beyond_limit(self) -> bool:
        now = monotonic()
        while self._arrived_at and self._arrived_at[0] <= now - MINUTE_S:
            self._arrived_at.popleft()
        self._arrived_at.append(now)
        return len(self._arrived_at) > self._events_per_minute


def _later() -> web.Response:
    return web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER_S)})

"""Those who are told, and when they heard of it: `python -m tests.benchmarks.desks PORT`.

`/quick` answers at once; `/hangs` never does; `/v2/enqueue` takes 120 events a minute, as PagerDuty does, in a window
that slides, and answers 429 to more.  `/heard` says when each word arrived, on the clock that all processes of a
machine share, and how many were refused; asking begins the count anew.
"""

import asyncio
import sys
import time
from collections import deque

import orjson
import uvloop
from aiohttp import web

EVENTS, WINDOW_S = 120, 60.0


class Desks:
    """What was heard since somebody asked."""

    def __init__(self) -> None:
        self._heard_at_s: dict[str, float] = {}
        self._events: deque[float] = deque()
        self._refused = 0

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/quick", self.quick),
            web.post("/hangs", self.hang),
            web.post("/v2/enqueue", self.enqueue),
            web.get("/heard", self.heard),
        ]

    async def quick(self, request: web.Request) -> web.Response:
        """Answer at once."""
        self._heard_at_s.setdefault(request.headers["webhook-id"], time.monotonic())
        await request.read()
        return web.Response(status=204)

    async def hang(self, request: web.Request) -> web.Response:
        """Never answer."""
        await request.read()
        await asyncio.Event().wait()
        return web.Response()

    async def enqueue(self, request: web.Request) -> web.Response:
        """Take so many events a minute."""
        now_s = time.monotonic()
        while self._events and self._events[0] <= now_s - WINDOW_S:
            self._events.popleft()
        self._events.append(now_s)
        event = orjson.loads(await request.read())
        if len(self._events) > EVENTS:
            self._refused += 1
            return web.Response(status=429)
        self._heard_at_s.setdefault(event["dedup_key"], now_s)
        return web.json_response({"status": "success"}, status=202)

    async def heard(self, _: web.Request) -> web.Response:
        """Say what was heard, and forget it; PagerDuty forgets its minute, too."""
        said = {"heard_at_s": self._heard_at_s, "refused": self._refused}
        self._heard_at_s, self._refused = {}, 0
        self._events.clear()
        return web.Response(body=orjson.dumps(said), content_type="application/json")


def main() -> None:
    """Serve until killed."""
    app = web.Application()
    app.add_routes(Desks().routes())
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main()

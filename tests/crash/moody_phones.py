"""Phones that are sent text messages through a Twilio that may have sent one though it did not say so.

Nothing tells it that two messages are one: whoever repeats says so in the text, or the person is told twice.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.crash.moods import hang_up

DAWDLES_S = (0.0, 0.4)
SILENT = 0.1  # of the messages are sent, and no answer comes
_MARK = "(possible duplicate)"
_WHO = re.compile(r"PA[0-9a-f]{32}")


class Phones:
    """What was sent to which number."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"phones {seed}")
        self.heard: Counter[tuple[str, str, str]] = Counter()  # by number, whom it is about, and its first word
        self.unmarked: Counter[tuple[str, str, str]] = Counter()  # those that do not say that they may be a repeat

    @property
    def said_twice(self) -> int:
        """How many messages came again and did not say so."""
        return sum(times - 1 for times in self.unmarked.values() if times > 1)

    @property
    def marked(self) -> int:
        """How many said that they may be a repeat."""
        return self.heard.total() - self.unmarked.total()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve, and yield the address."""
        app = web.Application()
        app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", self._take)
        server = TestServer(app)
        await server.start_server()
        try:
            yield str(server.make_url("/")).rstrip("/")
        finally:
            await server.close()

    async def _take(self, request: web.Request) -> web.Response:
        form = await request.post()
        text = str(form["Body"])
        who = _WHO.search(text)
        key = (str(form["To"]), who[0] if who else text, text.split(":", maxsplit=1)[0])
        self.heard[key] += 1
        self.unmarked[key] += _MARK not in text
        await asyncio.sleep(self._chance.uniform(*DAWDLES_S))
        if self._chance.random() < SILENT:
            return await hang_up(request)
        sid = f"SM{self._chance.getrandbits(128):032x}"
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

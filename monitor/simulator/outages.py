"""How does the REST API behave when it is unwell?

An episode of the policy decides what becomes of a request before anybody reads it: no answer at all, a 5xx, or a 200
with something in it that nobody can use.
"""

import asyncio

from aiohttp import web

from monitor.simulator.errors import TwilioError
from monitor.simulator.scenarios import Episode, RestPolicy

HANGS_FOR_S = 120.0  # longer than anybody waits; then the connection is cut, so that none is kept for ever
FAILURES = ((500, 20500, "Internal Server Error"), (503, 20503, "Service Unavailable"))
PAGE = b"<!DOCTYPE html><html><head><title>Twilio</title></head><body>We will be back soon.</body></html>"
CUT_JSON = b'{"rooms": [{"sid": "RM00000000000000000000000000000000", "status": "in-pro'


class Outages:
    """What is wrong with the REST API just now."""

    def __init__(self, policy: RestPolicy) -> None:
        self._policy = policy
        self._turn = 0

    async def befall(self, request: web.Request, elapsed_s: float) -> web.Response | None:
        """Return what is answered in place of the truth, or None where nothing is wrong.

        Raises:
            TwilioError: it is one of the answers with a 5xx.
        """
        if _is_on(self._policy.hanging, elapsed_s):
            return await _hang(request)
        if _is_on(self._policy.failing, elapsed_s):
            raise TwilioError(*FAILURES[self._next_turn()])
        if _is_on(self._policy.garbled, elapsed_s):
            return _garbage(self._next_turn())
        return None

    def _next_turn(self) -> int:
        self._turn = 1 - self._turn
        return self._turn


def _is_on(episode: Episode | None, elapsed_s: float) -> bool:
    return episode is not None and episode.is_on(elapsed_s)


async def _hang(request: web.Request) -> web.Response:
    await asyncio.sleep(HANGS_FOR_S)
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=504)  # which nobody hears any more


def _garbage(turn: int) -> web.Response:
    if turn:
        return web.Response(body=PAGE, content_type="text/html")
    return web.Response(body=CUT_JSON, content_type="application/json")

"""How many connections may there be, and how long may each keep us waiting?

No connection has a timer.  Once a second all of them are looked over, and whoever has used up the time of its stage is
ended; so a post pays nothing for it.

Where there are as many as may be, those that have kept us waiting longest make room: whoever knocks has something to
say now, and a browser whose idle connection is closed opens another.  Turning newcomers away instead would let anybody
shut the door for all by holding connections open.  Only if there is nobody to send away is a newcomer told to come
back.
"""

import asyncio
import math
import resource
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from enum import Enum
from heapq import nsmallest
from itertools import islice
from logging import getLogger
from typing import Protocol, cast

from aiohttp import web

from monitor.http.response import FULL

_log = getLogger(__name__)

MAX_CONNECTIONS = 20_000
IDLE_S = 75.0  # longer than proxies keep theirs, or they would post into a connection that is just being closed
REQUEST_S = 30.0  # from the first byte of a request to its last
MAX_KEPT_BYTES = 128 * 1024 * 1024  # of requests that are not whole yet, all together
LOOK_EVERY_S = 1.0
STOP_S = 5.0  # how long a stop waits for answers
ROOM_RATIO = 0.01  # of all connections make room at once, so that a flood is not a search for each of its drops
RESERVED_FILES = 200  # for the database, Twilio, receivers and the private listener


class Stage(Enum):
    """What a connection waits for, and for how many seconds at most."""

    IDLE = "a request", IDLE_S
    HEAD = "the rest of the head", REQUEST_S
    BODY = "the rest of the body", REQUEST_S
    ANSWER = "our answer", math.inf
    READER = "the client to read what it was answered", REQUEST_S
    END = "the client to close", 10.0

    def __init__(self, what: str, limit_s: float) -> None:
        self.what = what
        self.limit_s = limit_s


class Connected(Protocol):
    """A connection, as it is looked over."""

    transport: asyncio.Transport
    stage: Stage
    since_s: float  # when it began to keep us waiting

    @property
    def kept_bytes(self) -> int:
        """How much of it is in memory."""

    def expire(self) -> None:
        """End it, since the time of its stage is used up."""


class Connections:
    """The connections of one listener.  Those that aiohttp serves are counted, but it looks after them itself."""

    def __init__(self, server: web.Server, max_connections: int) -> None:
        self._server = server
        self._max = max_connections
        self._loop = asyncio.get_running_loop()
        self._open: set[Connected] = set()
        self._handed_over = 0  # an estimate: of those that have ended since, only the next look knows
        self._turned_away = 0
        self._none_left = asyncio.Event()
        self.is_closing = False
        self._look()

    def admit(self, connection: Connected) -> bool:
        """Return whether there is room for one more."""
        is_let_in = not self.is_closing and (self._has_room() or self._make_room())
        if is_let_in:
            self._open.add(connection)
        else:
            self._turned_away += 1
        return is_let_in

    def leave(self, connection: Connected) -> None:
        """Forget a connection that has ended."""
        self._open.discard(connection)
        if not self._open:
            self._none_left.set()

    def hand_over(self, connection: Connected) -> None:
        """Forget a connection that is aiohttp's now."""
        self._handed_over += 1
        self.leave(connection)

    async def close(self) -> None:
        """Let the answers go out that are owed, and end every connection."""
        self.is_closing = True
        self._next_look.cancel()
        for each in self._open:
            if each.stage is not Stage.ANSWER:
                each.transport.close()
        if self._open:
            self._none_left.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._none_left.wait()
        for each in self._open:
            each.transport.abort()

    # --- room ---------------------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        return len(self._open) + self._handed_over < self._max

    def _make_room(self) -> bool:
        handlers = _connected(self._server)
        self._handed_over = len(handlers)
        if self._has_room():
            return True
        count = max(1, int(self._max * ROOM_RATIO))
        if self._handed_over > len(self._open):
            closed = _close_idle(handlers, count)
            self._handed_over -= closed
            return closed > 0
        waiting = [each for each in self._open if each.stage is not Stage.ANSWER]
        for each in nsmallest(count, waiting, key=lambda each: each.since_s):
            self._drop(each)
        return bool(waiting)

    def _drop(self, connection: Connected) -> None:
        connection.transport.abort()
        self._open.discard(connection)

    # --- once a second ------------------------------------------------------------------------------------

    def _look(self) -> None:
        self.now_s = self._loop.time()
        self.date = formatdate(usegmt=True).encode()
        self._handed_over = len(self._server.connections)
        if self._turned_away:
            _log.warning("%d connections turned away: there are %d, the most allowed", self._turned_away, self._max)
            self._turned_away = 0
        for each in [each for each in self._open if self.now_s - each.since_s > each.stage.limit_s]:
            each.expire()
        self._shed()
        self._next_look = self._loop.call_later(LOOK_EVERY_S, self._look)

    def _shed(self) -> None:
        """Drop the largest requests that are under way, where all together are too much to keep in memory."""
        kept = {each: each.kept_bytes for each in self._open if each.stage is not Stage.IDLE}
        too_much = sum(kept.values()) - MAX_KEPT_BYTES
        for each in sorted(kept, key=kept.__getitem__, reverse=True) if too_much > 0 else ():
            self._drop(each)
            too_much -= kept[each]
            if too_much <= 0:
                break


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(FULL)
        transport.close()


class Plain:
    """The way in where aiohttp serves every connection."""

    def __init__(self, server: web.Server, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._server = server
        self._max = max_connections

    def __call__(self) -> asyncio.Protocol:
        """Return a protocol, as `create_server` wants it."""
        return self._server() if self._has_room() else _TurnedAway()

    def _has_room(self) -> bool:
        if len(self._server.connections) < self._max:  # it still counts those that are just being closed
            return True
        handlers = _connected(self._server)
        return len(handlers) < self._max or _close_idle(handlers, max(1, int(self._max * ROOM_RATIO))) > 0

    async def close(self) -> None:
        """Do nothing: aiohttp ends what it serves."""


def _connected(server: web.Server) -> list[web.RequestHandler]:
    """Return aiohttp's connections, the oldest first."""
    return [handler for handler in server.connections if handler.connected]


def _close_idle(handlers: Iterable[web.RequestHandler], count: int) -> int:
    """Close so many that are not being answered, and return how many there were."""
    # Which those are, aiohttp does not tell in public.
    idle = list(islice((each for each in handlers if getattr(each, "_current_request", None) is None), count))
    for handler in idle:
        handler.force_close()
    return len(idle)


def room_for(wanted: int) -> int:
    """Return how many connections there can be; each needs an open file, of which we ask for all we may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            _log.info("open files: raised from %d to %d", soft, hard)
            soft = hard
        except (ValueError, OSError) as error:  # macOS gives less than it says
            _log.warning("open files: could not be raised from %d to %d: %s", soft, hard, error)
    if soft == resource.RLIM_INFINITY or wanted + RESERVED_FILES <= soft:
        return wanted
    allowed = max(1, soft - RESERVED_FILES)
    _log.info("open files: %d allow %d connections, public.max_connections wants %d", soft, allowed, wanted)
    return allowed

"""How many connections may there be, and how long may each keep us waiting?

No connection has a timer.  Once a second all of them are looked over, and whoever has used up the time of its stage is
ended; so a post pays nothing for it.

Where there are as many as may be, those that have kept us waiting longest make room: whoever knocks has something to
say now, and a browser whose idle connection is closed opens another.  Turning newcomers away instead would let anybody
shut the door for all by holding connections open.  Only if there is nobody to send away is a newcomer told to come
back.  One address among many is another matter: where it has as many as it may, its own newcomers are turned away.
"""

import asyncio
import math
import resource
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import formatdate
from enum import Enum
from heapq import nsmallest
from logging import getLogger
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from monitor.http.response import FULL
from monitor.settings import ConnectionLimits

_log = getLogger(__name__)

MAX_CONNECTIONS = 20_000
MAX_KEPT_BYTES = 128 * 1024 * 1024  # of requests that are not whole yet, all together
LOOK_EVERY_S = 1.0
STOP_S = 5.0  # how long a stop waits for answers
CLOSING_S = 10.0  # how long a client may take to close what is over
ROOM_RATIO = 0.01  # of all connections make room at once, so that a flood is not a search for each of its drops
RESERVED_FILES = 200  # for the database, Twilio and receivers
PRIVATE_FILES_RATIO = 0.25  # of what there is, where there is not enough for both listeners

_OF_STATUS = {408: "body_time", 413: "body_bytes", 431: "headers"}


class Stage(Enum):
    """What a connection waits for."""

    IDLE = "a request"
    HEAD = "the rest of the head"
    BODY = "the rest of the body"
    ANSWER = "our answer"
    READER = "the client to read what it was answered"
    END = "the client to close"


class Bounds(Struct, frozen=True):
    """What a listener allows.

    `counted_as` returns whom an address counts as, None for whom there is no limit; `is_welcome` decides by what a
    connection has shown in its handshake; `count` is told of each refusal, by its reason (`monitor.metrics.LIMITS`).
    """

    limits: ConnectionLimits = ConnectionLimits()
    most: int = MAX_CONNECTIONS
    most_each: int = MAX_CONNECTIONS
    counted_as: Callable[[str], str | None] = lambda _: None
    is_welcome: Callable[[asyncio.BaseTransport], bool] = lambda _: True
    count: Callable[[str], object] = lambda _: None

    def limits_s(self) -> Mapping[Stage, float]:
        """Return for how many seconds each stage may last."""
        limits = self.limits
        return {
            Stage.IDLE: limits.idle_s,
            Stage.HEAD: limits.head_s,
            Stage.BODY: limits.body_s,
            Stage.ANSWER: math.inf,
            Stage.READER: limits.reading_s,
            Stage.END: CLOSING_S,
        }

    def count_status(self, status: int) -> None:
        """Count a refusal by its status, if that is one of a limit."""
        if status in _OF_STATUS:
            self.count(_OF_STATUS[status])


class Connected(Protocol):
    """A connection, as it is looked over."""

    transport: Any  # an asyncio.Transport, or None when it is gone
    counted_as: str | None

    @property
    def stage(self) -> Stage:
        """What it waits for."""

    @property
    def since_s(self) -> float:
        """When it began to keep us waiting."""

    @property
    def kept_bytes(self) -> int:
        """How much of it is in memory."""

    def expire(self) -> None:
        """End it, since the time of its stage is used up."""

    def finish(self) -> None:
        """End it, after the answer that is owed."""


class Connections:
    """The connections of one listener, whoever serves them."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.limits_s = bounds.limits_s()
        self._loop = asyncio.get_running_loop()
        self._open: set[Connected] = set()
        self._of_address: Counter[str] = Counter()
        self._turned_away = 0
        self._none_left = asyncio.Event()
        self.is_closing = False
        self._look()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._open)

    def admit(self, connection: Connected) -> bool:
        """Return whether there is room for one more; who is not let in is told so, and its connection closed."""
        peer: str = (connection.transport.get_extra_info("peername") or ("",))[0]
        counted_as = connection.counted_as = self.bounds.counted_as(peer)
        refused = self._refusal(connection, counted_as)
        if refused is None:
            self._open.add(connection)
            if counted_as is not None:
                self._of_address[counted_as] += 1
            return True
        self.bounds.count(refused)
        self._turn_away(connection, refused)
        return False

    def leave(self, connection: Connected) -> None:
        """Forget a connection that has ended."""
        if connection not in self._open:
            return
        self._open.discard(connection)
        address = connection.counted_as
        if address is not None:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]
        if not self._open:
            self._none_left.set()

    def replace(self, connection: Connected, by: Connected) -> None:
        """Know a connection as another from now on: somebody else serves it."""
        by.counted_as = connection.counted_as
        self._open.discard(connection)
        self._open.add(by)

    async def close(self) -> None:
        """Let the answers go out that are owed, and end every connection."""
        self.is_closing = True
        self._next_look.cancel()
        for each in list(self._open):
            each.finish()
        if self._open:
            self._none_left.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._none_left.wait()
        for each in list(self._open):
            _abort(each)

    # --- room ---------------------------------------------------------------------------------------------

    def _refusal(self, connection: Connected, address: str | None) -> str | None:
        if not self.bounds.is_welcome(connection.transport):
            return "certificate"
        if address is not None and self._of_address[address] >= self.bounds.most_each:
            return "address"
        if self.is_closing or not (len(self._open) < self.bounds.most or self._make_room()):
            return "connections"
        return None

    def _turn_away(self, connection: Connected, why: str) -> None:
        self._turned_away += 1
        if why != "certificate":  # who may not come in is told nothing
            connection.transport.write(FULL)
        connection.transport.close()

    def _make_room(self) -> bool:
        waiting = [each for each in self._open if each.stage is not Stage.ANSWER]
        count = max(1, int(self.bounds.most * ROOM_RATIO))
        for each in nsmallest(count, waiting, key=lambda each: each.since_s):
            self._drop(each, "connections")
        return bool(waiting)

    def _drop(self, connection: Connected, why: str) -> None:
        self.bounds.count(why)
        _abort(connection)
        self.leave(connection)

    # --- once a second ------------------------------------------------------------------------------------

    def _look(self) -> None:
        self.now_s = self._loop.time()
        self.date = formatdate(usegmt=True).encode()
        if self._turned_away:
            _log.warning(
                "%d connections turned away: there are %d of the %d allowed, and %d from one address",
                self._turned_away, len(self._open), self.bounds.most, self.bounds.most_each,
            )  # fmt: skip
            self._turned_away = 0
        for each in [each for each in self._open if self.now_s - each.since_s > self.limits_s[each.stage]]:
            each.expire()
        self._shed()
        self._next_look = self._loop.call_later(LOOK_EVERY_S, self._look)

    def _shed(self) -> None:
        """Drop the largest requests that are under way, where all together are too much to keep in memory."""
        kept = {each: each.kept_bytes for each in self._open if each.stage is not Stage.IDLE}
        too_much = sum(kept.values()) - MAX_KEPT_BYTES
        for each in sorted(kept, key=kept.__getitem__, reverse=True) if too_much > 0 else ():
            self._drop(each, "memory")
            too_much -= kept[each]
            if too_much <= 0:
                break


def _abort(connection: Connected) -> None:
    if connection.transport is not None:
        connection.transport.abort()


class Rooms(NamedTuple):
    """How many connections each listener may have."""

    public: int
    private: int


def room_for(public: int, private: int) -> Rooms:
    """Return how many connections there can be; each needs an open file, of which we ask for all we may have.

    Where there are not enough for all, the private listener has its part, whatever comes to the public one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            _log.info("open files: raised from %d to %d", soft, hard)
            soft = hard
        except (ValueError, OSError) as error:  # macOS gives less than it says
            _log.warning("open files: could not be raised from %d to %d: %s", soft, hard, error)
    rooms = divided(public, private, math.inf if soft == resource.RLIM_INFINITY else soft)
    if rooms != (public, private):
        _log.info("open files: %d allow %d public and %d private connections", soft, *rooms)
    return rooms


def divided(public: int, private: int, files: float) -> Rooms:
    """Return how many connections each listener can have with so many open files."""
    free = max(2.0, files - RESERVED_FILES)
    if public + private <= free:
        return Rooms(public, private)
    own = min(private, max(1, int(free * PRIVATE_FILES_RATIO)))
    return Rooms(min(public, int(free) - own), own)

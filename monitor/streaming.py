"""How does somebody who looks at a call see it go on?

Whoever looks has a `Watch`, which collects what the pipeline has applied of that one room; every two seconds it is laid
out anew and what has changed is told.  Nothing is done where nobody looks: an event costs one look into an empty table.

There are so many watches and not more; each ends when its room is over, or when the daemon does.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from logging import getLogger
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from alerts.model import Incident
from collectors.events import Event
from monitor.call_views import CallViews
from monitor.entities import Room
from monitor.store.ports import Call, Changed, Resolve, StoreFailed
from monitor.store.rows import place_of
from monitor.story.feeding import LATE_MS, Feed, unknown_to
from monitor.story.shapes import Entry, Missing

MOST_WATCHES = 64
EVERY_S = 2.0
LOOK_EVERY_MS = ALERTS_EVERY_MS = 10_000  # though nothing came: time goes on, and alerts are told by nobody
VERDICT_EVERY_MS = 30_000
MOST_STEPS = 2_000  # that may be told anew when somebody comes back after long
MOST_WAITING = 5_000  # events between two looks; who has more of them is told of the latest

_log = getLogger(__name__)
_encode = msgspec.json.Encoder().encode

FindCall = Callable[[str], Awaitable[Call]]
Judge = Callable[[Call], Awaitable[Struct]]


class TooMany(Exception):
    """As many look already as can be served."""


class Told(NamedTuple):
    """One event of a stream; up to `at_ms` everything has been told."""

    name: str
    data: bytes
    at_ms: int


class CallState(Struct, frozen=True):
    """How a call stands, and when that was looked at."""

    status: str
    ended_at_ms: int | None
    people: int
    at_ms: int


class StoryNews(Struct, frozen=True):
    """Entries of a story that are new or have changed, and what is missing by now."""

    entries: list[Entry]
    missing: list[Missing]


class End(Struct, frozen=True):
    """Why a stream is over: `ended`, or `restarting`."""

    why: str


class Watches:
    """Everybody who looks at calls that go on."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[deque[Event]]] = {}
        self._count = 0
        self.closing = asyncio.Event()

    @property
    def count(self) -> int:
        """Return how many look."""
        return self._count

    def hear(self, event: Event) -> None:
        """Take note of what has become durable and true."""
        if self._waiting:
            for events in self._waiting.get(place_of(event).room, ()):
                events.append(event)

    def open(self, room: Room) -> deque[Event]:
        """Return where what happens in a room is put from now on.

        Raises:
            TooMany: as many look already as can be served.
        """
        if self._count >= MOST_WATCHES or self.closing.is_set():
            raise TooMany
        self._count += 1
        events: deque[Event] = deque(maxlen=MOST_WAITING)
        self.follow(events, room)
        return events

    def follow(self, events: deque[Event], room: Room) -> None:
        """Put there, too, what is told of the room by a name or a SID that it was not known by."""
        for name in _names_of(room):
            told = self._waiting.setdefault(name, [])
            if all(each is not events for each in told):
                told.append(events)

    def shut(self, events: deque[Event]) -> None:
        """Put nothing there any more."""
        self._count -= 1
        for name in [name for name, each in self._waiting.items() if any(one is events for one in each)]:
            self._waiting[name] = [each for each in self._waiting[name] if each is not events]
            if not self._waiting[name]:
                del self._waiting[name]

    def close(self) -> None:
        """End all streams: the daemon stops."""
        self.closing.set()


def _names_of(room: Room) -> set[str]:
    names = {room.key, room.history_key}
    return names | {f"name:{room.name}"} if room.name else names


class Streams:
    """Tells of calls that go on.

    Args:
        watches: who looks.
        views: what is on record of a call.
        find: the call that is meant.
        judge: whose fault it is that a call is bad.
        resolve: who had a name at some moment.
        now_ms: what time it is.
        every_s: how often something may be told.
    """

    def __init__(
        self,
        watches: Watches,
        views: CallViews,
        find: FindCall,
        judge: Judge,
        resolve: Resolve,
        now_ms: Callable[[], int],
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self.watches = watches
        self._views = views
        self._find = find
        self._judge = judge
        self._resolve = resolve
        self._now_ms = now_ms
        self._every_s = every_s
        self._judging: dict[str, _Judged] = {}

    async def of(self, room: str, step_ms: int, since_ms: int | None) -> "Stream":
        """Return a stream of a call.

        Raises:
            TooMany: as many look already as can be served.
        """
        call = await self._find(room)
        events, now_ms = self.watches.open(call.room), self._now_ms()
        try:
            since_ms = min(now_ms if since_ms is None else since_ms, now_ms)
            since_ms = max(since_ms, now_ms - MOST_STEPS * step_ms)
            told = await self._views.measured(call, now_ms + LATE_MS)
            happened = await self._views.happened(call.room, now_ms + LATE_MS)
            feed = await asyncio.to_thread(Feed, told.lines, happened, step_ms, since_ms, told.lacking)
        except BaseException:
            self.watches.shut(events)
            raise
        return Stream(self, room, events, feed, since_ms)

    # --- what streams ask for -------------------------------------------------------------------------------

    async def call(self, room: str) -> Call:
        """Return a call as it is now."""
        return await self._find(room)

    async def alerts(self, call: Call) -> tuple[Sequence[Changed], Sequence[Incident]]:
        """Return the alerts of a call."""
        return await self._views.alerts(call)

    def take(self, feed: Feed, events: deque[Event]) -> None:
        """Have a feed take what came in: work for a thread."""
        taken = [events.popleft() for _ in range(len(events))]
        feed.take(taken, self._resolve)

    def known_verdict(self, call: Call) -> Struct | None:
        """Return the last verdict on a call, which is for all who look at it the same."""
        return self._judged(call).verdict

    async def judge(self, call: Call) -> None:
        """Find out whose fault it is that a call is bad, if nobody does and it is time again."""
        judged, began_ms = self._judged(call), self._now_ms()
        if judged.is_busy or began_ms < judged.next_ms:
            return
        judged.is_busy = True
        try:
            judged.verdict = await self._judge(call)
        except StoreFailed as error:
            _log.warning("no verdict on a call at which somebody looks, trying again later: %s", error)
        except Exception:  # noqa: BLE001  # whatever it was, lanes and story go on without a verdict
            _log.exception("no verdict on a call at which somebody looks, trying again later")
        finally:
            ended_ms = self._now_ms()
            judged.is_busy, judged.next_ms = False, ended_ms + max(VERDICT_EVERY_MS, 20 * (ended_ms - began_ms))

    def _judged(self, call: Call) -> "_Judged":
        return self._judging.setdefault(call.room.key, _Judged())

    def forget(self, room_key: str) -> None:
        """Forget the verdict on a call at which nobody looks any more."""
        if self.watches.count == 0:
            self._judging.clear()
        else:
            self._judging.pop(room_key, None)

    async def pause(self) -> bool:
        """Wait for the next look; return whether the daemon goes on."""
        try:
            await asyncio.wait_for(self.watches.closing.wait(), self._every_s)
        except TimeoutError:
            return True
        return False

    def now_ms(self) -> int:
        """Return what time it is."""
        return self._now_ms()

    def kept_since_ms(self) -> int:
        """Return since when samples are kept."""
        return self._views.kept_since_ms()


class _Judged(Struct):
    """The last verdict on a call, and when there may be another."""

    verdict: Struct | None = None
    next_ms: int = 0
    is_busy: bool = False


class Stream:
    """What one who looks is told, event by event."""

    def __init__(self, streams: Streams, room: str, events: deque[Event], feed: Feed, since_ms: int) -> None:
        self._streams = streams
        self._room = room
        self._events = events
        self._feed = feed
        self._since_ms = since_ms
        self._alerts: tuple[Sequence[Changed], Sequence[Incident]] = (), ()
        self._alerts_at_ms = self._looked_ms = 0
        self._is_first = True
        self._state: tuple[object, ...] = ()
        self._verdict: bytes = b""
        self._call: Call | None = None
        self._judging: asyncio.Task[None] | None = None

    async def told(self) -> AsyncGenerator[Told]:
        """Yield what is new, until the call is over or the daemon stops."""
        goes_on = True
        while goes_on:
            now_ms = self._streams.now_ms()
            if self._events or now_ms - self._looked_ms >= LOOK_EVERY_MS:
                self._looked_ms = now_ms
                call = await self._streams.call(self._room)
                async for told in self._news(call, now_ms):
                    yield told
                if not call.room.is_live:
                    yield ENDED._replace(at_ms=now_ms)
                    return
            for told in self._new_verdict(now_ms):
                yield told
            goes_on = await self._streams.pause()
        yield _told("end", End("restarting"), self._streams.now_ms())

    def close(self) -> None:
        """Stop to collect."""
        self._streams.watches.shut(self._events)
        if self._judging is not None:
            self._judging.cancel()
        if self._call is not None:
            self._streams.forget(self._call.room.key)

    async def _news(self, call: Call, now_ms: int) -> AsyncIterator[Told]:
        self._call = call
        self._streams.watches.follow(self._events, call.room)
        state = CallState(call.room.status.value, call.room.ended_at_ms, len(call.room.participants), now_ms)
        if (key := (state.status, state.ended_at_ms, state.people)) != self._state:
            self._state = key
            yield _told("call", state, now_ms)
        await self._look_for_alerts(call, now_ms)
        for told in await asyncio.to_thread(self._laid_out, call, now_ms):
            yield told
        if self._judging is None or self._judging.done():
            self._judging = asyncio.create_task(self._streams.judge(call))

    def _new_verdict(self, now_ms: int) -> Iterator[Told]:
        verdict = None if self._call is None else self._streams.known_verdict(self._call)
        if verdict is not None and (said := _encode(verdict)) != self._verdict:
            self._verdict = said
            yield Told("verdict", said, now_ms)

    async def _look_for_alerts(self, call: Call, now_ms: int) -> None:
        if now_ms - self._alerts_at_ms >= ALERTS_EVERY_MS or not call.room.is_live:
            self._alerts_at_ms = now_ms
            self._alerts = await self._streams.alerts(call)

    def _laid_out(self, call: Call, now_ms: int) -> list[Told]:
        """Return what is new in lanes and story: work for a thread."""
        self._streams.take(self._feed, self._events)
        told = [_told("lanes", self._feed.lanes(call, now_ms), now_ms)]
        entries, missing, is_news = self._feed.story(call, *self._alerts, self._streams.kept_since_ms(), now_ms)
        if self._is_first:
            entries = unknown_to(entries, self._since_ms)
        self._is_first = False
        return [*told, _told("story", StoryNews(entries, missing), now_ms)] if is_news else told


def _told(name: str, data: Any, at_ms: int) -> Told:
    return Told(name, _encode(data), at_ms)


ENDED = _told("end", End("ended"), 0)

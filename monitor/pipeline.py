"""What happens to an event between the door and the picture?

It waits in one bounded queue.  One consumer takes everything that waits, makes it durable in one transaction, then
changes the picture, counts, and only then lets the doors acknowledge.  The next group forms while the disk works, so
the busier it is the more one commit carries, and no timer is needed.

A commit costs about as much as ten posts, whatever it carries: it visits another thread and the kernel.  So before one
begins, what has reached this machine already is let in: a group is closed by the first turn of the loop that brings no
more.  Nobody waits for what is yet to come.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from logging import getLogger

from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.entities import Change
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.store.ports import Entry, EventLog, StoreFailed

_log = getLogger(__name__)

MAX_EVENTS_A_COMMIT = 500  # keeps one turn of the loop, and one transaction, short
ENOUGH_EVENTS = 64  # to share what a commit costs; letting in more first would only delay the first of them


class Fate(Enum):
    """What became of an event."""

    NEWS = "news"
    REPEAT = "repeat"
    LOST = "lost"  # it could not be stored; nothing was kept


Settle = Callable[[Fate], None]
_Group = Sequence[tuple[Entry, Settle]]


class Behind(Exception):
    """The daemon cannot keep up; nothing was kept, and the sender should come back later."""


class Pipeline:
    """The one way into the store and the live picture."""

    def __init__(
        self,
        log: EventLog,
        live: Live,
        metrics: Metrics,
        on_change: Callable[[Sequence[Change]], None],
        *,
        capacity_events: int,
        now_ms: Callable[[], int],
        veil: Callable[[Event], Event] = lambda event: event,
        is_full: Callable[[], bool] = lambda: False,
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._log = log
        self._live = live
        self._metrics = metrics
        self._on_change = on_change
        self._now_ms = now_ms
        self._veil = veil  # makes an event what may be kept of it
        self._is_full = is_full
        self._on_event = on_event  # hears of each event that is durable and in the picture
        self._waiting: list[tuple[Entry, Settle]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self.capacity_events = capacity_events
        self.applied_id = 0  # the log id that the picture has reached
        self.waiting_since_s: float | None = None  # since when events wait without any being stored

    @property
    def queue_events(self) -> int:
        """Return how many events wait."""
        return len(self._waiting)

    def submit(self, entry: Entry, settle: Settle) -> None:
        """Queue an event as it is to be kept; `settle` is called once, with what became of it.

        Raises:
            Behind: the queue is full, or the daemon is stopping.
        """
        if self._closing or len(self._waiting) >= self.capacity_events:
            raise Behind
        self._waiting.append((entry, settle))
        if self.waiting_since_s is None:
            self.waiting_since_s = self._now_ms() / 1000
        self._wake.set()

    def offer(self, event: Event) -> asyncio.Future[bool]:
        """Queue an event; the future tells, once the event is durable, whether it was news (False: a repeat).

        Raises:
            Behind: the queue is full, or the daemon is stopping; the future, too, if the event could not be stored.
        """
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.submit(Entry(self._veil(event)), partial(_resolve, taken))
        return taken

    def refresh(self, event: Event) -> None:
        """Change the picture by what is not worth a row in the log: it says only that what is known still stands."""
        self._on_change(self._live.apply(self._veil(event)))

    async def run(self) -> None:
        """Store what waits, for as long as the daemon runs; returns when closed and empty."""
        while self._waiting or not self._closing:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._gather()
            group: _Group = self._waiting[:MAX_EVENTS_A_COMMIT]
            del self._waiting[: len(group)]
            if self._is_full():
                group = _without_telemetry(group)
            if group:
                await self._store(group)
            if not self._waiting:
                self.waiting_since_s = None

    def close(self) -> None:
        """Take no more; `run` returns once what waits is stored."""
        self._closing = True
        self._wake.set()

    async def _gather(self) -> None:
        """Let in what has arrived already, for as long as each turn of the loop finds more of it."""
        before = 0
        while before < len(self._waiting) < ENOUGH_EVENTS:
            before = len(self._waiting)
            await asyncio.sleep(0)

    async def _store(self, group: _Group) -> None:
        entries = [entry for entry, _ in group]
        started = time.perf_counter()
        try:
            ids = await self._log.append(entries, self._now_ms())
        except StoreFailed as error:
            self._metrics.add("roomwatch_pipeline_commit_failures_total")
            _log.error("commit failed, %d events refused: %s", len(entries), error)
            for _, settle in group:
                settle(Fate.LOST)
            return
        self.waiting_since_s = self._now_ms() / 1000
        self._metrics.add("roomwatch_pipeline_commits_total")
        self._metrics.observe("roomwatch_pipeline_commit_duration_seconds", time.perf_counter() - started)
        self._metrics.observe("roomwatch_pipeline_commit_events", len(entries))
        self._apply(entries, ids)
        for (_, settle), log_id in zip(group, ids, strict=True):
            settle(Fate.REPEAT if log_id is None else Fate.NEWS)

    def _apply(self, entries: Sequence[Entry], ids: Sequence[int | None]) -> None:
        changes: list[Change] = []
        for entry, log_id in zip(entries, ids, strict=True):
            if log_id is None:
                continue
            changes += self._live.apply(entry.event)
            self._metrics.count_event(entry.event)
            self._on_event(entry.event)
            self.applied_id = log_id
        if changes:
            self._on_change(changes)


def _without_telemetry(group: _Group) -> _Group:
    """Refuse telemetry, which is sent again; what room there is on a full disk is for what is told once."""
    others = []
    for entry, settle in group:
        if isinstance(entry.event, TelemetryBatch):
            settle(Fate.LOST)
        else:
            others.append((entry, settle))
    return others


def _resolve(taken: asyncio.Future[bool], fate: Fate) -> None:
    if taken.done():
        return  # a sender that went away
    if fate is Fate.LOST:
        taken.set_exception(Behind())
        taken.exception()  # a sender that went away must not be warned about
    else:
        taken.set_result(fate is Fate.NEWS)

"""What happens to an event between the door and the picture?

It waits in one bounded queue.  One consumer takes everything that waits, makes it durable in one transaction, then
counts it and hands it on to the picture, and only then lets the doors acknowledge.  The next group forms while the disk
works, so the busier it is the more one commit carries, and no timer is needed.

A commit costs about as much as ten posts, whatever it carries: it visits another thread and the kernel.  So before one
begins, what has reached this machine already is let in: a group is closed by the first turn of the loop that brings no
more.  Nobody waits for what is yet to come.

Where several replicas share a log it is handed on to nobody: the picture follows the log (`monitor.following`), and
what only says that something still stands is put into the log as well, for the pictures of others.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from logging import getLogger

from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.folding import Fold
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
    """The one way into the store, and on one machine into the live picture.

    Args:
        log: what makes events durable.
        fold: the picture.
        metrics: where it is counted.
        capacity_events: how many may wait.
        now_ms: the time.
        veil: makes an event what may be kept of it.
        is_full: whether there is no room for what can be sent again.
        on_stored: where the picture follows the log; it is told that there is more of it.
    """

    def __init__(
        self,
        log: EventLog,
        fold: Fold,
        metrics: Metrics,
        *,
        capacity_events: int,
        now_ms: Callable[[], int],
        veil: Callable[[Event], Event] = lambda event: event,
        is_full: Callable[[], bool] = lambda: False,
        on_stored: Callable[[], None] | None = None,
    ) -> None:
        self._log = log
        self._fold = fold
        self._metrics = metrics
        self._now_ms = now_ms
        self._veil = veil
        self._is_full = is_full
        self._on_stored = on_stored
        self._waiting: list[tuple[Entry, Settle]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self.capacity_events = capacity_events
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
        if self._on_stored is None:
            self._fold.refresh(self._veil(event))
        else:
            with suppress(Behind):  # it will be said again
                self.submit(Entry(self._veil(event), is_known=True), _ignore)

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
        self._hand_on(entries, ids)
        for (_, settle), log_id in zip(group, ids, strict=True):
            settle(Fate.REPEAT if log_id is None else Fate.NEWS)

    def _hand_on(self, entries: Sequence[Entry], ids: Sequence[int | None]) -> None:
        news = [(log_id, entry.event) for entry, log_id in zip(entries, ids, strict=True) if log_id is not None]
        if self._on_stored is None:
            self._fold.apply(news)
        else:
            self._on_stored()
        for _, event in news:
            self._metrics.count_event(event)


def _without_telemetry(group: _Group) -> _Group:
    """Refuse telemetry, which is sent again; what room there is on a full disk is for what is told once."""
    others = []
    for entry, settle in group:
        if isinstance(entry.event, TelemetryBatch):
            settle(Fate.LOST)
        else:
            others.append((entry, settle))
    return others


def _ignore(_: Fate) -> None:
    """Nobody waits to hear what became of it."""


def _resolve(taken: asyncio.Future[bool], fate: Fate) -> None:
    if taken.done():
        return  # a sender that went away
    if fate is Fate.LOST:
        taken.set_exception(Behind())
        taken.exception()  # a sender that went away must not be warned about
    else:
        taken.set_result(fate is Fate.NEWS)

"""Who empties the outbox?

One loop.  It asks the store for the rows that are due, starts an attempt for each, and sleeps until the next row
falls due, an attempt ends, or somebody says that rows were added.  An attempt words the notification, sends it, has
the answer judged, and settles the row; everything it decides is decided by pure functions elsewhere.

*Order*: only the head of a lane is ever due, and it stays the head until it is settled, so a resolve waits for
its trigger.  *Independence*: each receiver has its own few hands.  A slow one keeps its own hands busy and
nobody else's, and one that asked for a pause is left alone, all its lanes together, until the pause is over.

*Nothing is lost*: a row leaves the outbox only when the store has written what became of it.  Whatever is cut
short, by a crash or at the end of a drain, is still owed after the next start, under the same id.
"""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar

from alerts.delivery import Delivered, Fate, Outcome, Rejected, Settlement, TryAgain, settle
from alerts.model import Notification, Owed
from alerts.notifiers.base import PAGER_PATIENCE_S, Attempt, Notifier
from alerts.ports import AlertStore
from alerts.transport import Answer, Transport

logger = logging.getLogger(__name__)

T = TypeVar("T")

HANDS_PER_RECEIVER = 8
BATCH = 100  # rows read from the outbox at a time

#: `wake` is a courtesy, not a promise: one that is forgotten costs this long, not a page.
LONGEST_SLEEP_S = 60.0

STORE_BACKOFF_BASE_S = 0.1
STORE_BACKOFF_CAP_S = 30.0


class AttemptObserver(Protocol):
    """Somebody who counts attempts."""

    def __call__(self, receiver: str, outcome: Outcome, seconds: float) -> None:
        """Take note of one attempt that was settled."""


def unobserved(receiver: str, outcome: Outcome, seconds: float) -> None:
    """Take no note."""


class Dispatcher:
    """Delivers what the outbox owes, to the receivers it is given."""

    def __init__(
        self,
        store: AlertStore,
        notifiers: Mapping[str, Notifier],
        transport: Transport,
        now: Callable[[], float],
        on_attempt: AttemptObserver = unobserved,
        hands_per_receiver: int = HANDS_PER_RECEIVER,
    ) -> None:
        self._store = store
        self._notifiers = notifiers
        self._transport = transport
        self._now = now
        self._on_attempt = on_attempt
        self._hands_per_receiver = hands_per_receiver
        self._in_flight: set[str] = set()
        self._hands: Counter[str] = Counter()
        self._paused_until: dict[str, float] = {}
        self._settled_meanwhile: set[str] = set()
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._leash = asyncio.timeout(None)
        self._draining = False

    def wake(self) -> None:
        """Look at the outbox now: rows were added."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until drained or cancelled; once in the life of a dispatcher."""
        self._stopped.clear()
        try:
            async with self._leash, asyncio.TaskGroup() as attempts:
                await self._deliver_all(attempts)
        except TimeoutError:
            logger.warning("stopped with attempts in flight; what they carried is still owed")
        finally:
            self._stopped.set()

    async def drain(self, deadline_s: float) -> None:
        """Send what is due, wait for what is in flight, and stop; after `deadline_s` leave the rest in the outbox."""
        self._draining = True
        if self._stopped.is_set():
            return
        self._leash.reschedule(asyncio.get_running_loop().time() + deadline_s)
        self.wake()
        await self._stopped.wait()

    # --- the loop ---

    async def _deliver_all(self, attempts: asyncio.TaskGroup) -> None:
        while True:
            self._woken.clear()
            now = self._now()
            while await self._start_some(attempts, now):
                pass
            if self._draining and not self._in_flight:
                return
            await self._sleep(now)

    async def _start_some(self, attempts: asyncio.TaskGroup, now: float) -> bool:
        """Start what may be started of the next batch of due rows, and say whether that was anything."""
        self._settled_meanwhile.clear()
        limit, busy = BATCH + len(self._in_flight), self._busy(now)
        started = False
        for owed in await _insist("read the outbox", lambda: self._store.due(now, limit, busy)):
            if self._may_start(owed.notification, now):
                self._start(attempts, owed)
                started = True
        return started

    async def _sleep(self, now: float) -> None:
        """Sleep until woken, until a row falls due after `now`, or until a receiver's pause is over."""
        next_due_at = await _insist("read the outbox", lambda: self._store.next_due_at(now))
        moments = [until for until in self._paused_until.values() if until > now]
        wake_at = min(moments if next_due_at is None else [*moments, next_due_at], default=now + LONGEST_SLEEP_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(wake_at - self._now(), 0.0), LONGEST_SLEEP_S)):
                await self._woken.wait()

    # --- who may be told now ---

    def _busy(self, now: float) -> set[str]:
        """Return the receivers that have no free hand, or asked to be left alone."""
        full = {receiver for receiver, hands in self._hands.items() if hands >= self._hands_per_receiver}
        return full | {receiver for receiver, until in self._paused_until.items() if until > now}

    def _may_start(self, notification: Notification, now: float) -> bool:
        # A row that was settled while the store was being read may still look due in what it returned.
        taken = notification.id in self._in_flight or notification.id in self._settled_meanwhile
        return not taken and notification.receiver not in self._busy(now)

    def _start(self, attempts: asyncio.TaskGroup, owed: Owed) -> None:
        self._in_flight.add(owed.notification.id)
        self._hands[owed.notification.receiver] += 1
        attempts.create_task(self._attempt(owed))

    def _finish(self, notification: Notification) -> None:
        self._in_flight.discard(notification.id)
        self._settled_meanwhile.add(notification.id)
        self._hands[notification.receiver] -= 1
        self.wake()

    def _pause(self, receiver: str, outcome: Outcome, now: float) -> None:
        """Leave the receiver alone for as long as it asked; what it said last counts."""
        if isinstance(outcome, TryAgain) and outcome.after_s is not None:
            self._paused_until[receiver] = now + outcome.after_s

    # --- one attempt ---

    async def _attempt(self, owed: Owed) -> None:
        notification = owed.notification
        began = self._now()
        try:
            outcome = await self._outcome(owed)
            ended = self._now()
            settlement = settle(owed, outcome, ended, self._patience_s(notification.receiver))
            self._pause(notification.receiver, outcome, ended)
            await _insist("settle a notification", lambda: self._store.settle(notification.id, settlement))
            self._tell(notification, outcome, settlement, ended - began)
        finally:
            self._finish(notification)

    def _patience_s(self, receiver: str) -> float:
        notifier = self._notifiers.get(receiver)
        return PAGER_PATIENCE_S if notifier is None else notifier.give_up_after_s

    async def _outcome(self, owed: Owed) -> Outcome:
        """Return what an attempt comes to; a notifier that fails spoils its own notification and no other."""
        notification = owed.notification
        notifier = self._notifiers.get(notification.receiver)
        if notifier is None:
            return Rejected(f"no receiver named {notification.receiver!r} is configured")
        try:
            request = notifier.render(notification, Attempt(self._now(), owed.reference, owed.maybe_heard))
            if request is None:
                return Delivered()  # there is no word for it, and nothing to add to those before
            answer = await self._transport.exchange(request)
            if not isinstance(answer, Answer):
                return answer
            return notifier.judge(answer.status, answer.headers, answer.body)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rows behind this one must go on
            return Rejected(f"the notifier failed: {_where(error)}")

    def _tell(self, notification: Notification, outcome: Outcome, settlement: Settlement, seconds: float) -> None:
        if settlement.fate is not Fate.DELIVERED:
            level = logging.ERROR if settlement.fate is Fate.DEAD else logging.WARNING
            words = "%s to %s: %s after attempt %d: %s"
            args = (notification.id, notification.receiver, settlement.fate, settlement.attempts, settlement.last_error)
            logger.log(level, words, *args)
        try:
            self._on_attempt(notification.receiver, outcome, seconds)
        except Exception as error:  # noqa: BLE001 - a miscounted page is better than no page
            logger.error("the observer of attempts failed: %s", _where(error))  # noqa: TRY400 - see _where


async def _insist(what: str, call: Callable[[], Awaitable[T]]) -> T:
    """Return what `call` returns, calling again, ever more slowly, for as long as it fails."""
    pause_s = STORE_BACKOFF_BASE_S
    while True:
        try:
            return await call()
        except Exception as error:  # noqa: BLE001 - a store that is away is waited for; the outbox is inside it
            logger.warning("could not %s, again in %g s: %s: %s", what, pause_s, type(error).__name__, error)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, STORE_BACKOFF_CAP_S)


def _where(error: Exception) -> str:
    """Return an error's type and place, without its message, which may quote an address or a key."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"

"""Who empties the outbox?

One loop.  It asks the store for the rows that are due, starts an attempt for each, and sleeps until the next row
falls due, an attempt ends, a receiver may be asked again, or somebody says that rows were added.  An attempt words the
notification, sends it, has the answer judged, and settles the row; everything it decides is decided by pure functions
elsewhere: what is urgent and what is needless (`alerts.lanes`), who may be asked now (`alerts.gates`), through which
notifier (`alerts.receivers`), and what an outcome means (`alerts.delivery`).

*Order*: only the head of a lane is ever due, and it stays the head until it is settled, so a resolve waits for
its trigger.  *Independence*: each receiver has its own few hands, and what keeps one waiting keeps no other.
*Company*: where several dispatchers empty one outbox, only those attempts are made that the outbox grants this one.

*Nothing is lost*: an attempt is written down before it begins, and a row leaves the outbox only when the store has
written what became of it.  Whatever is cut short, by a crash or at the end of a drain, is still owed after the next
start, under the same id, and known to be maybe heard.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, Protocol, TypeVar

from alerts.attempting import Tried, attempt
from alerts.breaker import Circuit
from alerts.dead_letters import DeadLetters
from alerts.delivery import AttemptMade, Fate, Rejected, Settled, Settlement, TryAgain, give_up, in_a_word, settle
from alerts.gates import Gates
from alerts.insisting import insist, place_of
from alerts.lanes import CALLS, needless, rank
from alerts.model import Notification, Owed
from alerts.notifiers.base import PAGER_PATIENCE_S, Notifier, target_of
from alerts.ports import Fallback, Outbox
from alerts.receivers import Door, Receivers
from alerts.settling import Settling
from alerts.transport import Transport

logger = logging.getLogger(__name__)

T = TypeVar("T")

HANDS_PER_RECEIVER = 32

#: `wake` is a courtesy, not a promise: one that is forgotten costs this long, not a page.
LONGEST_SLEEP_S = 60.0

#: How often it is looked whether the time of what a silent receiver is owed has run out, and at how many at once; and
#: whether somebody else died who had begun attempts.
TIDY_UP_EVERY_S = 60.0
_GIVEN_UP_AT_ONCE = 500

#: Whoever tries a receiver out has gone away by then, and would be startled tomorrow.
TEST_PATIENCE_S = 60.0

_SOMEBODY_ELSES = TryAgain("another sender attempts it")

#: A service that counts by longer windows than this sees, after a restart, more than it allows.
_LONGEST_WINDOW_S = 600.0


class AttemptObserver(Protocol):
    """Somebody who counts attempts."""

    def __call__(self, notification: Notification, made: AttemptMade) -> None:
        """Take note of one attempt that was settled."""


def unobserved(notification: Notification, made: AttemptMade) -> None:
    """Take no note."""


async def nobody_else(notification: Notification, reason: str) -> None:
    """Tell nobody."""


class _Begun(NamedTuple):
    """An attempt that is about to go; without a door there is nowhere to go."""

    owed: Owed
    door: Door | None
    is_probe: bool = False


class Dispatcher:
    """Delivers what the outbox owes, to the receivers it is given.

    Args:
        store: the outbox.
        notifiers: the receivers there are, by their names.
        transport: carries what is to be said.
        now: what time it is, on the daemon's steady clock.
        on_attempt: is told of every attempt.
        on_dead: is told of every notification that was given up, until it has returned once.
        hands_per_receiver: how many attempts to one receiver may be on their way at once.
    """

    def __init__(
        self,
        store: Outbox,
        notifiers: Mapping[str, Notifier],
        transport: Transport,
        now: Callable[[], float],
        on_attempt: AttemptObserver = unobserved,
        on_dead: Fallback = nobody_else,
        hands_per_receiver: int = HANDS_PER_RECEIVER,
    ) -> None:
        self._store = store
        self._transport = transport
        self._now = now
        self._on_attempt = on_attempt
        self._hands_per_receiver = hands_per_receiver
        self._receivers = Receivers(notifiers)
        self._gates = Gates(hands_per_receiver)
        self._settling = Settling(store)
        self._dead_letters = DeadLetters(store, on_dead)
        self._lanes_in_flight: set[str] = set()
        self._settled_meanwhile: set[str] = set()  # lanes, too
        self._shut_doors: dict[str, Door] = {}
        self._tidy_up_at = 0.0
        self._knows_targets = False
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._leash = asyncio.timeout(None)
        self._draining = False
        self.rounds = 0  # how often the loop came round, or asked the store anew: a loop that is stuck does neither
        self.came_round_at = 0.0  # when it last looked at the outbox

    @property
    def breakers(self) -> Mapping[str, Circuit]:
        """Return whether each receiver of today is asked, or has not answered for too long."""
        circuits = self._gates.circuits
        return {name: circuits.get(name, Circuit.CLOSED) for name in self._receivers.names}

    @property
    def blocked(self) -> set[str]:
        """Return the receivers that have to wait: for an answer, until a pause is over, or for their budget."""
        now, doors = self._now(), self._receivers.usual_doors()
        return {name for name, door in doors if not self._gates.is_open(door, now, is_urgent=False)}

    def wake(self) -> None:
        """Look at the outbox now: rows were added."""
        self._woken.set()

    def tell_of_deaths(self, *, is_ours: bool) -> None:
        """Tell somebody else of what was given up, also by others; or leave that to them."""
        self._dead_letters.is_ours = is_ours
        self._dead_letters.wake()

    def use(self, notifiers: Mapping[str, Notifier]) -> None:
        """Have these receivers from now on.  Those of before still close what they opened."""
        self._receivers.use(notifiers)
        self._knows_targets = False
        self.wake()

    async def run(self) -> None:
        """Deliver until drained or cancelled; once in the life of a dispatcher."""
        self._stopped.clear()
        try:
            async with self._leash, asyncio.TaskGroup() as tasks:
                await self._recover()
                tasks.create_task(self._dead_letters.run())
                await self._deliver_all(tasks)
                self._dead_letters.end()
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

    async def _recover(self) -> None:
        """Learn from the life before this one what was cut short, and how much of their budgets receivers have left."""
        now = self._now()
        cut_short = await self._insist("look for what was cut short", lambda: self._store.recover(now))
        if cut_short:
            logger.warning("%d attempts were cut short; nobody knows whether they were heard", cut_short)
        attempted = await self._insist(
            "read past attempts", lambda: self._store.attempted_since(now - _LONGEST_WINDOW_S)
        )
        doors = dict(self._receivers.usual_doors())
        for receiver, at in attempted:
            if receiver in doors:
                self._gates.remember(doors[receiver], at)

    async def _deliver_all(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            self.rounds += 1
            self._woken.clear()
            if not self._knows_targets:
                await self._learn_targets()
            now = self.came_round_at = self._now()
            await self._tidy_up(now)
            while await self._start_some(tasks, now):
                now = self._now()
            # Woken: an attempt ended while the outbox was being read, and its hand is free for what waits behind it.
            if self._draining and not self._lanes_in_flight and not self._woken.is_set():
                return
            await self._sleep(now)

    async def _insist(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        def again() -> Awaitable[T]:
            self.rounds += 1
            return call()

        return await insist(what, again)

    async def _learn_targets(self) -> None:
        self._knows_targets = True
        present = self._receivers.targets
        self._receivers.remember(await self._insist("remember the receivers", lambda: self._store.targets(present)))

    async def _start_some(self, tasks: asyncio.TaskGroup, now: float) -> bool:
        """Start what may be started of the rows that are due, and say whether that was anything."""
        self._settled_meanwhile.clear()
        self._shut_doors.clear()
        limit, skip = self._hands_per_receiver, self._shut(now)
        due = await self._insist("read the outbox", lambda: self._store.due(now, limit, skip))
        # A lane that was settled while the store was being read may still look due in what it returned.
        free = [each for each in due if each.notification.lane not in self._lanes_in_flight | self._settled_meanwhile]
        judged = [(owed, needless(owed, now)) for owed in free]
        begun = [self._begun(owed, now) for owed, overtaken in judged if not overtaken]
        await self._settling.write([settled for _, overtaken in judged for settled in overtaken])
        under_way = await self._write_begun([each for each in begun if each is not None], now)
        for each in under_way:
            tasks.create_task(self._attempt(each))
        return bool(under_way) or any(overtaken for _, overtaken in judged)

    def _begun(self, owed: Owed, now: float) -> _Begun | None:
        """Take a hand of the receiver for a row, or None if it may not be asked now."""
        door = self._receivers.door(owed)
        is_urgent = rank(owed.notification) == CALLS
        if door is not None and not self._gates.is_open(door, now, is_urgent=is_urgent):
            self._shut_doors[door.name] = door
            return None
        self._lanes_in_flight.add(owed.notification.lane)
        return _Begun(owed, door, is_probe=door is not None and self._gates.begin(door))

    async def _write_begun(self, begun: list[_Begun], now: float) -> list[_Begun]:
        """Write that attempts begin, and return those that do: not those that somebody else was quicker with.

        If the store cannot write that, they begin all the same: a page is worth more than that.
        """
        targets = {each.owed.notification.id: target_of(each.door.notifier) for each in begun if each.door is not None}
        try:
            granted = await self._store.begin(targets, now) if targets else ()
        except Exception as error:  # noqa: BLE001 - see above
            logger.warning("could not write that attempts begin: %s: %s", type(error).__name__, error)
            return begun
        under_way = []
        for each in begun:
            if each.door is None or each.owed.notification.id in granted:
                under_way.append(each)
            else:
                self._gates.end(each.door, _SOMEBODY_ELSES, now, was_probe=each.is_probe, was_asked=False)
                self._lanes_in_flight.discard(each.owed.notification.lane)
        return under_way

    async def _sleep(self, now: float) -> None:
        """Sleep until woken, until a row falls due after `now`, or until a receiver may be asked."""
        skip = self._shut(now)
        next_due_at = await self._insist("read the outbox", lambda: self._store.next_due_at(now, skip))
        doors = {**dict(self._receivers.usual_doors()), **self._shut_doors}
        wake_at = self._gates.next_opening(doors.values(), now)
        if next_due_at is not None:
            wake_at = min(wake_at, next_due_at)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(wake_at - self._now(), 0.0), LONGEST_SLEEP_S)):
                await self._woken.wait()

    def _shut(self, now: float) -> set[str]:
        """Return the receivers that cannot be told anything now, however urgent."""
        doors = self._receivers.usual_doors()
        return {name for name, door in doors if not self._gates.is_open(door, now, is_urgent=True)}

    # --- one attempt ---

    async def _attempt(self, begun: _Begun) -> None:
        owed, began = begun.owed, self._now()
        try:
            tried = await self._tried(owed, begun.door, began)
            ended = self._now()
            settlement = self._settlement(begun, tried, ended)
            made = AttemptMade(ended, ended - began, in_a_word(tried.outcome), tried.status, settlement.last_error)
            await self._settling.write([Settled(owed.notification.id, settlement, made)])
            self._tell(owed.notification, settlement, made)
        finally:
            self._lanes_in_flight.discard(owed.notification.lane)
            self._settled_meanwhile.add(owed.notification.lane)
            self.wake()

    def _settlement(self, begun: _Begun, tried: Tried, ended: float) -> Settlement:
        """Return what an attempt means for its row, and let the receiver have the next while that is written."""
        probe_at = None
        if begun.door is not None:
            probe_at = self._gates.end(
                begun.door, tried.outcome, ended, was_probe=begun.is_probe, was_asked=tried.was_asked
            )
            self.wake()
        patience_s = _patience_s(begun.door, begun.owed.notification)
        settlement = settle(begun.owed, tried.outcome, ended, patience_s, probe_at)
        return replace(settlement, payload_hash=tried.payload_hash)

    async def _tried(self, owed: Owed, door: Door | None, now: float) -> Tried:
        if door is None:
            name = owed.notification.receiver
            return Tried(
                Rejected(f"no receiver named {name!r} is configured; what it was told before is to be closed by hand")
            )
        return await attempt(owed, door.notifier, self._transport, now)

    def _tell(self, notification: Notification, settlement: Settlement, made: AttemptMade) -> None:
        if settlement.fate is not Fate.DELIVERED:
            level = logging.ERROR if settlement.fate is Fate.DEAD else logging.WARNING
            words = "%s to %s: %s after attempt %d: %s"
            args = (notification.id, notification.receiver, settlement.fate, settlement.attempts, settlement.last_error)
            logger.log(level, words, *args)
        if settlement.fate is Fate.DEAD:
            self._dead_letters.wake()
        try:
            self._on_attempt(notification, made)
        except Exception as error:  # noqa: BLE001 - a miscounted page is better than no page
            logger.error("the observer of attempts failed: %s", place_of(error))  # noqa: TRY400 - see place_of

    # --- those who do not answer, or do not settle ---

    async def _tidy_up(self, now: float) -> None:
        """See once in a while to what nobody would see to otherwise."""
        if now < self._tidy_up_at:
            return
        self._tidy_up_at = now + TIDY_UP_EVERY_S
        taken_over = await self._insist("look for what others left", lambda: self._store.take_over(now))
        if taken_over:
            logger.warning("%d attempts of others were never settled; nobody knows whether they were heard", taken_over)
        await self._give_up_on_the_silent(now)

    async def _give_up_on_the_silent(self, now: float) -> None:
        """Give up what a receiver was not asked for because its breaker is open, once its time has run out."""
        for receiver, door in self._receivers.usual_doors():
            if self._gates.is_away(door):
                await self._give_up_on(receiver, door, now)

    async def _give_up_on(self, receiver: str, door: Door, now: float) -> None:
        patience_s = door.notifier.give_up_after_s
        while found := await self._overdue(receiver, now - patience_s):
            await self._settling.write([Settled(o.notification.id, give_up(o, now, patience_s)) for o in found])
            logger.error("%d notifications to %s given up: it has not answered for too long", len(found), receiver)
            self._dead_letters.wake()

    async def _overdue(self, receiver: str, before: float) -> list[Owed]:
        found = await self._insist("read the outbox", lambda: self._store.overdue(receiver, before, _GIVEN_UP_AT_ONCE))
        return [each for each in found if each.notification.lane not in self._lanes_in_flight]


def _patience_s(door: Door | None, notification: Notification) -> float:
    patience_s = PAGER_PATIENCE_S if door is None else door.notifier.give_up_after_s
    return min(patience_s, TEST_PATIENCE_S) if notification.is_test else patience_s

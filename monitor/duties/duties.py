"""How does a process have its duties, and stop in time?

A duty is a context: entering it begins the work, from what is stored and nothing else, and leaving it ends the work.
It is left in good order where somebody else is to have it; it is cancelled, wherever it is, as soon as its lease may be
over by the own clock.  Whatever it still wants to write then is refused (`monitor.store.leases`).

On one machine nobody else can take a duty: its lease never ends, and what fails in it ends the process.  In a cluster
whoever cannot go on with a duty leaves it to others, for a moment.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from logging import getLogger
from math import inf
from time import monotonic

from monitor.duties.balance import share
from monitor.store.leases import RENEWALS_A_TTL, Lease, LeaseLost, Leases, NameTaken
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

TTL_S = 3.0  # of a lease; what takes longer than this is taken for dead
LOOKS_A_TTL = 10  # whether somebody's lease is over: nobody has the duty until it is seen
HEARD_WITHIN_LOOKS = 4  # or one is dead, as like as not, and no duty is left for it to take
FOR_GOOD = inf
EARLIER_LIVES_TTLS = 2.0
LEAVE_WITHIN_S = 1.0  # whoever ends need not be waited for: its leases end by themselves


class Hold:
    """A duty that this process has, for as long as its lease is renewed."""

    def __init__(self, lease: Lease, rested_s: float | None = None) -> None:
        self.lease = lease
        self.rested_s = rested_s  # for how long nobody had it before, at most; None: nobody here knows
        self.is_begun = asyncio.Event()
        self.is_enough = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.leash = asyncio.timeout(None)

    @property
    def is_held(self) -> bool:
        """Whether nobody else can have it yet."""
        return self.lease.is_held(monotonic())

    def renewed(self, lease: Lease) -> None:
        """Have it until the end of this lease."""
        self.lease = lease
        until_s = lease.asked_at_s + lease.ttl_s
        loop = asyncio.get_running_loop()
        self.leash.reschedule(None if until_s == inf else loop.time() + until_s - monotonic())

    def lost(self) -> None:
        """Have it no longer."""
        self.leash.reschedule(0.0)


Duty = Callable[[Hold], AbstractAsyncContextManager[object]]


class Duties:
    """The duties of one process.

    Args:
        leases: who has what.
        me: the name of this holder.
        duties: what there is to do, the most urgent first.
        ttl_s: how long nobody else takes a duty of somebody who does not renew it; `FOR_GOOD` where there is nobody.
        on_change: is told of each duty that begins or ends here.
    """

    def __init__(
        self,
        leases: Leases,
        me: str,
        duties: Mapping[str, Duty],
        *,
        ttl_s: float = TTL_S,
        on_change: Callable[[str, bool], None] = lambda _name, _is_held: None,
    ) -> None:
        self._leases = leases
        self._me = me
        self._duties = duties
        self._ttl_s = ttl_s
        self._on_change = on_change
        self._holds: dict[str, Hold] = {}
        self._seen_held_s: dict[str, float] = {}
        self._looking: asyncio.Task[None] | None = None

    def hold(self, name: str) -> Hold | None:
        """Return a duty if this process has it."""
        return self._holds.get(name)

    @property
    def names(self) -> Sequence[str]:
        """Return the duties there are."""
        return tuple(self._duties)

    async def enrol(self) -> None:
        """See that nobody else has this name; oneself, in an earlier life that was cut short, has it for a while yet.

        Raises:
            NameTaken: somebody has.
            StoreFailed: nobody knows.
        """
        until_s = monotonic() + EARLIER_LIVES_TTLS * self._ttl_s
        while True:
            try:
                await self._leases.attend(0.0)  # whoever only begins is not there yet
            except NameTaken:
                if monotonic() > until_s:
                    raise
                await asyncio.sleep(self._ttl_s / RENEWALS_A_TTL)
            else:
                return

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Take one's part of the duties for the length of a block; what is had at once is had when it begins.

        At the end they are left in good order, and others may have them.

        Raises:
            NameTaken: inside of a group; somebody took the name while this process was stopped.
        """
        async with asyncio.TaskGroup() as group:
            await self._look(group)
            for hold in tuple(self._holds.values()):
                await hold.is_begun.wait()
            self._looking = group.create_task(self._look_again_and_again(group))
            yield
            await self.leave(self.names)
            with suppress(StoreFailed, TimeoutError):
                async with asyncio.timeout(LEAVE_WITHIN_S):
                    await self._leases.leave()

    async def leave(self, names: Iterable[str]) -> None:
        """Leave duties in good order, and take none from now on."""
        if self._looking is not None:
            self._looking.cancel()
        left = [hold for name in names if (hold := self._holds.get(name)) is not None]
        for hold in left:
            hold.is_enough.set()
        if tasks := [hold.task for hold in left if hold.task is not None]:
            await asyncio.wait(tasks)

    async def _look_again_and_again(self, group: asyncio.TaskGroup) -> None:
        while self._ttl_s < inf:
            await asyncio.sleep(self._ttl_s / LOOKS_A_TTL)
            await self._look(group)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """See who is there, and take or give back what follows from that."""
        try:
            roll = await self._leases.attend(self._ttl_s, self._ttl_s * HEARD_WITHIN_LOOKS / LOOKS_A_TTL)
            self._seen_held_s |= dict.fromkeys(roll.held, monotonic())
            todo = share(self.names, tuple(self._holds), roll, self._me)
            for name in todo.give_back:
                self._holds[name].is_enough.set()
            for name in todo.take:
                await self._take(name, group)
        except NameTaken:
            raise
        except StoreFailed as error:
            _log.error("duties cannot be shared out, trying again: %s", error)

    async def _take(self, name: str, group: asyncio.TaskGroup) -> None:
        lease = await self._leases.take(name, self._ttl_s)
        if lease is not None:
            seen_s = self._seen_held_s.get(name)
            hold = self._holds[name] = Hold(lease, None if seen_s is None else monotonic() - seen_s)
            hold.task = group.create_task(self._do(hold))

    # --- one duty -----------------------------------------------------------------------------------------

    async def _do(self, hold: Hold) -> None:
        name = hold.lease.name
        try:
            await self._until_enough_or_lost(hold)
        except StoreFailed as error:
            if self._ttl_s == inf:
                raise
            _log.error("duty %s is left to others: %s", name, error)
        finally:
            del self._holds[name]
            hold.is_begun.set()

    async def _until_enough_or_lost(self, hold: Hold) -> None:
        name = hold.lease.name
        keeping = asyncio.create_task(self._keep(hold))
        try:
            async with hold.leash:
                hold.renewed(hold.lease)
                async with self._duties[name](hold):
                    self._tell(hold, is_held=True)
                    try:
                        hold.is_begun.set()
                        await hold.is_enough.wait()
                    finally:
                        self._tell(hold, is_held=False)
        except TimeoutError:
            if not hold.leash.expired():
                raise
            _log.warning("duty %s is over here: its lease could not be renewed", name)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await self._release(hold.lease)

    def _tell(self, hold: Hold, *, is_held: bool) -> None:
        self._on_change(hold.lease.name, is_held)
        if self._ttl_s < inf:
            words = "begins" if is_held else "ends"
            _log.info("duty %s %s here, epoch %d", hold.lease.name, words, hold.lease.epoch)

    async def _keep(self, hold: Hold) -> None:
        """Renew a lease in time, for as long as there is one."""
        pause_s = self._ttl_s / RENEWALS_A_TTL
        while self._ttl_s < inf:
            await asyncio.sleep(max(0.0, hold.lease.renew_at_s - monotonic()))
            try:
                # A renewal that hangs is given up, so that there is time for another one.
                async with asyncio.timeout(pause_s):
                    hold.renewed(await self._leases.renew(hold.lease))
            except LeaseLost:
                hold.lost()
                return
            except (StoreFailed, TimeoutError) as error:
                _log.warning("lease %s not renewed, trying again: %s", hold.lease.name, str(error) or "no answer")
                await asyncio.sleep(pause_s / RENEWALS_A_TTL)

    async def _release(self, lease: Lease) -> None:
        """Let others have it at once, if they have not taken it."""
        with suppress(StoreFailed, TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._leases.release(lease)

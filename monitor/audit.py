"""Who changed what, and from where?

One line in the log and one row in the store (`monitor.store.ports.AuditLog`) for each change that a person or a script
made or wanted to make, and for each login.  The line is under `monitor.audit`, with what was done as its message, and
`who`, `role`, `way`, `status` and `from` as fields of their own; `from` is as much of the address as is kept of any
(`privacy.addresses`), and empty for this machine.  What was changed, with its reason, is on record where it belongs: a
silence knows its author, an incident who looks after it.

The row is written before the change and concluded after it: nothing is changed of which there is no row, and where the
daemon ended in between, the row says that nobody knows what came of it.  Where the row cannot be written, nothing is
changed.  Refusals are no changes: of them there are so many a minute and not more, or whoever guesses would fill the
disk; how many were left out is written down as soon as there is room again.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from getpass import getuser
from logging import INFO, WARNING, getLogger

from monitor.http.rate import RateLimit
from monitor.http.visitors import Visitor, Way
from monitor.roles import Role
from monitor.store.ports import AuditEntry, AuditLog, StoreFailed

_log = getLogger(__name__)

LONGEST_DEED = 200
REFUSALS_PER_S, REFUSALS_AT_ONCE = 1.0, 60
DONE, FAILED = 200, 500  # what came of a command, as HTTP has it


class Audit:
    """Writes down who changes what.

    Args:
        store: where it is kept.
        now_s: the time.
        request_id: returns by what the request under way is known, if it is.
    """

    def __init__(self, store: AuditLog, now_s: Callable[[], float], request_id: Callable[[], str] = lambda: "") -> None:
        self._store = store
        self._now_s = now_s
        self._request_id = request_id
        self._refusals = RateLimit(REFUSALS_PER_S, REFUSALS_AT_ONCE)
        self._left_out = 0

    async def begin(self, visitor: Visitor, did: str, place: str | None) -> int:
        """Write down that somebody does something; return the number of that.

        Raises:
            StoreFailed: it is not written down, so it is not to be done either.
        """
        return await self._store.add(self._entry(did, place, visitor))

    async def conclude(self, number: int, visitor: Visitor, did: str, status: int, place: str | None) -> None:
        """Write down what came of it."""
        changed(visitor, did, status, place)
        try:
            await self._store.conclude(number, status)
        except StoreFailed as error:
            _log.warning("what came of change %d is in this log only: %s", number, error)

    async def done(self, visitor: Visitor, did: str, status: int, place: str | None) -> None:
        """Write down what was done, where there is nothing that could come in between.

        Raises:
            StoreFailed: only the log has it.
        """
        changed(visitor, did, status, place)
        await self._store.add(self._entry(did, place, visitor, status))

    async def not_let(self, visitor: Visitor, did: str, status: int, place: str | None) -> None:
        """Write down that somebody wanted to do something that they may not."""
        if await self._has_room():
            changed(visitor, did, status, place)
            await self._keep(self._entry(did, place, visitor, status))

    async def refused(self, what: str, place: str | None, *, status: int = 401) -> None:
        """Write down that somebody nobody knows was turned away."""
        if await self._has_room():
            refused(what, place)
            await self._keep(self._entry(what, place, None, status))

    async def _has_room(self) -> bool:
        """Whether one more refusal may be written down; if so, what was left out before is."""
        if self._refusals.wait_s(None, self._now_s()):
            self._left_out += 1
            return False
        if self._left_out:
            said, self._left_out = f"{self._left_out} refusals were too many to be written down one by one", 0
            refused(said, None)
            await self._keep(self._entry(said, None, None, 429))
        return True

    async def _keep(self, entry: AuditEntry) -> None:
        try:
            await self._store.add(entry)
        except StoreFailed as error:
            _log.warning("a refusal is in this log only: %s", error)

    def _entry(self, did: str, place: str | None, visitor: Visitor | None, status: int | None = None) -> AuditEntry:
        now_ms = round(self._now_s() * 1000)
        who, role, way = ("", "", "") if visitor is None else (visitor.name, visitor.role.value, visitor.way.value)
        return AuditEntry(now_ms, who, role, way, place or "", did[:LONGEST_DEED], status, self._request_id())

    @asynccontextmanager
    async def doing(self, visitor: Visitor, did: str) -> AsyncIterator[None]:
        """Have it written down that somebody does something by another way than HTTP, and whether that went well.

        Raises:
            StoreFailed: it is not written down, so it is not done.
        """
        number = await self.begin(visitor, did, None)
        status = FAILED
        try:
            yield
            status = DONE
        finally:
            await self.conclude(number, visitor, did, status, None)

    def by_word(self, who: str, via: str, did: str) -> AbstractAsyncContextManager[None]:
        """Have it written down what somebody wants done who answers to what they were told, by a link or a service."""
        return self.doing(Visitor(who, Role.OPERATOR, Way.WORD), f"{did} by {via}")


def by_hand(store: AuditLog, now_s: Callable[[], float], did: str) -> AbstractAsyncContextManager[None]:
    """Have it written down that a command changes the database itself, and whether that went well."""
    return Audit(store, now_s).doing(Visitor(typed_by(), Role.ADMIN, Way.COMMAND), did)


def typed_by() -> str:
    """Return the name of whoever runs this process, as the machine knows them."""
    try:
        return getuser()
    except (KeyError, OSError):  # a number without a name, as in many containers
        return "somebody"


def changed(visitor: Visitor, did: str, status: int, place: str | None) -> None:
    """Say in the log that somebody did something, or, by its status, was not let."""
    level = INFO if status < 400 else WARNING
    _write(level, did, place, who=visitor.name, role=visitor.role.value, way=visitor.way.value, status=str(status))


def refused(what: str, place: str | None) -> None:
    """Say in the log that somebody nobody knows was turned away; what they said they knew is not for the log."""
    _write(WARNING, what, place)


def _write(level: int, did: str, place: str | None, **fields: str) -> None:
    did = did[:LONGEST_DEED]
    _log.log(level, did, extra={"fields": {**fields, "from": place or ""}})

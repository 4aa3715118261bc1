"""What if it need not be known any more, once the process is gone, who changed what?"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from monitor.store.ports import AuditEntry, AuditSearch


class MemoryAudit:
    """The audit log in memory (`monitor.store.ports.AuditLog`)."""

    def __init__(self) -> None:
        self._entries: dict[int, AuditEntry] = {}
        self._last = 0

    async def add(self, entry: AuditEntry) -> int:
        """Write down that somebody does something; return its number."""
        self._last += 1
        self._entries[self._last] = entry
        return self._last

    async def conclude(self, number: int, status: int) -> None:
        """Add what came of it, once."""
        entry = self._entries.get(number)
        if entry is not None and entry.status is None:
            self._entries[number] = replace(entry, status=status)

    async def find(self, search: AuditSearch) -> Sequence[tuple[int, AuditEntry]]:
        """Return entries with their numbers, the latest first."""
        found = [(number, each) for number, each in self._entries.items() if search.is_for(number, each)]
        return found[::-1][: search.limit]

    def drop_before(self, bound_ms: float) -> int:
        """Drop what is older; return how many went."""
        old = [number for number, each in self._entries.items() if each.at_ms < bound_ms]
        for number in old:
            del self._entries[number]
        return len(old)

    def forget(self, names: Collection[str], stand_in: str) -> int:
        """Put something in the place of names; return how many entries that changed."""
        theirs = [number for number, each in self._entries.items() if each.who in names]
        for number in theirs:
            self._entries[number] = replace(self._entries[number], who=stand_in)
        return len(theirs)

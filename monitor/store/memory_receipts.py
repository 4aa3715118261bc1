"""How are receipts kept where nothing needs to outlive the process?"""

from collections.abc import Sequence
from operator import attrgetter

from alerts.receipts import Receipt


class MemoryReceipts:
    """Receipts in memory (`monitor.store.ports.Receipts`)."""

    def __init__(self) -> None:
        self._receipts: dict[tuple[str, str, str], Receipt] = {}

    async def add(self, notification_id: str, receipt: Receipt) -> bool:
        """Keep a receipt, and say whether it is news."""
        key = (notification_id, receipt.reference, receipt.status)
        return self._receipts.setdefault(key, receipt) is receipt

    async def of(self, notification_id: str) -> Sequence[Receipt]:
        """Return what is known of a notification, oldest first."""
        known = [receipt for (about, *_), receipt in self._receipts.items() if about == notification_id]
        return sorted(known, key=attrgetter("at", "reference", "status"))

    def drop_before(self, bound_s: float) -> int:
        """Drop what was told before."""
        over = [key for key, receipt in self._receipts.items() if receipt.at < bound_s]
        for key in over:
            del self._receipts[key]
        return len(over)

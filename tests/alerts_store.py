"""The memory store's outbox, with a note of everything that was settled.

It survives the dispatcher, as a database would, so a test can start a second dispatcher on what the first one left.
"""

from collections.abc import Sequence

from alerts.delivery import Settled, Settlement
from alerts.model import Notification
from monitor.store.memory_alerts import MemoryAlerts
from monitor.store.memory_outbox import OutboxRow


class OutboxStore(MemoryAlerts):
    def __init__(self, *notifications: Notification) -> None:
        super().__init__()
        self.settlements: list[tuple[str, Settlement]] = []
        self.add(*notifications)

    def add(self, *notifications: Notification) -> None:
        for each in notifications:
            self.owe(each)

    @property
    def owed(self) -> dict[str, OutboxRow]:
        return {row.notification.id: row for row in self.outbox.values() if row.state == "waiting"}

    def fate_of(self, notification: Notification) -> Settlement | None:
        return next((last for id_, last in reversed(self.settlements) if id_ == notification.id), None)

    async def settle(self, settled: Sequence[Settled]) -> None:
        self.settlements += [(each.notification_id, each.settlement) for each in settled]
        await super().settle(settled)

"""The memory store's outbox, with a note of everything that was settled.

It survives the dispatcher, as a database would, so a test can start a second dispatcher on what the first one left.
"""

from alerts.delivery import Settlement
from alerts.model import Notification
from monitor.store.memory import MemoryAlerts, OutboxRow


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

    async def settle(self, notification_id: str, settlement: Settlement) -> None:
        self.settlements.append((notification_id, settlement))
        await super().settle(notification_id, settlement)

"""An outbox in a few lines: what the dispatcher needs from a store, kept in memory.

It survives the dispatcher, as a database would, so a test can start a second dispatcher on what the first one left.
"""

from collections.abc import Collection, Iterator, Sequence

from alerts.delivery import Settlement
from alerts.model import Alert, Judgement, Notification, Owed, State


class OutboxStore:
    def __init__(self, *notifications: Notification) -> None:
        self.alerts: dict[str, Alert] = {}
        self.owed: dict[str, Owed] = {}
        self.settlements: list[tuple[str, Settlement]] = []
        self.add(*notifications)

    def add(self, *notifications: Notification) -> None:
        for each in notifications:
            self.owed[each.id] = Owed(each, next_at=each.created_at)

    def fate_of(self, notification: Notification) -> Settlement | None:
        return next((last for id_, last in reversed(self.settlements) if id_ == notification.id), None)

    async def load_alerts(self) -> Sequence[Alert]:
        return list(self.alerts.values())

    async def record(self, judgement: Judgement) -> None:
        for alert in judgement.alerts:
            if alert.state is State.INACTIVE:
                self.alerts.pop(alert.fingerprint, None)
            else:
                self.alerts[alert.fingerprint] = alert
        self.add(*judgement.notifications)

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        heads = [row for row in self._heads() if row.next_at <= now and row.notification.receiver not in skip]
        return heads[:limit]

    async def next_due_at(self, after: float) -> float | None:
        return min((row.next_at for row in self._heads() if row.next_at > after), default=None)

    async def settle(self, notification_id: str, settlement: Settlement) -> None:
        self.settlements.append((notification_id, settlement))
        row = self.owed[notification_id]
        if settlement.next_at is None:
            del self.owed[notification_id]
        else:  # it keeps its place: the order of a lane is the order in which its rows were owed
            self.owed[notification_id] = Owed(
                row.notification, settlement.attempts, settlement.next_at, settlement.last_error
            )

    def _heads(self) -> Iterator[Owed]:
        lanes = set()
        for row in self.owed.values():
            if row.notification.lane not in lanes:
                lanes.add(row.notification.lane)
                yield row

"""How are alert states kept, if nothing needs to outlive the process?"""

from collections.abc import Callable, Sequence

from alerts.model import Alert, Judgement
from monitor.store.changing import changed_by
from monitor.store.memory_incidents import MemoryIncidents
from monitor.store.memory_outbox import MemoryOutbox
from monitor.store.ports import Changed, Ended


class MemoryAlerts(MemoryOutbox):
    """Alert states beside the outbox, in memory (`monitor.store.ports.AlertHistory`)."""

    def __init__(self, incidents: MemoryIncidents | None = None) -> None:
        super().__init__()
        self._incidents = MemoryIncidents() if incidents is None else incidents
        self._alerts: dict[str, Alert] = {}
        self._history: list[Ended] = []

    async def load_alerts(self) -> Sequence[Alert]:
        """Return every alert that is kept: open, or remembered after its end."""
        return list(self._alerts.values())

    async def record(self, judgement: Judgement) -> None:
        """Make the whole judgement true."""
        alerts = {alert.fingerprint: alert for alert in judgement.alerts}
        for fingerprint, alert in alerts.items():
            if alert.is_kept:
                self._alerts[fingerprint] = alert
            else:
                self._alerts.pop(fingerprint, None)
        self._history += [Ended(t, alerts[t.fingerprint]) for t in judgement.transitions]
        for notification in judgement.notifications:
            self.owe(notification)
        self._incidents.write(judgement)

    async def ended(self, since_s: float, limit: int) -> Sequence[Ended]:
        """Return the episodes that ended since, latest first."""
        ended = [e for e in self._history if e.transition.ends_episode and e.transition.at >= since_s]
        ended.reverse()  # of two at the same moment the later one comes first
        return sorted(ended, key=lambda e: -e.transition.at)[:limit]

    async def changes_of(self, fingerprint: str, before_s: float, limit: int) -> Sequence[Changed]:
        """Return the last `limit` changes of an alert's state before a moment, oldest first."""
        found = [e for e in self._history if e.transition.fingerprint == fingerprint and e.transition.at < before_s]
        return found[-limit:]

    def all_alerts(self) -> Sequence[Alert]:
        """Return the alerts that there are, those of which something is on record, and those somebody was told of."""
        told = [alert for row in self.outbox.values() for alert in row.notification.incident.alerts]
        ended = (entry.alert for entry in self._history)
        return [*self._alerts.values(), *ended, *told, *self._incidents.alerts()]

    def changes(self) -> Sequence[Changed]:
        """Return every change of an alert's state, oldest first."""
        return self._history

    def drop_before(self, bound_s: float) -> int:
        """Drop finished history older than the bound."""
        history = [entry for entry in self._history if entry.transition.at >= bound_s]
        dropped = len(self._history) - len(history) + self.drop_told_before(bound_s)
        dropped += self._incidents.drop_before(bound_s)
        self._history = history
        return dropped

    def change(self, change: Callable[[Alert], Alert | None], before_s: float | None = None) -> int:
        """Change alerts, and what became of them; of those only that are over and older, where a time is given.

        Returns:
            How many became others, or none.
        """

        def ended(entry: Ended) -> Ended | None:
            is_due = before_s is None or entry.transition.at < before_s
            alert = change(entry.alert) if is_due else entry.alert
            return None if alert is None else entry._replace(alert=alert)

        alerts, standing = changed_by(self._alerts.values(), lambda alert: change(alert) if before_s is None else alert)
        self._alerts = {alert.fingerprint: alert for alert in alerts}
        self._history, past = changed_by(self._history, ended)
        return standing + past + self.change_told(change, before_s) + self._incidents.change(change, before_s)

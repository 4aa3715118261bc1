"""Groups of alerts, and what became of incidents, for a daemon that may forget."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from alerts.model import Alert, Group, Incident, Judgement, Note
from monitor.store.forgotten import group_with, incident_with
from monitor.store.ports import IncidentsWanted


class MemoryIncidents:
    """Groups and incidents in memory (`monitor.store.ports.IncidentHistory`)."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._incidents: dict[str, Incident] = {}
        self._notes: list[Note] = []

    def write(self, judgement: Judgement) -> None:
        """Keep what a judgement says of groups and incidents."""
        for key in judgement.over:
            self._groups.pop(key, None)
        self._groups |= {group.key: group for group in judgement.groups}
        self._incidents |= {incident.id: incident for incident in judgement.incidents}
        self._notes += judgement.notes

    async def load_groups(self) -> Sequence[Group]:
        """Return every group that there is."""
        return list(self._groups.values())

    async def incidents(self, wanted: IncidentsWanted) -> Sequence[Incident]:
        """Return the incidents that are wanted, the latest first."""
        found = [each for each in self._incidents.values() if wanted.is_among(each)]
        return sorted(found, key=lambda each: (each.started_at, each.id), reverse=True)[: wanted.limit]

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, as it stood when something was last said of it."""
        return self._incidents.get(incident_id)

    async def incidents_of(self, groups: Collection[str], from_s: float, to_s: float) -> Sequence[Incident]:
        """Return the incidents of groups that went on at some time in [from_s, to_s), oldest first."""
        found = [each for each in self._incidents.values() if each.group in groups and went_on(each, from_s, to_s)]
        return sorted(found, key=lambda each: (each.started_at, each.id))

    async def notes(self, fingerprint: str, from_s: float, to_s: float, limit: int) -> Sequence[Note]:
        """Return at most `limit` notes on an alert in [from_s, to_s), oldest first."""
        return [n for n in self._notes if n.fingerprint == fingerprint and from_s <= n.at < to_s][:limit]

    def alerts(self) -> Iterable[Alert]:
        """Return every alert that something is kept of here."""
        for group in self._groups.values():
            yield from group.resolved
        for incident in self._incidents.values():
            yield from incident.alerts

    def drop_before(self, bound_s: float) -> int:
        """Drop incidents that were over before, and old notes."""
        kept = {k: each for k, each in self._incidents.items() if each.ended_at is None or each.ended_at >= bound_s}
        notes = [note for note in self._notes if note.at >= bound_s]
        dropped = len(self._incidents) - len(kept) + len(self._notes) - len(notes)
        self._incidents, self._notes = kept, notes
        return dropped

    def change(self, change: Callable[[Alert], Alert | None], before_s: float | None = None) -> int:
        """Change the alerts in groups and incidents; only in those that were over before, where a time is given."""
        count = 0
        for key, group in self._groups.items() if before_s is None else ():
            self._groups[key] = group_with(group, change)
            count += self._groups[key] != group
        for key, incident in self._incidents.items():
            if before_s is None or (incident.ended_at is not None and incident.ended_at < before_s):
                self._incidents[key] = replace(incident_with(incident, change))
                count += self._incidents[key] != incident
        return count


def went_on(incident: Incident, from_s: float, to_s: float) -> bool:
    """Whether an incident went on at some time in [from_s, to_s)."""
    return incident.started_at < to_s and (incident.ended_at is None or incident.ended_at >= from_s)

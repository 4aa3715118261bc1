"""What is said and answered about incidents, whether somebody asks over HTTP or on the command line?

An incident that is open is shown as it is now, one that is over as it was when that was told.  Times are milliseconds
since the epoch.  No answer holds a link of a notification, since one of them acknowledges.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from alerts.acknowledgement import Acknowledgement, Withdrawal
from alerts.groups import Groups
from alerts.model import Alert, Group, Incident, Note
from monitor.acknowledging import Listener
from monitor.http.cursors import written
from monitor.http.notifications import (
    AttemptView,
    NotificationView,
    ReceiptView,
    attempt_view,
    notification_view,
    receipt_view,
)
from monitor.http.views import AlertView, alert_view
from monitor.store.ports import IncidentsWanted, OutboxEntry, OutboxSearch, Store

SHOWN_NOTIFICATIONS = 100
SHOWN_NOTES = 20  # of each alert
NOTED_BEFORE_S = 3600.0  # what kept an incident from being told of before it was one is a part of it

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class AcknowledgeAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks after an incident, where they say so, and what else they have to say to those who were told.

    Where nobody is named, it is whoever is logged in.
    """

    by: Name = ""
    via: Literal["api", "command"] = "api"
    note: Annotated[str, Meta(max_length=300)] = ""


class UnacknowledgeAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Who gives an incident back (whoever is logged in, where nobody is named), and where they say so."""

    by: Name = ""
    via: Literal["api", "command"] = "api"


class ReceivedAlertView(AlertView, frozen=True):
    """An alert of an incident, with what routes and silences match on and all that was seen of whom it is about.

    `details` are by their names; `muted` says why nobody is told of it at present, and is empty where somebody is.
    `fired_at_ms` is when it fired, `since_ms` when its present state began: of one that is over, its end.
    """

    labels: dict[str, str]
    details: dict[str, str | float | None]
    participant_sid: str | None
    fired_at_ms: int | None
    runbook_url: str
    muted: str


class EscalationView(Struct, frozen=True):
    """How far up an open incident has gone; `unreached` names whose not being reached brings the next step forward."""

    receivers: list[str]  # that have been told
    steps_taken: int
    steps: int
    next_step_at_ms: int | None
    unreached: str


class IncidentView(Struct, frozen=True):
    """One incident; `escalation` is null once it is over."""

    id: str
    is_open: bool
    severity: str
    started_at_ms: int
    ended_at_ms: int | None
    summary: str
    cause: str
    labels: dict[str, str]
    firing_count: int
    resolved_count: int
    acknowledged_by: str
    acknowledged_via: str
    acknowledged_at_ms: int | None
    escalation: EscalationView | None


class AfterIncident(Struct, frozen=True, array_like=True, tag="incidents"):
    """Where a page of incidents begins: after the one that began then."""

    opened_at_s: float
    id: str


class IncidentsPage(Struct, frozen=True):
    """Some incidents, the latest first; `next` asks for those after them, and is null where there are none."""

    incidents: list[IncidentView]
    next: str | None


class SaidView(Struct, frozen=True):
    """A notification, the attempts at it, and what was told of it afterwards."""

    notification: NotificationView
    attempts: list[AttemptView]
    receipts: list[ReceiptView]


class NoteView(Struct, frozen=True):
    """Why somebody was not told of an alert, or no longer."""

    at_ms: int
    fingerprint: str
    text: str


class IncidentLife(Struct, frozen=True):
    """An incident with the worst of its alerts, what was said of it (the latest first), and why more was not.

    `route` names the route that put its alerts together, as far as that is there still.
    """

    incident: IncidentView
    route: str
    alerts: list[ReceivedAlertView]
    notifications: list[SaidView]
    notes: list[NoteView]


class NoSuchIncident(LookupError):
    """There is none of that name on record."""


class IncidentOver(Exception):
    """Nothing can be done to it any more."""


class IncidentAnswers:
    """Answers what is asked about incidents, and does what is wanted.

    Args:
        store: what is on record.
        groups: those that are open.
        acknowledging: does what people say.
        now_s: what time it is.
        look: looks how incidents stand, where others decide that.
    """

    def __init__(
        self,
        store: Store,
        groups: Groups,
        acknowledging: Listener,
        now_s: Callable[[], float],
        look: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._look = look
        self._store = store
        self._groups = groups
        self._acknowledging = acknowledging
        self._now_s = now_s

    async def page(self, wanted: IncidentsWanted) -> IncidentsPage:
        """Return a page of incidents."""
        found = await self._store.incidents.incidents(wanted)
        last = AfterIncident(found[-1].started_at, found[-1].id) if len(found) == wanted.limit else None
        return IncidentsPage([self._view(incident) for incident in found], None if last is None else written(last))

    async def get(self, incident_id: str) -> IncidentLife:
        """Return one incident, and all that was said of it.

        Raises:
            NoSuchIncident: it is not on record.
        """
        incident = await self._found(incident_id)
        said = await self._store.alerts.notifications(OutboxSearch(incident=incident_id, limit=SHOWN_NOTIFICATIONS))
        mutes = self._groups.mutes()
        open_id = incident.id if incident.ended_at is None else None
        return IncidentLife(
            self._view(incident),
            self._groups.route_of(incident),
            [_received(alert, open_id, mutes.get(alert.fingerprint, "")) for alert in incident.alerts],
            [await self._said(entry) for entry in said],
            await self._notes(incident),
        )

    async def acknowledge(self, incident_id: str, asked: AcknowledgeAsked) -> IncidentView:
        """Have somebody look after an incident.

        Raises:
            NoSuchIncident: it is not on record.
            IncidentOver: it needs nobody any more.
            StoreFailed: nothing was changed.
        """
        await self._open(incident_id)
        note = " ".join(asked.note.split())
        said = Acknowledgement(asked.by.strip(), asked.via, self._now_s(), incident=incident_id, note=note)
        await self._acknowledging.hear(said)
        return self._view(await self._found(incident_id))

    async def unacknowledge(self, incident_id: str, asked: UnacknowledgeAsked) -> IncidentView:
        """Have nobody look after an incident any more.

        Raises:
            NoSuchIncident: it is not on record.
            IncidentOver: it needs nobody any more.
            StoreFailed: nothing was changed.
        """
        await self._open(incident_id)
        await self._acknowledging.hear(Withdrawal(asked.by.strip(), asked.via, self._now_s(), incident=incident_id))
        return self._view(await self._found(incident_id))

    async def _found(self, incident_id: str) -> Incident:
        now = self._groups.incident(incident_id, self._now_s())
        incident = now or await self._store.incidents.incident(incident_id)
        if incident is None:
            raise NoSuchIncident(f"expected an incident on record, got {incident_id[:60]!r}")
        return incident

    async def _open(self, incident_id: str) -> None:
        incident = await self._found(incident_id)
        if self._groups.open_incident(incident.id) is None and self._look is not None:
            await self._look()  # it may be open for less than a moment
        if self._groups.open_incident(incident.id) is None:
            raise IncidentOver(f"expected an incident that is open, got {incident.id}, which is over")

    async def _said(self, entry: OutboxEntry) -> SaidView:
        attempts = await self._store.alerts.attempts(entry.seq)
        receipts = await self._store.receipts.of(entry.notification.id)
        return SaidView(
            notification_view(entry),
            [attempt_view(number, made) for number, made in attempts],
            [receipt_view(receipt) for receipt in receipts],
        )

    async def _notes(self, incident: Incident) -> list[NoteView]:
        from_s, to_s = incident.started_at - NOTED_BEFORE_S, self._now_s() + 1
        found: list[Note] = []
        for alert in incident.alerts:
            found += await self._store.incidents.notes(alert.fingerprint, from_s, to_s, SHOWN_NOTES)
        ours = sorted((note for note in found if note.group == incident.group), key=lambda note: note.at)
        return [NoteView(_ms(note.at), note.fingerprint, note.text) for note in ours]

    def _view(self, incident: Incident) -> IncidentView:
        group = self._groups.open_incident(incident.id)
        now = None if group is None else self._groups.incident(incident.id, self._now_s())
        return _incident_view(now or incident, group)


def _incident_view(incident: Incident, group: Group | None) -> IncidentView:
    return IncidentView(
        id=incident.id,
        is_open=incident.ended_at is None,
        severity=incident.severity.value,
        started_at_ms=_ms(incident.started_at),
        ended_at_ms=None if incident.ended_at is None else _ms(incident.ended_at),
        summary=incident.summary,
        cause=incident.cause,
        labels=dict(incident.labels),
        firing_count=incident.firing_count,
        resolved_count=incident.resolved_count,
        acknowledged_by=incident.acknowledged_by,
        acknowledged_via="" if group is None else group.acknowledged_via,
        acknowledged_at_ms=None if group is None or group.acknowledged_at is None else _ms(group.acknowledged_at),
        escalation=None if group is None else _escalation_view(group),
    )


def _received(alert: Alert, open_id: str | None, muted: str) -> ReceivedAlertView:
    participant_sid = alert.details.get("participant_sid")
    return ReceivedAlertView(
        **structs.asdict(alert_view(alert, open_id)),
        labels=dict(alert.all_labels),
        details=dict(alert.details),
        participant_sid=participant_sid if isinstance(participant_sid, str) else None,
        fired_at_ms=None if alert.fired_at is None else _ms(alert.fired_at),
        runbook_url=alert.annotations.get("runbook_url", ""),
        muted=muted,
    )


def _escalation_view(group: Group) -> EscalationView:
    goes_on = group.next_step_at is not None and not group.acknowledged_by
    return EscalationView(
        receivers=list(group.receivers),
        steps_taken=group.steps_taken,
        steps=len(group.plan.steps),
        next_step_at_ms=_ms(group.next_step_at or 0) if goes_on else None,
        unreached=group.unreached,
    )


def _ms(at_s: float) -> int:
    return round(at_s * 1000)

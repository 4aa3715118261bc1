"""One line that says what matters in this test; everything else is ordinary."""

from dataclasses import replace

from alerts.fingerprint import dedup_key, notification_id
from alerts.model import (
    Alert,
    Incident,
    Kind,
    Notification,
    NotificationKind,
    Plan,
    Reading,
    Rule,
    Severity,
    State,
    Step,
)
from alerts.rules import build_rule

START = 1_763_690_000.0


def make_rule(hold_for="10s", clear_for="20s", **changes) -> Rule:
    settings = {
        "raise_when": "level <= 1",
        "clear_when": "level >= 3",
        "severity": Severity.WARNING,
        "summary": "{identity} has level {level} in {room_name}.",
    }
    return build_rule("Bad", Kind.PARTICIPANT, **{**settings, "hold_for": hold_for, "clear_for": clear_for, **changes})


def make_reading(level=None, entity="PA1", **changes) -> Reading:
    reading = Reading(
        kind=Kind.PARTICIPANT,
        entity=entity,
        values={"level": level},
        labels={"room_name": "class"},
        details={"identity": "alice", "level": level},
    )
    return replace(reading, **changes)


def make_alert(**changes) -> Alert:
    alert = Alert(
        fingerprint="f1-0000",
        rule="Bad",
        kind=Kind.PARTICIPANT,
        entity="PA1",
        severity=Severity.CRITICAL,
        state=State.FIRING,
        since=START,
        labels={"room_name": "class"},
        annotations={"summary": "alice is cut off.", "description": "Level 0 of 5.", "runbook_url": "docs/x.md#bad"},
        details={"identity": "alice", "level": 0.0, "rtt_ms": None},
        value=0.0,
        episode="e1-0000",
        fired_at=START,
        groups=("g1-0000",),
    )
    return replace(alert, **changes)


def make_notification(kind=NotificationKind.TRIGGER, receiver="ops", entity="PA1", at=START, **changes) -> Notification:
    alert = changes.pop("alert", make_alert(entity=entity, fingerprint=f"f1-{entity}"))
    is_over = kind is NotificationKind.RESOLVE
    incident = changes.pop("incident", None) or make_incident(alert, ended_at=at if is_over else None)
    key = dedup_key("test", receiver, incident.id)
    return Notification(
        id=notification_id(key, kind),
        receiver=receiver,
        kind=kind,
        dedup_key=key,
        incident=incident,
        created_at=at,
        reason="gone: room_ended" if is_over else "held: level <= 1 for 10 s",
        **changes,
    )


def make_plan(*receivers: str, **changes) -> Plan:
    """One step, to everybody at once; a group waits 10 s for others, 60 s between words, 10 s before it is over."""
    steps = changes.pop("steps", (Step(0.0, receivers or ("ops",)),))
    return replace(Plan("r", steps, ("alertname", "room_name")), **changes)


def make_incident(*alerts: Alert, ended_at: float | None = None, **changes) -> Incident:
    """All of these alerts fire, or all of them ended."""
    if ended_at is not None:
        alerts = tuple(replace(alert, state=State.INACTIVE, since=ended_at) for alert in alerts)
    incident = Incident(
        id=f"i1-{alerts[0].fingerprint}",
        group="g1-0000",
        severity=min(alert.severity for alert in alerts),
        started_at=START,
        ended_at=ended_at,
        labels={"alertname": alerts[0].rule},
        firing=alerts if ended_at is None else (),
        resolved=() if ended_at is None else alerts,
        firing_count=len(alerts) if ended_at is None else 0,
        resolved_count=0 if ended_at is None else len(alerts),
    )
    return replace(incident, **changes)

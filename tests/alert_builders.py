"""One line that says what matters in this test; everything else is ordinary."""

from dataclasses import replace

from alerts.fingerprint import dedup_key, notification_id
from alerts.model import Alert, Kind, Notification, NotificationKind, Reading, Rule, Severity, State
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
        receivers=("ops",),
    )
    return replace(alert, **changes)


def make_notification(kind=NotificationKind.TRIGGER, receiver="ops", entity="PA1", at=START, **changes) -> Notification:
    alert = changes.pop("alert", make_alert(entity=entity, fingerprint=f"f1-{entity}"))
    key = dedup_key("test", receiver, alert.fingerprint, alert.episode)
    return Notification(
        id=notification_id(key, kind),
        receiver=receiver,
        kind=kind,
        dedup_key=key,
        alert=alert,
        created_at=at,
        started_at=START,
        ended_at=at if kind is NotificationKind.RESOLVE else None,
        reason="held: level <= 1 for 10 s" if kind is NotificationKind.TRIGGER else "gone: room_ended",
        **changes,
    )

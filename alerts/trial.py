"""What is said to find out whether a receiver can be told anything?

A trigger and a resolve, of an incident made up for it.  They are marked as a test and say so in their own words, go the
way of every other word, and nothing else knows of the incident.
"""

from dataclasses import replace

from alerts.fingerprint import dedup_key, fingerprint, group_key, incident_id, notification_id
from alerts.model import Alert, Incident, Kind, Notification, NotificationKind, Severity, State

RULE = "RoomwatchTest"


def trial(receiver: str, severity: Severity, instance: str, now: float) -> tuple[Notification, Notification]:
    """Return the two words that try a receiver out, in their order."""
    alert = _alert(receiver, severity, now)
    key = group_key("test", {"receiver": receiver})
    incident = Incident(
        id=incident_id(key, now),
        group=key,
        severity=severity,
        started_at=now,
        labels={"alertname": RULE},
        firing=(alert,),
        firing_count=1,
    )
    ended = replace(alert, state=State.INACTIVE)
    over = replace(incident, ended_at=now, firing=(), firing_count=0, resolved=(ended,), resolved_count=1)
    return (
        _word(NotificationKind.TRIGGER, receiver, incident, instance, now),
        _word(NotificationKind.RESOLVE, receiver, over, instance, now),
    )


def _alert(receiver: str, severity: Severity, now: float) -> Alert:
    name = fingerprint(RULE, receiver)
    return Alert(
        fingerprint=name,
        rule=RULE,
        kind=Kind.DAEMON,
        entity=receiver,
        severity=severity,
        state=State.FIRING,
        since=now,
        labels={},
        annotations={
            "summary": f"TEST: nothing is wrong. Somebody tries out the receiver {receiver}.",
            "description": "It begins and is over at once. Nobody has to do anything.",
            "runbook_url": "",
        },
        fired_at=now,
    )


def _word(kind: NotificationKind, receiver: str, incident: Incident, instance: str, now: float) -> Notification:
    key = dedup_key(instance, receiver, incident.id)
    return Notification(
        id=notification_id(key, kind),
        receiver=receiver,
        kind=kind,
        dedup_key=key,
        incident=incident,
        created_at=now,
        reason="test",
        is_test=True,
    )

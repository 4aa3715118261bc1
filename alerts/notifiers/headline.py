"""What is said first, where there is room for little?

How bad it is, and whether it is news.  Somebody who sees or hears only this knows whether to get up.
"""

from alerts.model import Notification, NotificationKind


def headline(notification: Notification) -> str:
    """Return the one or two words that come before everything else."""
    severity = notification.incident.severity.value.upper()
    word = {
        NotificationKind.TRIGGER: severity,
        NotificationKind.UPDATE: f"UPDATE, {severity}",
        NotificationKind.REPEAT: f"STILL {severity}",
        NotificationKind.ACKNOWLEDGE: "ACKNOWLEDGED",
        NotificationKind.RESOLVE: "RESOLVED",
    }[notification.kind]
    return f"TEST, nothing is wrong: {word}" if notification.is_test else word


def wants_a_person(notification: Notification) -> bool:
    """Whether somebody is still wanted to say that they look after it."""
    is_open = notification.kind in (NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REPEAT)
    return is_open and not notification.incident.acknowledged_by

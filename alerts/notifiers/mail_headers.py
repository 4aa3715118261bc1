"""By which headers do programs put a mail in its place?

Mailboxes: a mail has the same `Message-ID` in every attempt at it, so that of one that was sent twice most keep one;
and all that is said of an incident refers to the first mail about it, so that it stands in one thread.  Filters sort by
what begins with `X-Roomwatch-`.  What answers mail by itself is asked not to.
"""

from alerts.model import Notification, NotificationKind, Severity
from alerts.notifiers.base import Attempt


def mail_headers(notification: Notification, attempt: Attempt, domain: str) -> dict[str, str]:
    """Return the headers of one mail, which `domain` sends."""
    return {**_thread(notification, domain), **_class(notification, attempt)}


def _thread(notification: Notification, domain: str) -> dict[str, str]:
    first_id = f"<{notification.dedup_key}@{domain}>"
    if notification.kind is NotificationKind.TRIGGER and not notification.is_test:
        return {"Message-ID": first_id}
    return {"Message-ID": f"<{notification.id}@{domain}>", "In-Reply-To": first_id, "References": first_id}


def _class(notification: Notification, attempt: Attempt) -> dict[str, str]:
    severity = notification.incident.severity
    wakes = severity is Severity.CRITICAL and notification.kind is NotificationKind.TRIGGER
    return {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        **({"Importance": "high"} if wakes else {}),
        "X-Roomwatch-Kind": notification.kind.value,
        "X-Roomwatch-Severity": severity.value,
        "X-Roomwatch-Notification": notification.id,
        "X-Roomwatch-Incident": notification.incident.id,
        "X-Roomwatch-Dedup-Key": notification.dedup_key,
        **({"X-Roomwatch-Possible-Duplicate": "yes"} if attempt.maybe_heard else {}),
    }

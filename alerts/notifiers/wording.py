"""In which words do people hear of an incident?

Services differ in how a message is built and how long it may be.  What is said in it is the same everywhere: a
headline of our own words, the summary, the alerts that it is made of, a few facts, and links.

What comes from outside, names of rooms and of people foremost, is made harmless here as far as that is the same for
all services: one line stays one line, and nothing in it can turn the text around it.  What is markup differs, and is
each service's own business.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from alerts.model import Alert, Notification, NotificationKind, Severity
from alerts.notifiers.base import Attempt, cut

LISTED_ALERTS = 10
LISTED_LABELS = 6
LONGEST_LINE = 120
LONGEST_NAME = 40
LONGEST_URL = 1000

POSSIBLY_TWICE = "This may be a repeat: an earlier attempt to send it ended without an answer."

_SYMBOL: Mapping[Severity, str] = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
_SAID_ALREADY = ("severity", "kind")

#: Control characters; and those that change the direction of what follows, which would let a name rewrite our words.
_HARMFUL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a button leads; `purpose` is `page`, `acknowledge` or `runbook`."""

    purpose: str
    text: str
    url: str


def headline(notification: Notification) -> str:
    """Return what has become of the incident, without a word from outside but the name of who looks after it."""
    incident = notification.incident
    severity = f"{_SYMBOL[incident.severity]} {incident.severity.value.capitalize()}"
    match notification.kind:
        case NotificationKind.TRIGGER:
            said = severity
        case NotificationKind.UPDATE:
            said = f"{severity}, changed"
        case NotificationKind.REPEAT:
            said = f"{severity}, still going on"
        case NotificationKind.ACKNOWLEDGE:
            by = one_line(incident.acknowledged_by, LONGEST_NAME)
            said = f"👀 Acknowledged by {by}" if by else "👀 Acknowledged"
        case NotificationKind.RESOLVE:
            said = "✅ Resolved"
    return f"Test: {said}" if notification.is_test else said


def summary(notification: Notification, limit: int) -> str:
    """Return what is wrong, on one line that is never empty: no service takes a message without words."""
    incident = notification.incident
    return one_line(incident.summary, limit) or one_line(f"{incident.first.rule} {incident.first.entity}", limit)


def alert_lines(notification: Notification) -> list[str]:
    """Return a line for each alert, where there are several, and how many more there are."""
    incident = notification.incident
    if len(incident.alerts) == 1 and incident.unlisted_count <= 0:
        return []  # the summary has said it
    lines = [f"• {one_line(alert_line(alert), LONGEST_LINE)}" for alert in incident.alerts[:LISTED_ALERTS]]
    more = incident.unlisted_count + len(incident.alerts) - len(lines)
    return [*lines, f"… and {more} more"] if more > 0 else lines


def alert_line(alert: Alert) -> str:
    """Return what is wrong, in the rule's words where it has any."""
    return alert.annotations.get("summary") or f"{alert.rule} {alert.entity}"


def facts(notification: Notification, attempt: Attempt) -> list[tuple[str, str]]:
    """Return what else there is to know, by name; most important first."""
    incident = notification.incident
    known = [
        ("Note", POSSIBLY_TWICE if attempt.maybe_heard else ""),
        ("Since", _time(incident.started_at)),
        ("Until", _time(incident.ended_at)),
        ("Firing", str(incident.firing_count) if incident.firing_count > 1 else ""),
        ("Acknowledged by", one_line(incident.acknowledged_by, LONGEST_NAME)),
        ("Reason", one_line(notification.reason, LONGEST_LINE)),
        *labels(incident.common_labels),
        ("Incident", incident.id),
    ]
    return [(name, text) for name, text in known if text]


def labels(common: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the first few labels that say something the rest does not."""
    short = [(one_line(name, LONGEST_NAME), one_line(text, LONGEST_LINE)) for name, text in common.items()]
    return [(name, text) for name, text in short if name not in _SAID_ALREADY and text][:LISTED_LABELS]


def links(notification: Notification, external_url: str = "") -> list[Link]:
    """Return where to read more and what to press; nothing asks for an acknowledgement that is there, or too late."""
    incident = notification.incident
    is_open = notification.kind is not NotificationKind.RESOLVE and not incident.acknowledged_by
    wanted = [
        Link("page", "Open", notification.links.get("page") or external_url),
        Link("acknowledge", "Acknowledge", notification.links.get("acknowledge", "") if is_open else ""),
        Link("runbook", "Runbook", incident.first.annotations.get("runbook_url", "")),
    ]
    return [link for link in wanted if is_link(link.url)]


def is_link(url: str) -> bool:
    """Return whether a service would take this for an address that leads somewhere."""
    is_web = url.startswith(("http://", "https://"))
    return is_web and len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url


def one_line(text: str, limit: int) -> str:
    """Return `text` on one line, in at most `limit` characters."""
    return cut(" ".join(_HARMFUL.sub(" ", text).split()), limit)


def some_lines(text: str, limit: int) -> str:
    """Return `text` with its lines, in at most `limit` characters."""
    return cut(_HARMFUL.sub(" ", text).strip(), limit)


def _time(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

"""In which words do people hear of an incident?

Services differ in how a message is built and how long it may be.  What is said in it is the same everywhere: how it
stands, in words of ours, since whoever sees or hears only this has to know whether to get up; the summary; the alerts
that it is made of; a few facts; and links.

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

ALERTS_LISTED = 10
LABELS_LISTED = 6
LINE_LIMIT = 120
NAME_LIMIT = 40
URL_LIMIT = 1000

TEST = "TEST: "  # before whatever only tries a receiver out
POSSIBLY_TWICE = "This may be a repeat: an earlier attempt to send it ended without an answer."

_PICTURES: Mapping[Severity, str] = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
_SAID_ALREADY = ("severity", "kind")
_GOING_ON = (NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REPEAT)

#: Control characters, halves of characters, and what changes the direction of all that follows, by which a name could
#: rewrite our words.
_HARMFUL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a button leads; `purpose` is `page`, `acknowledge` or `runbook`."""

    purpose: str
    text: str
    url: str


def standing(notification: Notification) -> str:
    """Return what has become of the incident, without a word from outside but the name of who looks after it."""
    incident = notification.incident
    severity = incident.severity.value.capitalize()
    match notification.kind:
        case NotificationKind.TRIGGER:
            said = severity
        case NotificationKind.UPDATE:
            said = f"{severity}, changed"
        case NotificationKind.REPEAT:
            said = f"{severity}, still going on"
        case NotificationKind.ACKNOWLEDGE:
            by = one_line(incident.acknowledged_by, NAME_LIMIT)
            said = f"Acknowledged by {by}" if by else "Acknowledged"
        case NotificationKind.RESOLVE:
            said = "Resolved"
    return f"Test, nothing is wrong: {said}" if notification.is_test else said


def headline(notification: Notification) -> str:
    """Return the same behind a picture, which is seen before anything is read."""
    return f"{_picture(notification)} {standing(notification)}"


def is_going_on(notification: Notification) -> bool:
    """Whether this is about what goes on, rather than about its end, or about who looks after it."""
    return notification.kind in _GOING_ON


def wants_a_person(notification: Notification) -> bool:
    """Whether somebody is still wanted to say that they look after it."""
    return is_going_on(notification) and not notification.incident.acknowledged_by


def summary(notification: Notification, limit: int) -> str:
    """Return what is wrong, on one line that is never empty: no service takes a message without words."""
    incident = notification.incident
    said = one_line(incident.summary, limit) or one_line(f"{incident.first.rule} {incident.first.entity}", limit)
    return one_line(f"{TEST}{said}", limit) if notification.is_test and not said.startswith(TEST) else said


def alert_lines(notification: Notification) -> list[str]:
    """Return a line for each alert, where there are several, and how many more there are."""
    incident = notification.incident
    if len(incident.alerts) == 1 and incident.unlisted_count <= 0:
        return []  # the summary has said it
    lines = [f"• {alert_line(alert, LINE_LIMIT)}" for alert in incident.alerts[:ALERTS_LISTED]]
    more = incident.unlisted_count + len(incident.alerts) - len(lines)
    return [*lines, f"… and {more} more"] if more > 0 else lines


def alert_line(alert: Alert, limit: int) -> str:
    """Return what is wrong with one of them, on one line, in the rule's words where it has any."""
    name = f"{alert.rule} {alert.entity}"
    return one_line(alert.annotations.get("summary", ""), limit) or one_line(name, limit)


def facts(notification: Notification, attempt: Attempt) -> list[tuple[str, str]]:
    """Return what else there is to know, by name; most important first."""
    incident = notification.incident
    known = [
        ("Note", POSSIBLY_TWICE if attempt.maybe_heard else ""),
        ("Severity", "" if is_going_on(notification) else incident.severity.value),
        ("Since", moment(incident.started_at)),
        ("Until", "" if incident.ended_at is None else moment(incident.ended_at)),
        ("Firing", str(incident.firing_count) if incident.firing_count > 1 else ""),
        ("Acknowledged by", one_line(incident.acknowledged_by, NAME_LIMIT)),
        ("Reason", one_line(notification.reason, LINE_LIMIT)),
        *labels(incident.common_labels),
        ("Incident", incident.id),
    ]
    return [(name, text) for name, text in known if text]


def labels(common: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the first few labels that say something that nothing else says."""
    short = [(one_line(name, NAME_LIMIT), one_line(text, LINE_LIMIT)) for name, text in common.items()]
    return [(name, text) for name, text in short if name not in _SAID_ALREADY and text][:LABELS_LISTED]


def links(notification: Notification, external_url: str = "") -> list[Link]:
    """Return where to read more and what to press; nothing asks for an acknowledgement that is there, or too late."""
    acknowledge_url = notification.links.get("acknowledge", "") if wants_a_person(notification) else ""
    wanted = [
        Link("page", "Open", page_url(notification, external_url)),
        Link("acknowledge", "Acknowledge", acknowledge_url),
        Link("runbook", "Runbook", notification.incident.first.annotations.get("runbook_url", "")),
    ]
    return [link for link in wanted if is_link(link.url)]


def page_url(notification: Notification, external_url: str) -> str:
    """Return where to read more: the incident's page, or else the front page of all, or nothing."""
    wanted = (notification.links.get("page", ""), external_url)
    return next((url for url in wanted if is_link(url)), "")


def urls(notification: Notification) -> dict[str, str]:
    """Return the links to our pages by what they are for, as programs are told them."""
    return {purpose: url for purpose, url in notification.links.items() if is_link(url)}


def is_link(url: str) -> bool:
    """Return whether a service would take this for an address that leads somewhere."""
    is_web = url.startswith(("http://", "https://"))
    return is_web and len(url) <= URL_LIMIT and url.isascii() and url.isprintable() and " " not in url


def one_line(text: str, limit: int) -> str:
    """Return `text` on one line, in at most `limit` characters."""
    return cut(" ".join(_HARMFUL.sub(" ", text).split()), limit)


def some_lines(text: str, limit: int) -> str:
    """Return `text` with its lines, in at most `limit` characters."""
    return cut(_HARMFUL.sub(" ", text).strip(), limit)


def moment(at: float) -> str:
    """Return a moment as people read it: 2025-11-21 01:20:00 UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _picture(notification: Notification) -> str:
    if notification.is_test:
        return "🧪"
    match notification.kind:
        case NotificationKind.ACKNOWLEDGE:
            return "👀"
        case NotificationKind.RESOLVE:
            return "✅"
        case _:
            return _PICTURES[notification.incident.severity]

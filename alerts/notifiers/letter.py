"""How does an incident read as a letter?

A subject, a plain text, and a small page of HTML that says the same.  The subject begins with how it stands
(`[FIRING:3]`), so that filters and eyes find it; everything that an alert brings along is data, and is escaped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from alerts.model import Alert, Notification, NotificationKind, Severity
from alerts.notifiers.base import Attempt
from alerts.notifiers.wording import Link, alert_line, facts, is_link, links, moment, one_line, standing, summary

SUBJECT_LIMIT = 200
TEXT_LIMIT = 500
ALERTS_LISTED = 25

_COLOURS = {Severity.CRITICAL: "#b3261e", Severity.WARNING: "#9a6700", Severity.INFO: "#0b57d0"}
_OVER = "#1a7f37"

_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="margin:0;padding:16px;font:15px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff">
<p style="margin:0 0 12px;font-weight:600;color:{colour}">{standing}</p>
<h1 style="margin:0 0 12px;font-size:18px">{summary}</h1>
<table style="border-collapse:collapse">{facts}</table>
{sections}
{links}
<p style="color:#59636e;font-size:12px">{footer}</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, in both forms."""

    subject: str
    text: str
    html: str


def letter(
    notification: Notification, attempt: Attempt, external_url: str, alerts_listed: int = ALERTS_LISTED
) -> Letter:
    """Return what is to be written."""
    body = _Body(
        subject(notification),
        standing(notification),
        summary(notification, TEXT_LIMIT),
        tuple(facts(notification, attempt)),
        tuple(_sections(notification, alerts_listed)),
        # The runbook of each alert stands with the alert.
        tuple(link for link in links(notification, external_url) if link.purpose != "runbook"),
        f"For {one_line(notification.receiver, TEXT_LIMIT)}, under the key {notification.dedup_key}.",
    )
    return Letter(body.subject, _text(body), _html(body, _colour(notification)))


def subject(notification: Notification) -> str:
    """Return one line, such as `[FIRING:3] alice is cut off, and 2 more`."""
    test = "[TEST] " if notification.is_test else ""
    return f"{test}[{_tag(notification)}] {summary(notification, SUBJECT_LIMIT)}"


def _tag(notification: Notification) -> str:
    """Return what filters find, written as Alertmanager's mails have taught people to."""
    incident = notification.incident
    match notification.kind:
        case NotificationKind.RESOLVE:
            return "RESOLVED"
        case NotificationKind.ACKNOWLEDGE:
            return "ACKNOWLEDGED"
        case _:
            return f"FIRING:{max(incident.firing_count, len(incident.firing))}"


# --- what there is to say --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """One alert in a list: what it says, where, and what may help."""

    summary: str
    lines: tuple[str, ...]
    runbook_url: str


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    items: tuple[_Item, ...]
    unlisted_count: int


@dataclass(frozen=True, slots=True)
class _Body:
    subject: str
    standing: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[_Section, ...]
    links: tuple[Link, ...]
    footer: str


def _sections(notification: Notification, alerts_listed: int) -> Iterator[_Section]:
    incident = notification.incident
    left = alerts_listed
    for title, alerts, count in (
        ("Firing", incident.firing, incident.firing_count),
        ("Resolved", incident.resolved, incident.resolved_count),
    ):
        listed = alerts[:left]
        left -= len(listed)
        if listed or count:
            yield _Section(title, tuple(map(_item, listed)), max(count, len(alerts)) - len(listed))


def _item(alert: Alert) -> _Item:
    says = alert.annotations
    began = alert.since if alert.fired_at is None else alert.fired_at
    where = f"{alert.rule}, {alert.kind.value} {one_line(alert.entity, TEXT_LIMIT)}, since {moment(began)}"
    description = one_line(says.get("description", ""), TEXT_LIMIT)
    return _Item(
        alert_line(alert, TEXT_LIMIT),
        (description, where) if description else (where,),
        one_line(says.get("runbook_url", ""), TEXT_LIMIT),
    )


def _colour(notification: Notification) -> str:
    return _OVER if notification.kind is NotificationKind.RESOLVE else _COLOURS[notification.incident.severity]


# --- as plain text ---------------------------------------------------------------------------------------


def _text(body: _Body) -> str:
    parts = [
        f"{body.standing}\n{body.summary}",
        "\n".join(f"{name}: {value}" for name, value in body.facts),
        *(_text_section(section) for section in body.sections),
        "\n".join(f"{link.text}: {link.url}" for link in body.links),
        f"-- \n{body.footer}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text_section(section: _Section) -> str:
    lines = [f"{section.title}:"]
    for item in section.items:
        lines += [f"* {item.summary}", *(f"  {line}" for line in item.lines)]
        lines += [f"  Runbook: {item.runbook_url}"] if item.runbook_url else []
    return "\n".join([*lines, *_unlisted(section)])


def _unlisted(section: _Section) -> Sequence[str]:
    return [f"… and {section.unlisted_count} more"] if section.unlisted_count > 0 else []


# --- as HTML ---------------------------------------------------------------------------------------------


def _html(body: _Body, colour: str) -> str:
    return _PAGE.format(
        subject=escape(body.subject),
        colour=colour,
        standing=escape(body.standing),
        summary=escape(body.summary),
        facts="".join(_html_fact(name, value) for name, value in body.facts),
        sections="\n".join(_html_section(section) for section in body.sections),
        links=" ".join(f"<p>{_html_link(link.url, link.text)}</p>" for link in body.links),
        footer=escape(body.footer),
    )


def _html_fact(name: str, value: str) -> str:
    style = "padding:2px 16px 2px 0;text-align:left;font-weight:400;color:#59636e"
    return f'<tr><th scope="row" style="{style}">{escape(name)}</th><td>{escape(value)}</td></tr>\n'


def _html_section(section: _Section) -> str:
    items = "".join(f"<li>{_html_item(item)}</li>\n" for item in section.items)
    unlisted = "".join(f"<p>{escape(line)}</p>" for line in _unlisted(section))
    return f'<h2 style="font-size:15px">{escape(section.title)}</h2>\n<ul>{items}</ul>{unlisted}'


def _html_item(item: _Item) -> str:
    lines = "<br>".join([f"<b>{escape(item.summary)}</b>", *map(escape, item.lines)])
    if not item.runbook_url:
        return lines
    url = item.runbook_url
    return f"{lines}<br>{_html_link(url, 'Runbook') if is_link(url) else escape(url)}"


def _html_link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'

"""How is mail sent without a mail server?

Through SendGrid's v3 API, in plain text, or through a dynamic template of yours, which is given everything there is to
say as `dynamic_template_data`.  202 means that SendGrid has taken it, and `X-Message-Id` is what it calls it.

Every attempt at a message has the same `Message-ID`, so a repeat of one that arrived is the same mail to whoever sorts
them.  All mail about an incident refers to the same id, so that programs show it as one conversation.

The limits are SendGrid's: a thousand addresses, and ten thousand bytes of `custom_args`.  When it has had too much it
says when it will listen again, as a moment (`X-RateLimit-Reset`) and not as a pause.
"""

import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, ClassVar

from alerts.delivery import Delivered, Outcome, TryAgain
from alerts.model import Alert, Notification
from alerts.notifiers.base import (
    PAGER_PATIENCE_S,
    Attempt,
    Budget,
    Headers,
    HttpRequest,
    checked_url,
    cut,
    json_body,
    judge_status,
    retry_after_s,
    rfc3339,
    shown_key,
)
from alerts.notifiers.headline import headline

GLOBAL = "https://api.sendgrid.com"
EU = "https://api.eu.sendgrid.com"

MOST_ADDRESSES = 1000
LARGEST_BODY_BYTES = 1_000_000  # a thirtieth of what SendGrid takes, and more than anybody reads
LONGEST_TEXT = 2000
LONGEST_LISTED_TEXT = 500
LONGEST_SUBJECT = 200
MOST_ALERTS = 50  # of those that fire, and of those that are over
REQUESTS_PER_S = 10  # far below what SendGrid takes, far above what anybody reads

_ADDRESS = re.compile(r"[^@\s<>\",;]+@[^@\s<>\",;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGridConfig:
    """`to` are the recipients, who see each other; `template_id` is a dynamic template, empty for plain text."""

    api_key: str = field(repr=False)
    sender: str = field(repr=False)
    to: tuple[str, ...] = field(repr=False)
    sender_name: str = "Roomwatch"
    template_id: str = ""
    base_url: str = GLOBAL
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what SendGrid would."""
        checked_url(self.base_url, "base_url")
        if not self.api_key or not self.api_key.isascii():
            raise ValueError("api_key: expected a key of SendGrid's, got something else")
        if not 1 <= len(self.to) <= MOST_ADDRESSES:
            raise ValueError(f"to: expected 1..{MOST_ADDRESSES} addresses, got {len(self.to)}")
        for key, address in [("sender", self.sender), *((f"to[{place}]", each) for place, each in enumerate(self.to))]:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{key}: expected an address such as ops@example.com, got something else")
        if self.template_id and not self.template_id.startswith("d-"):
            raise ValueError("template_id: expected a dynamic template, which begins with d-, got something else")


class SendGrid:
    """The wording of a mail."""

    Config: ClassVar[type[SendGridConfig]] = SendGridConfig

    def __init__(self, config: SendGridConfig) -> None:
        self._config = config
        self.budget = Budget(REQUESTS_PER_S, 1.0, f"sendgrid:{shown_key(config.api_key)}")

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return the mail, with as many of the alerts as anybody reads."""
        headers = {"Authorization": f"Bearer {self._config.api_key}", "Content-Type": "application/json"}
        url = f"{self._config.base_url.rstrip('/')}/v3/mail/send"
        return HttpRequest("POST", url, headers, json_body(self._mail(notification, attempt)))

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - SendGrid's complaints quote addresses
        """Return what the answer means; the reference is SendGrid's name for the mail."""
        lowered = {name.lower(): value for name, value in headers.items()}
        outcome = judge_status(status, headers)
        match outcome:
            case Delivered():
                return Delivered(lowered.get("x-message-id", ""))
            case TryAgain(reason, None, ambiguous):
                return TryAgain(reason, _until_reset_s(lowered), ambiguous)
            case _:
                return outcome

    def _mail(self, notification: Notification, attempt: Attempt) -> dict[str, Any]:
        config = self._config
        data = _data(notification, attempt, config.external_url)
        personalization: dict[str, Any] = {"to": [{"email": address} for address in config.to]}
        if config.template_id:
            content: dict[str, Any] = {"template_id": config.template_id}
            personalization["dynamic_template_data"] = data
        else:
            content = {"content": [{"type": "text/plain", "value": _text(data)}]}
        return {
            "personalizations": [personalization],
            "from": {"email": config.sender, "name": config.sender_name},
            "subject": data["subject"],
            **content,
            "headers": self._headers(notification),
            "categories": ["roomwatch"],
            "custom_args": {"notification_id": notification.id, "dedup_key": notification.dedup_key},
            # Links are not led through a counter, and nobody is told when a page is read.
            "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
        }

    def _headers(self, notification: Notification) -> dict[str, str]:
        domain = self._config.sender.rpartition("@")[2]
        conversation = f"<{notification.dedup_key}@{domain}>"
        return {
            "Message-ID": f"<{notification.id}@{domain}>",
            "In-Reply-To": conversation,
            "References": conversation,
            "Auto-Submitted": "auto-generated",
        }


def _until_reset_s(headers: Headers) -> float | None:
    """Return the pause until the moment that SendGrid names, by the clock that it dates its answer with."""
    reset = headers.get("x-ratelimit-reset", "")
    if not (reset.isascii() and reset.isdigit() and len(reset) <= len("1763690000")):
        return None
    return retry_after_s({"Retry-After": formatdate(int(reset), usegmt=True), "Date": headers.get("date", "")})


def _data(notification: Notification, attempt: Attempt, external_url: str) -> dict[str, Any]:
    incident = notification.incident
    subject = " ".join(f"[{headline(notification)}] {cut(incident.summary, LONGEST_TEXT)}".split())
    return {
        "subject": cut(subject, LONGEST_SUBJECT),
        "kind": notification.kind.value,
        "headline": headline(notification),
        "severity": incident.severity.value,
        "summary": cut(incident.summary, LONGEST_TEXT),
        "cause": cut(incident.cause, LONGEST_TEXT),
        "reason": cut(notification.reason, LONGEST_TEXT),
        "started_at": rfc3339(incident.started_at),
        "ended_at": "" if incident.ended_at is None else rfc3339(incident.ended_at),
        "acknowledged_by": cut(incident.acknowledged_by, LONGEST_TEXT),
        "firing_count": incident.firing_count,
        "resolved_count": incident.resolved_count,
        "firing": [_told(alert) for alert in incident.firing[:MOST_ALERTS]],
        "resolved": [_told(alert) for alert in incident.resolved[:MOST_ALERTS]],
        "link": notification.links.get("page") or external_url,
        "acknowledge_link": notification.links.get("acknowledge", ""),
        "possible_duplicate": attempt.maybe_heard,
        "is_test": notification.is_test,
        "notification_id": notification.id,
    }


def _told(alert: Alert) -> dict[str, str]:
    return {
        "rule": alert.rule,
        "summary": cut(alert.annotations.get("summary") or f"{alert.rule} {alert.entity}", LONGEST_LISTED_TEXT),
        "description": cut(alert.annotations.get("description", ""), LONGEST_LISTED_TEXT),
        "runbook_url": cut(alert.annotations.get("runbook_url", ""), LONGEST_LISTED_TEXT),
    }


def _text(data: dict[str, Any]) -> str:
    """Return the mail as plain text: what, since when, which alerts, where to read more."""
    firing, resolved = data["firing"], data["resolved"]
    unlisted = data["firing_count"] + data["resolved_count"] - len(firing) - len(resolved)
    lines = [
        "This mail may have reached you before." if data["possible_duplicate"] else "",
        f"{data['headline']}: {data['summary']}",
        f"Looked after by {data['acknowledged_by']}." if data["acknowledged_by"] else "",
        f"Since {data['started_at']}" + (f", until {data['ended_at']}." if data["ended_at"] else "."),
        *(_paragraph("Firing", alert) for alert in firing),
        *(_paragraph("Over", alert) for alert in resolved),
        f"And {unlisted} more." if unlisted > 0 else "",
        f"Read more: {data['link']}" if data["link"] else "",
        f"Acknowledge: {data['acknowledge_link']}" if data["acknowledge_link"] else "",
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def _paragraph(word: str, alert: dict[str, str]) -> str:
    told = [f"{word}: {alert['summary']}", alert["description"], alert["runbook_url"]]
    return "\n".join(line for line in told if line)

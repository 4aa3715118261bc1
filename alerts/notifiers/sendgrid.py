"""How is mail sent without a mail server?

Through SendGrid's v3 API, as the same letter that a mail server is handed, or through a dynamic template of yours,
which is given everything there is to say as `dynamic_template_data`.  202 means that SendGrid has taken it, and
`X-Message-Id` is what it calls it.

The limits are SendGrid's: a thousand addresses, and ten thousand bytes of `custom_args`.  When it has had too much it
says when it will listen again, as a moment (`X-RateLimit-Reset`) and not as a pause.
"""

from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, ClassVar

from alerts.delivery import Delivered, Outcome, TryAgain
from alerts.mail_addresses import check_recipients, checked_sender
from alerts.model import Alert, Notification
from alerts.notifiers.base import (
    PAGER_PATIENCE_S,
    Attempt,
    Budget,
    Headers,
    HttpRequest,
    checked_url,
    header,
    json_body,
    judge_status,
    post_json,
    retry_after_s,
    rfc3339,
    safe_reference,
    shown_key,
)
from alerts.notifiers.letter import Letter, letter
from alerts.notifiers.mail_headers import mail_headers
from alerts.notifiers.wording import NAME_LIMIT, alert_line, one_line, page_url, standing, summary, urls

GLOBAL = "https://api.sendgrid.com"
EU = "https://api.eu.sendgrid.com"

RECIPIENTS_LIMIT = 1000
TEXT_LIMIT = 500
ALERTS_LISTED = 50  # of those that fire, and of those that are over
REQUESTS_PER_S = 10  # far below what SendGrid takes, far above what anybody reads


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGridConfig:
    """`to` are the recipients, who see each other; `template_id` is a dynamic template, empty for our own letter."""

    api_key: str = field(repr=False)
    sender: str = field(repr=False)
    to: tuple[str, ...] = field(repr=False)
    template_id: str = ""
    base_url: str = GLOBAL
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what SendGrid would."""
        checked_url(self.base_url, "base_url")
        if not self.api_key or not self.api_key.isascii():
            raise ValueError("api_key: expected a key of SendGrid's, got something else")
        checked_sender(self.sender, "sender")
        check_recipients(self.to, RECIPIENTS_LIMIT, "to")
        if self.template_id and not self.template_id.startswith("d-"):
            raise ValueError("template_id: expected a dynamic template, which begins with d-, got something else")


class SendGrid:
    """The wording of a mail."""

    Config: ClassVar[type[SendGridConfig]] = SendGridConfig

    def __init__(self, config: SendGridConfig) -> None:
        self._config = config
        self._sender_name, self._sender = checked_sender(config.sender, "sender")
        self.budget = Budget(REQUESTS_PER_S, 1.0, f"sendgrid:{shown_key(config.api_key)}")

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return the mail, with as many of the alerts as anybody reads."""
        headers = {"Authorization": f"Bearer {self._config.api_key}"}
        url = f"{self._config.base_url.rstrip('/')}/v3/mail/send"
        return post_json(url, json_body(self._mail(notification, attempt)), headers)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - SendGrid's complaints quote addresses
        """Return what the answer means; the reference is SendGrid's name for the mail."""
        outcome = judge_status(status, headers)
        match outcome:
            case Delivered():
                return Delivered(safe_reference(header(headers, "X-Message-Id"), self._config.api_key))
            case TryAgain(reason, None, ambiguous):
                return TryAgain(reason, _until_reset_s(headers), ambiguous)
            case _:
                return outcome

    def _mail(self, notification: Notification, attempt: Attempt) -> dict[str, Any]:
        domain = self._sender.rpartition("@")[2]
        written = letter(notification, attempt, self._config.external_url)
        return {
            **self._envelope(notification, attempt, written),
            "from": {"email": self._sender, **({"name": self._sender_name} if self._sender_name else {})},
            "subject": written.subject,
            "headers": mail_headers(notification, attempt, domain),
            "categories": ["roomwatch"],
            "custom_args": {"notification_id": notification.id, "dedup_key": notification.dedup_key},
            # Links are not led through a counter, and nobody is told when a page is read.
            "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
        }

    def _envelope(self, notification: Notification, attempt: Attempt, written: Letter) -> dict[str, Any]:
        """Return who gets it, and the letter, or what a template is to make one of."""
        config = self._config
        recipients = {"to": [{"email": address} for address in config.to]}
        if not config.template_id:
            forms = [("text/plain", written.text), ("text/html", written.html)]
            content = [{"type": form, "value": text} for form, text in forms]
            return {"personalizations": [recipients], "content": content}
        data = {"subject": written.subject, **_data(notification, attempt, config.external_url)}
        return {
            "personalizations": [{**recipients, "dynamic_template_data": data}],
            "template_id": config.template_id,
        }


def _until_reset_s(headers: Headers) -> float | None:
    """Return the pause until the moment that SendGrid names, by the clock that it dates its answer with."""
    reset = header(headers, "X-RateLimit-Reset")
    if not (reset.isascii() and reset.isdigit() and len(reset) <= len("1763690000")):
        return None
    return retry_after_s({"Retry-After": formatdate(int(reset), usegmt=True), "Date": header(headers, "Date")})


def _data(notification: Notification, attempt: Attempt, external_url: str) -> dict[str, Any]:
    incident = notification.incident
    return {
        "kind": notification.kind.value,
        "headline": standing(notification),
        "severity": incident.severity.value,
        "summary": summary(notification, TEXT_LIMIT),
        "cause": one_line(incident.cause, TEXT_LIMIT),
        "reason": one_line(notification.reason, TEXT_LIMIT),
        "started_at": rfc3339(incident.started_at),
        "ended_at": "" if incident.ended_at is None else rfc3339(incident.ended_at),
        "acknowledged_by": one_line(incident.acknowledged_by, NAME_LIMIT),
        "firing_count": incident.firing_count,
        "resolved_count": incident.resolved_count,
        "firing": [_told(alert) for alert in incident.firing[:ALERTS_LISTED]],
        "resolved": [_told(alert) for alert in incident.resolved[:ALERTS_LISTED]],
        "link": page_url(notification, external_url),
        "acknowledge_link": urls(notification).get("acknowledge", ""),
        "possible_duplicate": attempt.maybe_heard,
        "is_test": notification.is_test,
        "notification_id": notification.id,
    }


def _told(alert: Alert) -> dict[str, str]:
    return {
        "rule": alert.rule,
        "summary": alert_line(alert, TEXT_LIMIT),
        "description": one_line(alert.annotations.get("description", ""), TEXT_LIMIT),
        "runbook_url": one_line(alert.annotations.get("runbook_url", ""), TEXT_LIMIT),
    }

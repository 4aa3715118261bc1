"""How is PagerDuty told?

Through its Events API v2: a trigger opens an alert under our dedup key, or attaches to the one already open, and a
resolve with the same key closes it.  Either may therefore be sent twice without harm.  A resolve with another routing
key than its trigger's is dropped without a word; after a change of keys in a running daemon, what is open is closed
with the old one, but over a restart an old key is gone unless some receiver has it.

An update or a repeat is a trigger under the same key: it changes what the open incident shows and opens nothing.

The limits are PagerDuty's: a summary of 1024 characters, an event of 512 KB, 120 events a minute for a routing key.
"""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome
from alerts.model import Alert, Notification, NotificationKind, Severity
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
    rfc3339,
    shown_key,
    target,
)

US = "https://events.pagerduty.com"
EU = "https://events.eu.pagerduty.com"

SUMMARY_LIMIT = 1024
EVENT_LIMIT_BYTES = 512_000  # 512 KB, read the cautious way
ROUTING_KEY_LENGTH = 32
EVENTS_PER_MINUTE = 120
_ERROR_LIMIT = 300  # enough for what PagerDuty lists, and a row of the outbox stays readable

ACTION = {
    NotificationKind.TRIGGER: "trigger",
    NotificationKind.UPDATE: "trigger",
    NotificationKind.REPEAT: "trigger",
    NotificationKind.ACKNOWLEDGE: "acknowledge",
    NotificationKind.RESOLVE: "resolve",
}
SEVERITY = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}


@dataclass(frozen=True, slots=True)
class PagerDutyConfig:
    """`routing_key` is the integration key of a service; accounts in Europe set `base_url` to the EU address.

    `events_per_minute` is what PagerDuty takes for the key; it grants more to those who ask.
    """

    routing_key: str = field(repr=False)
    base_url: str = US
    source: str = "roomwatch"
    events_per_minute: int = EVENTS_PER_MINUTE
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what PagerDuty would."""
        checked_url(self.base_url, "base_url")
        if len(self.routing_key) != ROUTING_KEY_LENGTH:
            raise ValueError(f"routing_key: expected {ROUTING_KEY_LENGTH} characters, got {len(self.routing_key)}")
        if self.events_per_minute < 1:
            raise ValueError(f"events_per_minute: expected at least 1, got {self.events_per_minute}")


class PagerDuty:
    """The wording of PagerDuty's Events API v2."""

    Config: ClassVar[type[PagerDutyConfig]] = PagerDutyConfig

    def __init__(self, config: PagerDutyConfig) -> None:
        self._config = config
        self.target = target("pagerduty", config.base_url, config.routing_key)
        self.budget = Budget(config.events_per_minute, 60.0, f"pagerduty:{shown_key(config.routing_key)}")

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:  # noqa: ARG002 - the event tells its own time
        """Return the event, without its details if it would be too large with them."""
        event = self._event(notification)
        body = json_body(event)
        if len(body) > EVENT_LIMIT_BYTES:
            event["payload"]["custom_details"] = {"details": "dropped: the event was larger than PagerDuty takes"}
            body = json_body(event)
        url = f"{self._config.base_url.rstrip('/')}/v2/enqueue"
        return HttpRequest("POST", url, {"Content-Type": "application/json"}, body)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means, in PagerDuty's words where it gives any."""
        return judge_status(status, headers, _complaint(body, self._config.routing_key))

    def _event(self, notification: Notification) -> dict[str, Any]:
        event = {
            "routing_key": self._config.routing_key,
            "event_action": ACTION[notification.kind],
            "dedup_key": notification.dedup_key,
        }
        return {**event, **self._trigger(notification)} if event["event_action"] == "trigger" else event

    def _trigger(self, notification: Notification) -> dict[str, Any]:
        incident = notification.incident
        alert = incident.first
        runbook_url = alert.annotations.get("runbook_url", "")
        page_url = notification.links.get("page") or self._config.external_url
        return {
            "payload": {
                "summary": cut(incident.summary, SUMMARY_LIMIT),
                "source": self._config.source,
                "severity": SEVERITY[incident.severity],
                "timestamp": rfc3339(incident.started_at),
                "component": alert.entity,
                "group": alert.kind.value,
                "class": alert.rule,
                "custom_details": _details(notification),
            },
            "client": "Roomwatch",
            **({"client_url": page_url} if page_url else {}),
            **({"links": [{"href": runbook_url, "text": "Runbook"}]} if runbook_url.startswith("http") else {}),
        }


def _details(notification: Notification) -> dict[str, Any]:
    incident = notification.incident
    alert = incident.first
    return {
        **alert.details,
        "description": alert.annotations.get("description", ""),
        "reason": notification.reason,
        "runbook": alert.annotations.get("runbook_url", ""),
        "labels": dict(incident.common_labels),
        "firing": [_line(each) for each in incident.firing],
        "firing_count": incident.firing_count,
        "not_listed": incident.unlisted_count,
    }


def _line(alert: Alert) -> str:
    return alert.annotations.get("summary") or f"{alert.rule} {alert.entity}"


def _complaint(body: bytes, secret: str) -> str:
    """Return what a failed answer says: `{"message": "Event object is invalid", "errors": ["…"]}`."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    said = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    text = "; ".join(each for each in said if isinstance(each, str))
    return cut(text.replace(secret, "[secret]"), _ERROR_LIMIT)

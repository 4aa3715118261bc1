"""How is PagerDuty told?

Through its Events API v2: a trigger opens an alert under our dedup key, or attaches to the one already open, and a
resolve with the same key closes it.  Either may therefore be sent twice without harm.  A resolve with another routing
key than its trigger's is dropped without a word, so replace a key only while nothing is open.

The limits are PagerDuty's: a summary of 1024 characters, an event of 512 KB.

Done: trigger and resolve, dedup, limits, EU service, error texts.  Todo: acknowledgements sent back to us.
"""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome
from alerts.model import Notification, NotificationKind, Severity
from alerts.notifiers.base import (
    Headers,
    HttpRequest,
    checked_url,
    cut,
    json_body,
    judge_status,
    rfc3339,
)

US = "https://events.pagerduty.com"
EU = "https://events.eu.pagerduty.com"

SUMMARY_LIMIT = 1024
EVENT_LIMIT_BYTES = 512_000  # 512 KB, read the cautious way
ROUTING_KEY_LENGTH = 32
_ERROR_LIMIT = 300  # enough for what PagerDuty lists, and a row of the outbox stays readable

SEVERITY = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}


@dataclass(frozen=True, slots=True)
class PagerDutyConfig:
    """`routing_key` is the integration key of a service; accounts in Europe set `base_url` to the EU address."""

    routing_key: str = field(repr=False)
    base_url: str = US
    source: str = "roomwatch"
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what PagerDuty would."""
        checked_url(self.base_url, "base_url")
        if len(self.routing_key) != ROUTING_KEY_LENGTH:
            raise ValueError(f"routing_key: expected {ROUTING_KEY_LENGTH} characters, got {len(self.routing_key)}")


class PagerDuty:
    """The wording of PagerDuty's Events API v2."""

    Config: ClassVar[type[PagerDutyConfig]] = PagerDutyConfig

    def __init__(self, config: PagerDutyConfig) -> None:
        self._config = config

    def render(self, notification: Notification, now: float) -> HttpRequest:  # noqa: ARG002 - the event tells its own time
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
            "event_action": notification.kind.value,
            "dedup_key": notification.dedup_key,
        }
        return event if notification.kind is NotificationKind.RESOLVE else {**event, **self._trigger(notification)}

    def _trigger(self, notification: Notification) -> dict[str, Any]:
        alert = notification.alert
        runbook_url = alert.annotations.get("runbook_url", "")
        return {
            "payload": {
                "summary": cut(alert.annotations.get("summary") or f"{alert.rule} {alert.entity}", SUMMARY_LIMIT),
                "source": self._config.source,
                "severity": SEVERITY[alert.severity],
                "timestamp": rfc3339(notification.started_at),
                "component": alert.entity,
                "group": alert.kind.value,
                "class": alert.rule,
                "custom_details": _details(notification),
            },
            "client": "Roomwatch",
            **({"client_url": self._config.external_url} if self._config.external_url else {}),
            **({"links": [{"href": runbook_url, "text": "Runbook"}]} if runbook_url.startswith("http") else {}),
        }


def _details(notification: Notification) -> dict[str, Any]:
    alert = notification.alert
    return {
        **alert.details,
        "description": alert.annotations.get("description", ""),
        "reason": notification.reason,
        "runbook": alert.annotations.get("runbook_url", ""),
        "labels": dict(alert.all_labels),
    }


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

"""How is PagerDuty told?

Through its Events API v2: a trigger opens an alert under our dedup key, or attaches to the one already open, and a
resolve with the same key closes it.  Either may therefore be sent twice without harm.  A resolve with another routing
key than its trigger's is dropped without a word; after a change of keys in a running daemon, what is open is closed
with the old one, but over a restart an old key is gone unless some receiver has it.

An update or a repeat is a trigger under the same key: it changes what the open incident shows and opens nothing, unless
somebody closed it there while it goes on; then it is opened again, which is what a repeat is for.

An answer of 202 says that the event was taken, not that there is an incident: PagerDuty's own rules come after.  A
webhook subscription tells us what people do with the incident (`alerts/acknowledgements/pagerduty`).

The limits are PagerDuty's: a summary of 1024 characters, an event of 512 KB, 120 events a minute for a routing key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.acknowledgement import Word
from alerts.acknowledgements import pagerduty as webhooks
from alerts.delivery import Outcome
from alerts.model import Notification, NotificationKind, Severity
from alerts.notifiers.base import (
    PAGER_PATIENCE_S,
    Attempt,
    Budget,
    Headers,
    HttpRequest,
    checked_url,
    complaint,
    cut,
    json_body,
    json_object,
    judge_status,
    post_json,
    rfc3339,
    shown_key,
    target,
)
from alerts.notifiers.wording import alert_line, links, page_url, summary

US = "https://events.pagerduty.com"
EU = "https://events.eu.pagerduty.com"

SUMMARY_LIMIT = 1024
FIELD_LIMIT = 1024  # PagerDuty names none for component, group and class; names of entities are no longer than this
EVENT_LIMIT_BYTES = 512_000  # 512 KB, read the cautious way
ROUTING_KEY_LENGTH = 32
EVENTS_PER_MINUTE = 120
DROPPED: Mapping[str, str] = {"details": "dropped: the event was larger than PagerDuty takes"}

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

    `webhook_secret` proves that it is PagerDuty who says that somebody looks after an incident; during a rotation the
    previous one is believed, too.
    `events_per_minute` is what PagerDuty takes for the key; it grants more to those who ask.
    """

    routing_key: str = field(repr=False)
    base_url: str = US
    source: str = "roomwatch"
    webhook_secret: str = field(default="", repr=False)
    previous_webhook_secret: str = field(default="", repr=False)
    events_per_minute: int = EVENTS_PER_MINUTE
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what PagerDuty would."""
        checked_url(self.base_url, "base_url")
        check_routing_key(self.routing_key)
        if self.events_per_minute < 1:
            raise ValueError(f"events_per_minute: expected at least 1, got {self.events_per_minute}")


class PagerDuty:
    """The wording of PagerDuty's Events API v2."""

    Config: ClassVar[type[PagerDutyConfig]] = PagerDutyConfig

    def __init__(self, config: PagerDutyConfig) -> None:
        self._config = config
        self.target = target("pagerduty", config.base_url, config.routing_key)
        self.budget = budget(config.routing_key, config.events_per_minute)

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:  # noqa: ARG002 - the event tells its own time
        """Return the event, without its details if it would be too large with them."""
        url = f"{self._config.base_url.rstrip('/')}/v2/enqueue"
        return post_json(url, fitting(self._event(notification)))

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means, in PagerDuty's words where it gives any."""
        return judge(status, headers, body, self._config.routing_key)

    def hear(self, headers: Headers, body: bytes, now: float) -> tuple[Word, ...]:
        """Return what an event of a webhook subscription says of our incidents.

        Raises:
            Untrusted: it was not PagerDuty that said so.
        """
        secrets = (self._config.webhook_secret, self._config.previous_webhook_secret)
        return webhooks.decode(secrets, headers, body, now)

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
        client_url = page_url(notification, self._config.external_url)
        told_links = event_links(notification)
        return {
            "payload": {
                "summary": summary(notification, SUMMARY_LIMIT),
                "source": self._config.source,
                "severity": SEVERITY[incident.severity],
                "timestamp": rfc3339(incident.started_at),
                "component": cut(alert.entity, FIELD_LIMIT),
                "group": alert.kind.value,
                "class": cut(alert.rule, FIELD_LIMIT),
                "custom_details": details(notification),
            },
            "client": "Roomwatch",
            **({"client_url": client_url} if client_url else {}),
            **({"links": told_links} if told_links else {}),
        }


def event_links(notification: Notification) -> list[dict[str, str]]:
    """Return where to read more and to acknowledge; pages of one incident, not the front page of all."""
    return [{"href": link.url, "text": link.text} for link in links(notification)]


def details(notification: Notification) -> dict[str, Any]:
    """Return what the person who gets the page may want to know."""
    incident = notification.incident
    alert = incident.first
    return {
        **alert.details,
        "description": alert.annotations.get("description", ""),
        "reason": notification.reason,
        "runbook": alert.annotations.get("runbook_url", ""),
        "labels": dict(incident.common_labels),
        "firing": [alert_line(each, SUMMARY_LIMIT) for each in incident.firing],
        "firing_count": incident.firing_count,
        "incident": incident.id,
        "not_listed": incident.unlisted_count,
    }


def check_routing_key(routing_key: str) -> None:
    """Refuse what is no integration key; the complaint shows nothing of it."""
    if len(routing_key) != ROUTING_KEY_LENGTH:
        raise ValueError(f"routing_key: expected {ROUTING_KEY_LENGTH} characters, got {len(routing_key)}")


def budget(routing_key: str, events_per_minute: int = EVENTS_PER_MINUTE) -> Budget:
    """Return what PagerDuty takes under one key, events of all sorts together."""
    return Budget(events_per_minute, 60.0, f"pagerduty:{shown_key(routing_key)}")


def fitting(event: dict[str, Any], instead: Mapping[str, str] = DROPPED) -> bytes:
    """Return the event, with `instead` in the place of its details if it would be too large with them."""
    body = json_body(event)
    if len(body) <= EVENT_LIMIT_BYTES:
        return body
    return json_body({**event, "payload": {**event["payload"], "custom_details": instead}})


def judge(status: int, headers: Headers, body: bytes, routing_key: str) -> Outcome:
    """Return what an answer means: a no is `{"message": "Event object is invalid", "errors": ["…"]}`."""
    answer = json_object(body)
    errors = answer.get("errors")
    said = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    return judge_status(status, headers, complaint(said, routing_key))

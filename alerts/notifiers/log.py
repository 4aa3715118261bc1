"""How is a log told?

By a line for each word: in the daemon's own log for people, or as JSON on standard output for whatever collects that.
There is nobody who could refuse it, so it is delivered as soon as it is written.  The link that acknowledges is left
out: it is a key, and logs are read by many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from alerts.delivery import Outcome
from alerts.model import Alert, Notification
from alerts.notifiers.base import CHAT_PATIENCE_S, Attempt, Headers, LogLine, json_body, judge_status, rfc3339
from alerts.notifiers.letter import subject
from alerts.notifiers.wording import is_going_on, one_line, summary, urls

PLACES = ("log", "stdout")
TEXT_LIMIT = 500
NAME_LIMIT = 100
ALERTS_LISTED = 25
LABELS_LISTED = 20


@dataclass(frozen=True, slots=True)
class LogConfig:
    """`to` is "log" or "stdout"."""

    to: str = "log"

    def __post_init__(self) -> None:
        """Refuse other places."""
        if self.to not in PLACES:
            raise ValueError(f"to: expected one of {', '.join(PLACES)}, got another word")


class Log:
    """The wording of a line."""

    Config: ClassVar[type[LogConfig]] = LogConfig

    def __init__(self, config: LogConfig) -> None:
        self._config = config

    budget = None
    give_up_after_s = CHAT_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> LogLine:  # noqa: ARG002 - a log tells the time itself
        """Return the line."""
        severity = notification.incident.severity.value if is_going_on(notification) else "info"
        text = _sentence(notification) if self._config.to == "log" else _json(notification)
        return LogLine(text, severity, self._config.to)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - it can only have worked
        """Return what it means that the line was written."""
        return judge_status(status, headers)


def _sentence(notification: Notification) -> str:
    reason = f" ({one_line(notification.reason, TEXT_LIMIT)})" if notification.reason else ""
    return f"{subject(notification)}{reason} [{notification.dedup_key}]"


def _json(notification: Notification) -> str:
    incident = notification.incident
    return json_body(
        {
            "at": rfc3339(notification.created_at),
            "kind": notification.kind.value,
            "receiver": notification.receiver,
            "severity": incident.severity.value,
            "summary": summary(notification, TEXT_LIMIT),
            "reason": one_line(notification.reason, TEXT_LIMIT),
            "incident": incident.id,
            "dedup_key": notification.dedup_key,
            "notification_id": notification.id,
            "labels": _short(incident.common_labels),
            "firing_count": incident.firing_count,
            "resolved_count": incident.resolved_count,
            "firing": _entities(incident.firing),
            "resolved": _entities(incident.resolved),
            "links": {purpose: url for purpose, url in urls(notification).items() if purpose != "acknowledge"},
            "is_test": notification.is_test,
        }
    ).decode()


def _entities(alerts: tuple[Alert, ...]) -> list[str]:
    return [f"{alert.rule} {one_line(alert.entity, NAME_LIMIT)}" for alert in alerts[:ALERTS_LISTED]]


def _short(labels: Mapping[str, str]) -> dict[str, str]:
    listed = sorted(labels.items())[:LABELS_LISTED]
    return {one_line(name, NAME_LIMIT): one_line(value, TEXT_LIMIT) for name, value in listed}

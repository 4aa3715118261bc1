"""How is a log told?

By a line for each word: in the daemon's own log for people, or as JSON on standard output for whatever collects that.
There is nobody who could refuse it, so it is delivered as soon as it is written.  The link that acknowledges is left
out: it is a key, and logs are read by many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from alerts.delivery import Outcome
from alerts.model import Alert, Notification, NotificationKind
from alerts.notifiers.base import CHAT_PATIENCE_S, Attempt, Headers, LogLine, cut, json_body, judge_status, rfc3339
from alerts.notifiers.letter import one_line, subject

PLACES = ("log", "stdout")
LONGEST_TEXT = 500
LONGEST_NAME = 100
ALERTS_LISTED = 25
LABELS_LISTED = 20
LARGEST_LINE_BYTES = 64_000  # what these come to at most, all of it in letters of four bytes


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
        is_bad = notification.kind in (NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REPEAT)
        severity = notification.incident.severity.value if is_bad else "info"
        text = _sentence(notification) if self._config.to == "log" else _json(notification)
        return LogLine(text, severity, self._config.to)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - it can only have worked
        """Return what it means that the line was written."""
        return judge_status(status, headers)


def _sentence(notification: Notification) -> str:
    reason = f" ({one_line(notification.reason, LONGEST_TEXT)})" if notification.reason else ""
    return f"{subject(notification)}{reason} [{notification.dedup_key}]"


def _json(notification: Notification) -> str:
    incident = notification.incident
    return json_body(
        {
            "at": rfc3339(notification.created_at),
            "kind": notification.kind.value,
            "receiver": notification.receiver,
            "severity": incident.severity.value,
            "summary": one_line(incident.summary, LONGEST_TEXT),
            "reason": one_line(notification.reason, LONGEST_TEXT),
            "incident": incident.id,
            "dedup_key": notification.dedup_key,
            "notification_id": notification.id,
            "labels": _short(incident.common_labels),
            "firing_count": incident.firing_count,
            "resolved_count": incident.resolved_count,
            "firing": _entities(incident.firing),
            "resolved": _entities(incident.resolved),
            "links": {purpose: url for purpose, url in notification.links.items() if purpose != "acknowledge"},
            "is_test": notification.is_test,
        }
    ).decode()


def _entities(alerts: tuple[Alert, ...]) -> list[str]:
    return [f"{alert.rule} {cut(alert.entity, LONGEST_NAME)}" for alert in alerts[:ALERTS_LISTED]]


def _short(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: one_line(value, LONGEST_TEXT) for name, value in sorted(labels.items())[:LABELS_LISTED]}

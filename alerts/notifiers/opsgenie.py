"""How is Opsgenie told, and its successor, Jira Service Management?

Both take the same requests with the same kind of key; only the address differs.  Opsgenie ends on 5 April 2027.

Our dedup key is the alert's `alias`, by which there is one open alert at most.  So a trigger creates the alert, and one
that is sent twice only counts it up.  A *repeat* is the same request: it counts up, and should somebody have closed the
alert while it goes on, it is there again.  An *update* is a note: creating once more would change nothing that the
alert shows, while a note stands in its activity, says what has changed, and wakes nobody.  Then there are
*acknowledge* and *close*.

An answer of 202 says that the request was queued.  What became of it can be asked for by its `requestId`, which is kept
as the reference.

The limits are theirs: 130 characters of message, 15,000 of description, 8,000 of details together, and so on; how
many requests there may be depends on what was paid for, so there is no budget but what 429 and its headers say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

from alerts.delivery import Delivered, Outcome, TryAgain
from alerts.model import Notification, NotificationKind, Severity, Value
from alerts.notifiers.base import (
    LONGEST_PAUSE_S,
    PAGER_PATIENCE_S,
    Attempt,
    Headers,
    HttpRequest,
    checked_url,
    complaint,
    cut,
    header,
    json_body,
    json_object,
    judge_status,
    post_json,
    safe_reference,
    target,
    units,
)
from alerts.notifiers.wording import alert_lines, facts, headline, labels, links, one_line, some_lines, summary

OPSGENIE = "https://api.opsgenie.com"
OPSGENIE_EU = "https://api.eu.opsgenie.com"
JIRA_SERVICE_MANAGEMENT = "https://api.atlassian.com/jsm/ops/integration"

MESSAGE_LIMIT = 130
DESCRIPTION_LIMIT = 15_000
NOTE_LIMIT = 25_000
DETAILS_LIMIT = 8_000
ENTITY_LIMIT = 512
NAME_LIMIT = 100  # of source and user
TAGS, TAG_LIMIT = 20, 50

_DETAIL_LIMIT = 1000
_TEXT_LIMIT = 5000

PRIORITIES: Mapping[str, str] = {Severity.CRITICAL: "P1", Severity.WARNING: "P3", Severity.INFO: "P5"}
_KNOWN_PRIORITIES = ("P1", "P2", "P3", "P4", "P5")


@dataclass(frozen=True, slots=True)
class OpsgenieConfig:
    """`api_key` is the key of an API integration; `base_url` tells where the account lives.

    `priorities` says which priority a severity becomes, where it is not to be the usual one.
    """

    api_key: str = field(repr=False)
    base_url: str = OPSGENIE
    source: str = "roomwatch"
    tags: tuple[str, ...] = ()
    priorities: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what Opsgenie would, or would ignore."""
        checked_url(self.base_url, "base_url")
        if not self.api_key or not self.api_key.isascii() or not self.api_key.isprintable():
            raise ValueError("api_key: expected the key of an API integration, got something else")
        if len(self.tags) > TAGS or any(len(tag) > TAG_LIMIT for tag in self.tags):
            raise ValueError(f"tags: expected at most {TAGS} of at most {TAG_LIMIT} characters, got more")
        for severity, priority in self.priorities.items():
            if severity not in PRIORITIES or priority not in _KNOWN_PRIORITIES:
                wanted = f"{', '.join(PRIORITIES)} as one of {', '.join(_KNOWN_PRIORITIES)}"
                raise ValueError(f"priorities: expected {wanted}, got {severity} as {priority}")


class Opsgenie:
    """The wording of Opsgenie's Alert API, which is that of Jira Service Management, too."""

    Config: ClassVar[type[OpsgenieConfig]] = OpsgenieConfig

    def __init__(self, config: OpsgenieConfig) -> None:
        self._config = config
        self.target = target("opsgenie", config.base_url, config.api_key)

    budget = None
    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return what creates the alert, or does something to the one of our alias."""
        match notification.kind:
            case NotificationKind.TRIGGER | NotificationKind.REPEAT:
                return self._post("", self._alert(notification, attempt))
            case NotificationKind.UPDATE:
                action = "notes"
            case NotificationKind.ACKNOWLEDGE:
                action = "acknowledge"
            case NotificationKind.RESOLVE:
                action = "close"
        alias = quote(notification.dedup_key, safe="")
        return self._post(f"/{alias}/{action}?identifierType=alias", self._word(notification, attempt))

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means, with the id of the request where it was queued."""
        answer = json_object(body)
        outcome = judge_status(status, headers, _complaint(answer, self._config.api_key))
        if isinstance(outcome, Delivered):
            return Delivered(safe_reference(answer.get("requestId"), self._config.api_key))
        if status == HTTPStatus.TOO_MANY_REQUESTS and isinstance(outcome, TryAgain) and outcome.after_s is None:
            return TryAgain(outcome.reason, after_s=_period_s(headers))
        return outcome

    def _post(self, path: str, content: Mapping[str, Any]) -> HttpRequest:
        headers = {"Authorization": f"GenieKey {self._config.api_key}"}
        return post_json(f"{self._config.base_url.rstrip('/')}/v2/alerts{path}", json_body(content), headers)

    def _alert(self, notification: Notification, attempt: Attempt) -> dict[str, Any]:
        incident = notification.incident
        severity = incident.severity
        return {
            "message": summary(notification, MESSAGE_LIMIT),
            "alias": notification.dedup_key,
            "description": self._description(notification, attempt),
            "priority": self._config.priorities.get(severity, PRIORITIES[severity]),
            "tags": list(self._config.tags),
            "entity": one_line(incident.first.entity, ENTITY_LIMIT),
            "source": cut(self._config.source, NAME_LIMIT),
            "details": within(DETAILS_LIMIT, _details(notification)),
        }

    def _description(self, notification: Notification, attempt: Attempt) -> str:
        texts = [
            summary(notification, _TEXT_LIMIT),
            some_lines(notification.incident.first.annotations.get("description", ""), _TEXT_LIMIT),
            "\n".join(alert_lines(notification)),
            "\n".join(f"{link.text}: {link.url}" for link in links(notification, self._config.external_url)),
            "\n".join(f"{name}: {value}" for name, value in facts(notification, attempt)),
        ]
        return cut("\n\n".join(text for text in texts if text), DESCRIPTION_LIMIT)

    def _word(self, notification: Notification, attempt: Attempt) -> dict[str, Any]:
        text = f"{headline(notification)}\n\n{self._description(notification, attempt)}"
        by = one_line(notification.incident.acknowledged_by, NAME_LIMIT)
        is_theirs = by and notification.kind is NotificationKind.ACKNOWLEDGE
        return {
            "source": cut(self._config.source, NAME_LIMIT),
            "note": cut(text, NOTE_LIMIT),
            **({"user": by} if is_theirs else {}),
        }


def within(limit: int, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return as many pairs as stay within `limit` characters, names included."""
    kept: dict[str, str] = {}
    for name, text in pairs:
        limit -= units(name) + units(text)
        if limit < 0:
            break
        kept[name] = text
    return kept


def _details(notification: Notification) -> Iterable[tuple[str, str]]:
    incident = notification.incident
    yield "incident", incident.id
    yield from labels(incident.common_labels)
    for name, value in incident.first.details.items():
        if value is not None:
            yield one_line(name, NAME_LIMIT), one_line(_text(value), _DETAIL_LIMIT)


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _complaint(answer: Mapping[str, Any], secret: str) -> str:
    """Return what a failed answer says: `{"message": "…", "errors": {"message": "may not be empty"}}`."""
    errors = answer.get("errors")
    said = [answer.get("message"), *(errors.values() if isinstance(errors, Mapping) else [])]
    return complaint(said, secret)


def _period_s(headers: Headers) -> float | None:
    """Return the pause that a throttled answer implies where it asks for none: the period that is counted in."""
    period = header(headers, "X-RateLimit-Period-In-Sec").strip()
    return min(float(period), LONGEST_PAUSE_S) if period.isascii() and period.isdigit() else None

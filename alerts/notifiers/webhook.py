"""How is a generic webhook told?

In the shape that Alertmanager's webhooks have (version 4), so whatever understands those understands this; what
only we know stands under the one key `roomwatch`.

With secrets configured the request is signed the way of Standard Webhooks: `webhook-id` is the same for every attempt,
so a receiver can drop a repeat; `webhook-timestamp` is the time of the attempt; `webhook-signature` holds one
signature per secret, so that a secret can be replaced while both sides still know the old one.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome
from alerts.model import Alert, Notification, NotificationKind
from alerts.notifiers.base import (
    PAGER_PATIENCE_S,
    Attempt,
    Headers,
    HttpRequest,
    checked_url,
    cut,
    json_body,
    judge_status,
    post_json,
    rfc3339,
    target,
)
from alerts.notifiers.wording import page_url, urls

STILL_FIRING = "0001-01-01T00:00:00Z"  # what Alertmanager sends for "has not ended"

#: Standard Webhooks advises payloads of about 20 kB.  Texts stand in the message twice, and may be all emoji.
TEXT_LIMIT = 700
SHORT_TEXT_LIMIT = 80
BODY_LIMIT_BYTES = 20_000

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret, not one of them


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """`url` is where to post; `secrets` are `whsec_` + base64, the newest first; `external_url` leads to our pages."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be posted to or signed with."""
        checked_url(self.url, "url")
        for place, secret in enumerate(self.secrets):
            _key(secret, place)


class Webhook:
    """The wording of a generic webhook."""

    Config: ClassVar[type[WebhookConfig]] = WebhookConfig

    def __init__(self, config: WebhookConfig) -> None:
        self._config = config
        self.target = target("webhook", config.url)
        self._keys = tuple(_key(secret, place) for place, secret in enumerate(config.secrets))

    budget = None
    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return the message, signed if there is something to sign with."""
        body = _body(notification, self._config.external_url)
        headers = {"webhook-id": notification.id}
        if self._keys:
            timestamp = str(int(attempt.at))
            headers["webhook-timestamp"] = timestamp
            headers["webhook-signature"] = signatures(self._keys, notification.id, timestamp, body)
        return post_json(self._config.url, body, headers)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - anyone may answer anything
        """Return what the status means; the body is not repeated, it could hold anything."""
        return judge_status(status, headers)


def signatures(keys: Iterable[bytes], message_id: str, timestamp: str, body: bytes) -> str:
    """Return the value of `webhook-signature`: one version-1 signature per key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(key, signed, "sha256") for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key(secret: str, place: int) -> bytes:
    """Return the bytes that a secret stands for; the complaint tells its place, not its text."""
    wanted = f"secrets[{place}]: expected {SECRET_PREFIX} followed by base64"
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"{wanted}, got something that does not start with {SECRET_PREFIX}")
    text = secret.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"{wanted}, got something else behind the prefix") from None
    if not key:
        raise ValueError(f"{wanted}, got nothing behind the prefix")
    return key


def _body(notification: Notification, external_url: str) -> bytes:
    """Return the message with as much in it as fits."""
    body = b""
    for body in _bodies(notification, external_url):
        if len(body) <= BODY_LIMIT_BYTES:
            break
    return body


def _bodies(notification: Notification, external_url: str) -> Iterator[bytes]:
    """Yield the message with ever fewer of its alerts, with one without its details, and with next to no text."""
    message = _message(notification, external_url, TEXT_LIMIT)
    alerts = message["alerts"]
    yield json_body(message)
    listed = len(alerts) // 2
    while listed >= 1:
        yield json_body({**message, **_listing(message, alerts[:listed])})
        listed //= 2
    yield json_body({**message, **_first(message)})
    message = _message(notification, external_url, SHORT_TEXT_LIMIT)
    yield json_body({**message, **_first(message)})


def _listing(message: dict[str, Any], alerts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"alerts": alerts, "truncatedAlerts": message["truncatedAlerts"] + len(message["alerts"]) - len(alerts)}


def _first(message: dict[str, Any]) -> dict[str, Any]:
    """Return the listing of the first alert alone, if there is one, without its details."""
    return _listing(message, [{**alert, "roomwatch": "dropped: too large"} for alert in message["alerts"][:1]])


def _message(notification: Notification, external_url: str, longest: int) -> dict[str, Any]:
    """Return the whole message, in which no text from outside has more than `longest` characters."""
    incident = notification.incident
    is_over = notification.kind is NotificationKind.RESOLVE
    generator_url = page_url(notification, external_url)
    return {
        "version": "4",
        "groupKey": incident.group,
        "truncatedAlerts": incident.unlisted_count,
        "status": "resolved" if is_over else "firing",
        "receiver": notification.receiver,
        "groupLabels": _short(incident.labels, longest),
        "commonLabels": _short(incident.common_labels, longest),
        "commonAnnotations": _short(incident.common_annotations, longest),
        "externalURL": external_url,
        "notification_reason": cut(notification.reason, longest),
        "alerts": [
            *(_alert(each, None, generator_url, longest) for each in incident.firing),
            *(_alert(each, each.since, generator_url, longest) for each in incident.resolved),
        ],
        "roomwatch": _ours(notification, longest),
    }


def _alert(alert: Alert, ended_at: float | None, generator_url: str, longest: int) -> dict[str, Any]:
    return {
        "status": "firing" if ended_at is None else "resolved",
        "labels": _short(alert.all_labels, longest),
        "annotations": _short(alert.annotations, longest),
        "startsAt": rfc3339(alert.since if alert.fired_at is None else alert.fired_at),
        "endsAt": STILL_FIRING if ended_at is None else rfc3339(ended_at),
        "generatorURL": generator_url,
        "fingerprint": alert.fingerprint,
        "roomwatch": {
            "episode": alert.episode,
            "entity": {"kind": alert.kind.value, "id": cut(alert.entity, longest)},
            "value": alert.value,
            "details": {
                name: cut(value, longest) if isinstance(value, str) else value for name, value in alert.details.items()
            },
        },
    }


def _ours(notification: Notification, longest: int) -> dict[str, Any]:
    incident = notification.incident
    return {
        "notification_id": notification.id,
        "dedup_key": notification.dedup_key,
        "incident": incident.id,
        "kind": notification.kind.value,
        "reason": cut(notification.reason, longest),
        "summary": cut(incident.summary, longest),
        "cause": cut(incident.cause, longest),
        "acknowledged_by": cut(incident.acknowledged_by, longest),
        "firing_count": incident.firing_count,
        "resolved_count": incident.resolved_count,
        "links": urls(notification),
        "is_test": notification.is_test,
    }


def _short(texts: Mapping[str, str], longest: int) -> dict[str, str]:
    return {cut(name, longest): cut(text, longest) for name, text in texts.items()}

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
from collections.abc import Iterable, Mapping
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
    rfc3339,
    target,
)
from alerts.notifiers.wording import LONGEST_URL

STILL_FIRING = "0001-01-01T00:00:00Z"  # what Alertmanager sends for "has not ended"

#: Standard Webhooks advises payloads of about 20 kB.  Texts stand in the message twice, and may be all emoji.
LONGEST_TEXT = 700
SHORT_TEXT = 80
LARGEST_BODY_BYTES = 20_000

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
        body = self._body(notification)
        headers = {"Content-Type": "application/json", "webhook-id": notification.id}
        if self._keys:
            timestamp = str(int(attempt.at))
            headers["webhook-timestamp"] = timestamp
            headers["webhook-signature"] = signatures(self._keys, notification.id, timestamp, body)
        return HttpRequest("POST", self._config.url, headers, body)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - anyone may answer anything
        """Return what the status means; the body is not repeated, it could hold anything."""
        return judge_status(status, headers)

    def _body(self, notification: Notification) -> bytes:
        """Return the message with as many of its alerts as fit, and if need be one without much to it."""
        message = _message(notification, self._config.external_url, LONGEST_TEXT)
        alerts = message["alerts"]
        listed = len(alerts)
        body = json_body(message)
        while len(body) > LARGEST_BODY_BYTES and listed > 1:
            listed //= 2
            body = json_body({**message, **_listing(message, alerts[:listed])})
        if len(body) > LARGEST_BODY_BYTES:
            body = json_body({**message, **_first(message)})
        if len(body) > LARGEST_BODY_BYTES:
            message = _message(notification, self._config.external_url, SHORT_TEXT)
            body = json_body({**message, **_first(message)})
        return body


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


def _listing(message: dict[str, Any], alerts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"alerts": alerts, "truncatedAlerts": message["truncatedAlerts"] + len(message["alerts"]) - len(alerts)}


def _first(message: dict[str, Any]) -> dict[str, Any]:
    """Return the listing of the first alert alone, without its details."""
    return _listing(message, [{**message["alerts"][0], "roomwatch": "dropped: too large"}])


def _message(notification: Notification, external_url: str, longest: int) -> dict[str, Any]:
    """Return the whole message, in which no text from outside has more than `longest` characters."""
    incident = notification.incident
    is_over = notification.kind is NotificationKind.RESOLVE
    page_url = notification.links.get("page") or external_url
    page_url = page_url if len(page_url) <= LONGEST_URL else external_url
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
            *(_alert(each, None, page_url, longest) for each in incident.firing),
            *(_alert(each, each.since, page_url, longest) for each in incident.resolved),
        ],
        "roomwatch": _ours(notification, longest),
    }


def _alert(alert: Alert, ended_at: float | None, page_url: str, longest: int) -> dict[str, Any]:
    return {
        "status": "firing" if ended_at is None else "resolved",
        "labels": _short(alert.all_labels, longest),
        "annotations": _short(alert.annotations, longest),
        "startsAt": rfc3339(alert.since if alert.fired_at is None else alert.fired_at),
        "endsAt": STILL_FIRING if ended_at is None else rfc3339(ended_at),
        "generatorURL": page_url,
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
        "links": {purpose: url for purpose, url in notification.links.items() if len(url) <= LONGEST_URL},
    }


def _short(texts: Mapping[str, str], longest: int) -> dict[str, str]:
    return {cut(name, longest): cut(text, longest) for name, text in texts.items()}

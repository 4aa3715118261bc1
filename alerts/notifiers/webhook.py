"""How is a generic webhook told?

In the shape that Alertmanager's webhooks have (version 4), so whatever understands those understands this; what
only we know stands under the one key `roomwatch`.  There is one alert in each message: it is a group of one.

With secrets configured the request is signed the way of Standard Webhooks: `webhook-id` is the same for every attempt,
so a receiver can drop a repeat; `webhook-timestamp` is the time of the attempt; `webhook-signature` holds one
signature per secret, so that a secret can be replaced while both sides still know the old one.

Done: trigger and resolve, signing, rotation, Retry-After, size limit.  Exempt: acknowledging (nothing to ask).
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome
from alerts.model import Alert, Notification, NotificationKind
from alerts.notifiers.base import Headers, HttpRequest, checked_url, cut, json_body, judge_status, rfc3339

STATUS = {NotificationKind.TRIGGER: "firing", NotificationKind.RESOLVE: "resolved"}
STILL_FIRING = "0001-01-01T00:00:00Z"  # what Alertmanager sends for "has not ended"

#: Standard Webhooks advises payloads of about 20 kB.  Texts stand in the message twice, and may be all emoji.
LONGEST_TEXT = 700
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
        self._keys = tuple(_key(secret, place) for place, secret in enumerate(config.secrets))

    def render(self, notification: Notification, now: float) -> HttpRequest:
        """Return the message, signed if there is something to sign with."""
        body = self._body(notification)
        headers = {"Content-Type": "application/json", "webhook-id": notification.id}
        if self._keys:
            timestamp = str(int(now))
            headers["webhook-timestamp"] = timestamp
            headers["webhook-signature"] = signatures(self._keys, notification.id, timestamp, body)
        return HttpRequest("POST", self._config.url, headers, body)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:  # noqa: ARG002 - anyone may answer anything
        """Return what the status means; the body is not repeated, it could hold anything."""
        return judge_status(status, headers)

    def _body(self, notification: Notification) -> bytes:
        message = _message(notification, self._config.external_url)
        body = json_body(message)
        if len(body) > LARGEST_BODY_BYTES:
            body = json_body({**message, "roomwatch": {**message["roomwatch"], "details": "dropped: too large"}})
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


def _message(notification: Notification, external_url: str) -> dict[str, Any]:
    alert = notification.alert
    labels = {name: cut(text, LONGEST_TEXT) for name, text in alert.all_labels.items()}
    annotations = {name: cut(text, LONGEST_TEXT) for name, text in alert.annotations.items()}
    status = STATUS[notification.kind]
    return {
        "version": "4",
        "groupKey": notification.dedup_key,
        "truncatedAlerts": 0,
        "status": status,
        "receiver": notification.receiver,
        "groupLabels": {"alertname": alert.rule},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": external_url,
        "notification_reason": notification.reason,
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": annotations,
                "startsAt": rfc3339(notification.started_at),
                "endsAt": STILL_FIRING if notification.ended_at is None else rfc3339(notification.ended_at),
                "generatorURL": external_url,
                "fingerprint": alert.fingerprint,
            }
        ],
        "roomwatch": _ours(notification, alert),
    }


def _ours(notification: Notification, alert: Alert) -> dict[str, Any]:
    return {
        "notification_id": notification.id,
        "dedup_key": notification.dedup_key,
        "kind": notification.kind.value,
        "reason": notification.reason,
        "episode": alert.episode,
        "entity": {"kind": alert.kind.value, "id": alert.entity},
        "value": alert.value,
        "details": {
            name: cut(value, LONGEST_TEXT) if isinstance(value, str) else value for name, value in alert.details.items()
        },
    }

"""What does every notifier have to say, and what do they share?

A notifier words a notification for one service (`render`) and understands the service's answer (`judge`).  It sends
nothing: the request is a value, the answer is three values, and both directions are tested without a socket.

Services differ in their words and agree on HTTP: `judge_status` holds what status codes mean to all of them.  No
reason given here quotes what a service answered in full, since services like to echo what they were sent.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit

from alerts.delivery import Delivered, Outcome, Rejected, TryAgain
from alerts.model import Notification

Headers = Mapping[str, str]

#: A receiver may ask for a pause; one that asks for more than an hour is asked again after an hour all the same.
LONGEST_PAUSE_S = 3600.0

_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_NOBODY_KNOWS = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)  # what stands behind the gateway may have acted

CUT = "… [cut]"  # what shows that there was more
_COMPLAINT_LIMIT = 300  # enough for what services list, and a row of the outbox stays readable
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,100}")

PAGER_PATIENCE_S = 24 * 3600.0  # a page of yesterday wakes nobody to any purpose
CHAT_PATIENCE_S = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, ready to be sent.  Its URL, headers and body may hold secrets and are not shown."""

    method: str
    url: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def origin(self) -> str:
        """Return the part of the URL that is fit to be shown."""
        return origin(self.url)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message for a mail server, ready to be sent.  Its addresses and text are not shown.

    `ca_file` names the certificates that the server's is checked against; empty: those that the machine trusts.
    """

    host: str
    port: int
    security: str  # "starttls", "tls" or "none"
    username: str = field(repr=False)
    password: str = field(repr=False)
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    message: bytes = field(repr=False)
    ca_file: str = ""

    @property
    def origin(self) -> str:
        """Return the part of the address that is fit to be shown."""
        return f"smtp://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line for the daemon's own log, or (`to` = "stdout") for whoever reads its standard output."""

    text: str = field(repr=False)
    severity: str = "info"
    to: str = "log"

    origin = "log://"


@dataclass(frozen=True, slots=True)
class AppriseMessage:
    """One message for a service that only the library Apprise can reach; `type` is one of its four."""

    url: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    type: str  # "info", "success", "warning" or "failure"

    @property
    def origin(self) -> str:
        """Return the part of the URL that is fit to be shown: the rest of it may be keys."""
        return f"apprise+{self.url.partition(':')[0]}://"


Request = HttpRequest | Mail | LogLine | AppriseMessage


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a notification: when it is made, and what became of earlier ones.

    `reference` is what the service called what it accepted last in this lane (`Delivered.reference`).  `maybe_heard`
    says that the service may have accepted this very word before, so that a repeat of it ought to say so.
    """

    at: float
    reference: str = ""
    maybe_heard: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a service takes before it objects: so many requests within so many seconds, for all who share a key.

    `key` is what the service counts by, such as a routing key or a channel, in a form that may be shown.
    """

    requests: int
    per_s: float
    key: str


class Notifier(Protocol):
    """The wording of one service, for one configured receiver.

    `budget` is what the service allows, None where it sets no limit; `give_up_after_s` how long a word is worth saying.
    One may also have a `target` (see `target`): what it opened is closed there and nowhere else.
    """

    @property
    def budget(self) -> Budget | None:
        """What the service allows."""

    @property
    def give_up_after_s(self) -> float:
        """For how long it is tried; a page is worth more patience than a chat message."""

    def render(self, notification: Notification, attempt: Attempt) -> Request | None:
        """Return what is to be sent, or None where this service has no way to say such a thing."""

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the service's answer means for the notification."""


# --- answers ---------------------------------------------------------------------------------------------


def judge_status(status: int, headers: Headers, detail: str = "") -> Outcome:
    """Return what an answer with this status means; `detail` is what may be repeated of its body."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    reason = f"answered {describe_status(status)}" + (f": {detail}" if detail else "")
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TryAgain(reason, after_s=retry_after_s(headers), ambiguous=status in _NOBODY_KNOWS)
    return Rejected(reason)  # a redirect too: what was signed for one address is not carried to another


def describe_status(status: int) -> str:
    """Return the status with its name, where it has one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def retry_after_s(headers: Headers) -> float | None:
    """Return the pause that the answer asks for, in seconds, or as a date compared with the answer's own `Date`.

    Two dates by the same clock give the right pause even where that clock and ours differ.
    """
    asked = header(headers, "Retry-After").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_PAUSE_S)
    until, since = _http_date(asked), _http_date(header(headers, "Date"))
    if until is None or since is None:
        return None
    return min(max((until - since).total_seconds(), 0.0), LONGEST_PAUSE_S)


def header(headers: Headers, name: str) -> str:
    """Return the header of that name, in whichever case, or nothing."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def json_object(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object that `body` is, or an empty one for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def complaint(texts: Iterable[object], secret: str) -> str:
    """Return what may be repeated of a service's complaint: its texts, without the secret that they may quote."""
    said = "; ".join(text for text in texts if isinstance(text, str))
    return cut(said.replace(secret, "[secret]"), _COMPLAINT_LIMIT)


def safe_reference(name: object, secret: str) -> str:
    """Return what a service calls what it has taken, or nothing where that could be an echo of what it was sent."""
    is_name = isinstance(name, str) and _REFERENCE.fullmatch(name) and secret not in name
    return str(name) if is_name else ""


# --- wording ---------------------------------------------------------------------------------------------


def post_json(url: str, body: bytes, headers: Headers = MappingProxyType({})) -> HttpRequest:
    """Return the request that posts JSON."""
    return HttpRequest("POST", url, {"Content-Type": "application/json", **headers}, body)


def json_body(value: Any) -> bytes:
    """Return `value` as JSON that any parser takes: UTF-8, no NaN, no half characters."""
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def cut(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters, ending in a visible mark where some are missing.

    Characters are counted as UTF-16 does, an emoji as two, so the result fits whichever way the service counts.
    """
    if units(text) <= limit:
        return text
    encoded = text.encode("utf-16-le", "replace")
    kept = encoded[: 2 * (limit - len(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT  # "ignore" drops the half of an emoji


def units(text: str) -> int:
    """Return how many characters UTF-16 makes of a text."""
    return len(text.encode("utf-16-le", "replace")) // 2


def rfc3339(at: float) -> str:
    """Return a moment as 2025-11-21T01:20:00.000Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finite(value: Any) -> Any:
    if isinstance(value, str):  # most are
        return value
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown_key(secret: str) -> str:
    """Return what tells one secret from another and may be shown: nothing of it can be had back."""
    return sha256(secret.encode()).hexdigest()[:8]


# --- identity --------------------------------------------------------------------------------------------


def target(service: str, *parts: str) -> str:
    """Return what tells one place to be told from another, by its address and credential; it may be shown."""
    return shown_key("\n".join((service, *parts)))


def target_of(notifier: Notifier) -> str:
    """Return where a notifier's words go, or nothing where it does not say."""
    return getattr(notifier, "target", "")


# --- configuration ---------------------------------------------------------------------------------------


def origin(url: str) -> str:
    """Return scheme, host and port of `url`; its path and query may be all that keeps it secret."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def checked_url(url: str, key: str) -> str:
    """Return `url` if it can be posted to; the complaint shows nothing of it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(
            f"{key}: expected an address such as https://example.com/hook, got something malformed"
        ) from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{key}: expected http:// or https:// and a host, got something else")
    return url

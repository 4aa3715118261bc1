"""What do all ways of reaching somebody through Twilio have in common?

Credentials, forms, and answers.  Requests are authorised by an API key or by the account's auth token.  The token is
wanted for one thing more: callbacks are signed with it, so without it nothing that Twilio tells afterwards is believed.
Where the account is one of those that are watched its token is known already.

There is no way to say a request twice and mean it once.  One whose answer was lost may have been heard, and the next
attempt says so to the person.  A 429 is no such case: what was refused for being too much was not carried out.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from urllib.parse import quote, urlencode

from alerts.delivery import Delivered, Outcome, Rejected, TryAgain
from alerts.model import Notification
from alerts.notifiers.base import Headers, HttpRequest, checked_url, json_object, judge_status, retry_after_s
from alerts.twilio_errors import TOO_MUCH_NOW, described

API = "https://api.twilio.com"

STATUS_PATH = "/callbacks/notifications"
REPLIES_PATH = "/callbacks/replies"
VOICE_PATH = "/callbacks/voice"
RETRIES = "#rc=5&rp=all"  # not a part of the address: it asks Twilio to call again after any failure

CALLBACK_URL_LIMIT = 500  # two of them have to fit into the document of a call
_LAST_CODE = 99_999


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """Who asks, and where answers go: `api_key` with `api_secret`, or `auth_token`.

    `callback_url` is how Twilio reaches our public listener; where it is empty nothing comes back.
    """

    account_sid: str
    api_key: str = ""
    api_secret: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    base_url: str = API
    callback_url: str = ""
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what Twilio would."""
        checked_sid(self.account_sid, "AC", "account_sid")
        checked_url(self.base_url, "base_url")
        if self.api_key:
            checked_sid(self.api_key, "SK", "api_key")
        if bool(self.api_key) != bool(self.api_secret):
            raise ValueError("api_key: expected api_key and api_secret together, got only one of them")
        if not self.api_key and not self.auth_token:
            raise ValueError("api_key: expected api_key with api_secret, or auth_token, got neither")
        if self.callback_url:
            checked_url(self.callback_url, "callback_url")
        if len(self.callback_url) > CALLBACK_URL_LIMIT:
            raise ValueError(
                f"callback_url: expected at most {CALLBACK_URL_LIMIT} characters, got {len(self.callback_url)}"
            )

    def auth_tokens(self) -> list[str]:
        """Return the tokens that callbacks may be signed with."""
        return [self.auth_token] if self.auth_token else []

    def shared_keys(self) -> list[str]:
        """Return the keys that callbacks may be signed with instead: none is configured here."""
        return []

    def status_url(self, notification: Notification) -> str:
        """Return where Twilio is to tell what becomes of a notification, or nothing."""
        return self._url(STATUS_PATH, notification=notification.id)

    def voice_url(self, notification: Notification) -> str:
        """Return where Twilio is to tell which digit was pressed, or nothing."""
        return self._url(VOICE_PATH, incident=notification.incident.id, key=notification.dedup_key)

    def _url(self, path: str, **query: str) -> str:
        if not self.callback_url:
            return ""
        return f"{self.callback_url.rstrip('/')}{path}?{urlencode(query, quote_via=quote)}{RETRIES}"

    def post(self, path: str, fields: list[tuple[str, str]]) -> HttpRequest:
        """Return a form that is posted in the name of the account."""
        url = f"{self.base_url.rstrip('/')}{path}"
        user, password = (self.api_key, self.api_secret) if self.api_key else (self.account_sid, self.auth_token)
        headers = {
            "Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return HttpRequest("POST", url, headers, urlencode(fields, errors="replace").encode())


@runtime_checkable
class OfPhone(Protocol):
    """A notifier that reaches a phone, as far as what comes back from it is concerned."""

    @property
    def account(self) -> TwilioAccount:
        """Return who signs what comes back."""

    @property
    def phone(self) -> str:
        """Return the number that is reached, and may reply."""


def checked_sid(sid: str, prefix: str, key: str) -> str:
    """Return a SID of the sort that is wanted."""
    if not _is_sid(sid, prefix):
        raise ValueError(f"{key}: expected {prefix} and 32 hexadecimal digits, got something else")
    return sid


def judge_twilio(status: int, headers: Headers, body: bytes) -> Outcome:
    """Return what an answer of Twilio's means; of its body only the SID and the code count."""
    answer = json_object(body)
    sid, code = answer.get("sid"), _code(answer.get("code"))
    outcome = judge_status(status, headers, described(code) if code else "")
    match outcome:
        case Delivered():
            return Delivered(sid if isinstance(sid, str) and _is_sid(sid) else "")
        case Rejected(reason) if code in TOO_MUCH_NOW:
            return TryAgain(reason, after_s=retry_after_s(headers))
        case _:
            return outcome


def _code(said: object) -> int:
    return said if isinstance(said, int) and 0 < said <= _LAST_CODE else 0


def _is_sid(text: str, prefix: str = "[A-Z]{2}") -> bool:
    return re.fullmatch(f"{prefix}[0-9a-f]{{32}}", text) is not None

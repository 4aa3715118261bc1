"""How is Microsoft Teams told?

Through a webhook of its Workflows ("When a Teams webhook request is received"), which posts an Adaptive Card to a
channel or a chat.  It cannot edit what it posted, so each word is a card of its own.

All text from outside is in rich text blocks, which know no markup: a room named `[click](https://example.com)` stays a
name.  An answer of 202 says that the workflow was started; what becomes of it stands in the workflow's own history.
Old connectors take the same card and answer 200 even where posting failed, with the true status in the text.

The limits are Microsoft's: 28 KB a card, four requests a second.  The size is counted after the text was turned into
UTF-16, where plain letters take two bytes, so a body of ours may have not quite half of that.
"""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.delivery import Outcome
from alerts.model import Notification, NotificationKind, Severity
from alerts.notifiers.base import (
    CHAT_PATIENCE_S,
    CUT,
    Attempt,
    Budget,
    Headers,
    HttpRequest,
    checked_url,
    json_body,
    json_object,
    judge_status,
    post_json,
    shown_key,
)
from alerts.notifiers.wording import alert_lines, facts, headline, links, some_lines, summary

BODY_LIMIT_BYTES = 13_500
REQUESTS_PER_S = 4

_SUMMARY_LIMIT = 300
_DESCRIPTION_LIMIT = 1000
_COLOUR = {Severity.CRITICAL: "attention", Severity.WARNING: "warning", Severity.INFO: "accent"}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}")
_CONNECTOR_FAILED = re.compile(rb"HTTP error (\d{3})")


@dataclass(frozen=True, slots=True)
class TeamsConfig:
    """`url` is what Teams shows once the workflow is made; whoever has it can post."""

    url: str = field(repr=False)
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be posted to."""
        checked_url(self.url, "url")


class Teams:
    """The wording of Microsoft Teams, in Adaptive Cards."""

    Config: ClassVar[type[TeamsConfig]] = TeamsConfig

    def __init__(self, config: TeamsConfig) -> None:
        self._config = config
        self.budget = Budget(REQUESTS_PER_S, 1.0, f"teams:{shown_key(config.url)}")

    give_up_after_s = CHAT_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return the card, with as much in it as fits."""
        optional = [_description(notification), _list(notification), _facts(notification, attempt)]
        body = self._body(notification, optional)
        while optional and len(body) > BODY_LIMIT_BYTES:
            optional.pop()
            body = self._body(notification, [*optional, [_text(CUT)]])
        return post_json(self._config.url, body)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means; the code of an error is repeated, its text is not."""
        failed = _CONNECTOR_FAILED.search(body)
        return judge_status(int(failed[1]) if failed and status < 300 else status, headers, self._complaint(body))

    def _body(self, notification: Notification, optional: list[list[dict[str, Any]]]) -> bytes:
        actions = [
            {"type": "Action.OpenUrl", "title": link.text, "url": link.url}
            for link in links(notification, self._config.external_url)
        ]
        first = [_headline(notification), _text(summary(notification, _SUMMARY_LIMIT), weight="bolder")]
        blocks = [*first, *(block for part in optional for block in part)]
        return json_body(_message(headline(notification), blocks, actions))

    def _complaint(self, body: bytes) -> str:
        error = json_object(body).get("error")
        code = error.get("code") if isinstance(error, dict) else None
        is_fit_to_be_shown = isinstance(code, str) and _CODE.fullmatch(code) and code not in self._config.url
        return str(code) if is_fit_to_be_shown else ""


def _message(fallback: str, blocks: list[dict[str, Any]], actions: list[dict[str, Any]]) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": fallback,
        "body": blocks,
        "actions": actions,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _headline(notification: Notification) -> dict[str, Any]:
    is_over = notification.kind is NotificationKind.RESOLVE
    colour = "good" if is_over else _COLOUR[notification.incident.severity]
    return _text(headline(notification), size="large", weight="bolder", color=colour)


def _description(notification: Notification) -> list[dict[str, Any]]:
    text = some_lines(notification.incident.first.annotations.get("description", ""), _DESCRIPTION_LIMIT)
    return [_text(text)] if text else []


def _list(notification: Notification) -> list[dict[str, Any]]:
    return [_text(line) for line in alert_lines(notification)]


def _facts(notification: Notification, attempt: Attempt) -> list[dict[str, Any]]:
    return [
        _rich({"type": "TextRun", "text": f"{name}: ", "isSubtle": True}, {"type": "TextRun", "text": value})
        for name, value in facts(notification, attempt)
    ]


def _text(text: str, **style: str) -> dict[str, Any]:
    return _rich({"type": "TextRun", "text": text, **style})


def _rich(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}

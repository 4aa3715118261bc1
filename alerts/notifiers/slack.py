"""How is Slack told?

In one of two ways.  An *incoming webhook* (`url`) only ever posts: each word is a message of its own.  A *bot token*
with a `channel` can do better: the trigger posts a message, and whatever becomes of the incident is written into that
same message, so that a channel read from the top shows what is still going on and what is over.  An edit wakes nobody,
which is right for everything but a repeat: a repeat goes into the message's thread, and is shown in the channel, too.

What Slack calls the message is channel and time, kept as the reference `CHANNEL:TS`; a reply in the thread names the
message that it belongs to, so the reference stays the message's.  Where no message was ever accepted, whatever comes
next is posted.

Slack's answers need reading: the Web API says 200 to nearly everything, and means what its `ok` and `error` say; a
webhook that worked says `ok` and nothing else.

The limits are Slack's: one message a second for a channel, so many characters for each kind of text, and for all blocks
together about 13,000, which is documented nowhere, and counted in a way that is not, either.  Hence the caution.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from alerts.acknowledgement import Acknowledgement
from alerts.acknowledgements import slack as interactivity
from alerts.delivery import Delivered, Outcome, Rejected, TryAgain
from alerts.model import Notification, NotificationKind
from alerts.notifiers.base import (
    CHAT_PATIENCE_S,
    CUT,
    Attempt,
    Budget,
    Headers,
    HttpRequest,
    checked_url,
    cut,
    describe_status,
    json_body,
    json_object,
    judge_status,
    post_json,
    retry_after_s,
    shown_key,
    target,
)
from alerts.notifiers.wording import Link, alert_lines, facts, headline, links, some_lines, summary, wants_a_person

WEB_API = "https://slack.com/api"

HEADER_LIMIT = 150
SECTION_LIMIT = 3000
TEXT_LIMIT = 4000
BLOCK_ID_LIMIT = 255
#: Of all blocks as ASCII, in which a character outside of it takes six or twelve: no other way of counting finds more.
BLOCKS_LIMIT = 12_000

_SUMMARY_LIMIT = 300
_DESCRIPTION_LIMIT = 1000
_LIST_LIMIT = 1500
_FACTS_LIMIT = 1500

#: It may be accepted later: Slack is busy, or moves the workspace.
LATER = frozenset(
    {
        *("ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "request_timeout"),
        *("team_added_to_org", "org_login_required"),
    }
)
#: Something broke on Slack's side, and "some aspect of the operation" may have succeeded before it did.
NOBODY_KNOWS = frozenset({"fatal_error", "internal_error"})

_CODE = re.compile(r"[a-z][a-z_]{0,60}")
_REFERENCE = re.compile(r"[A-Z0-9]{1,40}:[0-9]{1,20}\.[0-9]{1,20}")
_MENTION = re.compile(r"<[!@][^<>\s]{1,100}>")


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """Either `url`, of an incoming webhook, or the `token` of a bot and the `channel` it posts to.

    `signing_secret` makes the button "Acknowledge" work in place: Slack tells us who pressed it.  `mention` stands
    before triggers and repeats, to wake somebody: `<!here>`, `<@U0123>`, `<!subteam^S0123>`.
    """

    url: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    channel: str = ""
    signing_secret: str = field(default="", repr=False)
    mention: str = ""
    base_url: str = WEB_API
    external_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what is neither of the two ways, or both."""
        checked_url(self.base_url, "base_url")
        if bool(self.url) == bool(self.token or self.channel) or bool(self.token) != bool(self.channel):
            raise ValueError("url: expected either url, or token and channel, got something else")
        if self.url:
            checked_url(self.url, "url")
        if self.mention and not _MENTION.fullmatch(self.mention):
            raise ValueError("mention: expected something such as <!here>, <@U0123> or <!subteam^S0123>, got another")


class Slack:
    """The wording of Slack, in Block Kit."""

    Config: ClassVar[type[SlackConfig]] = SlackConfig

    def __init__(self, config: SlackConfig) -> None:
        self._config = config
        self.target = target("slack", config.url, config.token, config.channel)
        self.budget = Budget(1, 1.0, f"slack:{shown_key(config.url or f'{config.token} {config.channel}')}")

    give_up_after_s = CHAT_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return a new message, a new text for the one that is there, or a reply to it."""
        message = self._message(notification, attempt)
        if self._config.url:
            return post_json(self._config.url, json_body(message))
        if not _REFERENCE.fullmatch(attempt.reference):
            return self._call("chat.postMessage", {"channel": self._config.channel, **_QUIET, **message})
        channel, ts = attempt.reference.split(":")
        if notification.kind is NotificationKind.REPEAT:
            thread = {"thread_ts": ts, "reply_broadcast": True}
            return self._call("chat.postMessage", {"channel": channel, **thread, **_QUIET, **message})
        return self._call("chat.update", {"channel": channel, "ts": ts, **message})

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means, which the status alone does not say."""
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return judge_status(status, headers, _complaint(body))
        if self._config.url:
            return _judge_webhook(status, body)
        return _judge_web_api(status, headers, json_object(body))

    def hear(self, headers: Headers, body: bytes, now: float) -> tuple[Acknowledgement, ...]:
        """Return who pressed "Acknowledge", and of which incident.

        Raises:
            Untrusted: it was not Slack that said so just now.
        """
        return interactivity.decode(self._config.signing_secret, headers, body, now)

    def _call(self, method: str, arguments: Mapping[str, Any]) -> HttpRequest:
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {self._config.token}"}
        return post_json(f"{self._config.base_url.rstrip('/')}/{method}", json_body(arguments), headers)

    # --- the message ---

    def _message(self, notification: Notification, attempt: Attempt) -> dict[str, Any]:
        text = f"{headline(notification)}: {summary(notification, _SUMMARY_LIMIT)}"
        return {"text": escaped(text, TEXT_LIMIT), "blocks": self._blocks(notification, attempt)}

    def _blocks(self, notification: Notification, attempt: Attempt) -> list[dict[str, Any]]:
        """Return as much of the message as fits, and the summary in any case."""
        first = [_header(notification), _section(_summary(notification, self._config.mention))]
        optional = [_description(notification), _list(notification), _facts(notification, attempt)]
        last = self._actions(notification)
        blocks = [*first, *_present(optional), *last]
        while optional and len(json.dumps(blocks)) > BLOCKS_LIMIT:
            optional.pop()
            blocks = [*first, *_present(optional), _context(CUT), *last]
        return blocks

    def _actions(self, notification: Notification) -> list[dict[str, Any]]:
        buttons = [_button(link) for link in links(notification, self._config.external_url)]
        if self._config.signing_secret:
            others = [button for button in buttons if not button["action_id"].startswith(interactivity.ACKNOWLEDGE)]
            buttons = [*_acknowledge_button(notification), *others]
        return [{"type": "actions", "elements": buttons}] if buttons else []


_QUIET = {"unfurl_links": False, "unfurl_media": False}  # a preview of our own page tells nobody anything


def escaped(text: str, limit: int) -> str:
    """Return `text` without markup of Slack's, in at most `limit` characters, and no entity cut in two."""
    harmless = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(rf"&[a-z]{{0,3}}(?={re.escape(CUT)}$)", "", cut(harmless, limit))


def _header(notification: Notification) -> dict[str, Any]:
    text = cut(headline(notification), HEADER_LIMIT)
    # The id of a block must change when its message does; this one also tells which word the message is at.
    return {
        "type": "header",
        "block_id": notification.id[:BLOCK_ID_LIMIT],
        "text": {"type": "plain_text", "text": text, "emoji": True},
    }


def _summary(notification: Notification, mention: str) -> str:
    text = escaped(summary(notification, _SUMMARY_LIMIT), SECTION_LIMIT // 2)
    wakes = notification.kind in (NotificationKind.TRIGGER, NotificationKind.REPEAT)
    return f"{mention} *{text}*" if mention and wakes else f"*{text}*"


def _description(notification: Notification) -> dict[str, Any] | None:
    text = notification.incident.first.annotations.get("description", "")
    text = escaped(some_lines(text, _DESCRIPTION_LIMIT), SECTION_LIMIT)
    return _section(text) if text else None


def _list(notification: Notification) -> dict[str, Any] | None:
    lines = "\n".join(alert_lines(notification))
    return _section(escaped(lines, _LIST_LIMIT)) if lines else None


def _facts(notification: Notification, attempt: Attempt) -> dict[str, Any]:
    text = " · ".join(f"{name}: {value}" for name, value in facts(notification, attempt))
    return _context(escaped(text, _FACTS_LIMIT))


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _button(link: Link) -> dict[str, Any]:
    # Following a link tells us nothing: whoever only looked has not acknowledged.
    action_id = f"{link.purpose}_page" if link.purpose == interactivity.ACKNOWLEDGE else link.purpose
    return {"type": "button", "action_id": action_id, "text": _plain(link.text), "url": link.url}


def _acknowledge_button(notification: Notification) -> list[dict[str, Any]]:
    if not wants_a_person(notification):
        return []
    button = {"type": "button", "action_id": interactivity.ACKNOWLEDGE, "text": _plain("Acknowledge")}
    return [{**button, "style": "primary", "value": notification.incident.id}]


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _present(blocks: list[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return [block for block in blocks if block is not None]


# --- answers ---------------------------------------------------------------------------------------------


def _judge_webhook(status: int, body: bytes) -> Outcome:
    if body.strip() == b"ok":
        return Delivered()
    return TryAgain(f"answered {describe_status(status)}, but not ok{_behind(_complaint(body))}", ambiguous=True)


def _judge_web_api(status: int, headers: Headers, answer: Mapping[str, Any]) -> Outcome:
    if answer.get("ok") is True:
        return Delivered(_reference(answer))
    code = _code(answer.get("error"))
    reason = f"answered {describe_status(status)}, but not ok{_behind(code)}"
    if not code or code in NOBODY_KNOWS:
        return TryAgain(reason, after_s=retry_after_s(headers), ambiguous=True)
    return TryAgain(reason, after_s=retry_after_s(headers)) if code in LATER else Rejected(reason)


def _reference(answer: Mapping[str, Any]) -> str:
    """Return what the message is called; for a reply in a thread, the message that the thread belongs to."""
    message = answer.get("message")
    thread_ts = message.get("thread_ts") if isinstance(message, Mapping) else None
    reference = f"{answer.get('channel')}:{thread_ts or answer.get('ts')}"
    return reference if _REFERENCE.fullmatch(reference) else ""


def _complaint(body: bytes) -> str:
    """Return the code of an error, as a webhook says it (plain) or as the Web API does (JSON)."""
    plain = _code(body.decode(errors="replace").strip())
    return plain if "_" in plain else _code(json_object(body).get("error"))


def _code(said: object) -> str:
    """Return what looks like a code of Slack's; anything else could be an echo of what was sent."""
    return said if isinstance(said, str) and _CODE.fullmatch(said) else ""


def _behind(code: str) -> str:
    return f": {code}" if code else ""

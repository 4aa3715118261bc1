"""How is a phone sent a text message?

Through Twilio's Messages resource.  One receiver is one number: what one person has accepted must not be sent to them
again because another's phone is off.  The text has how bad it is in front, then what it is, where to read more, and
how to reply; what does not fit into the segments that one is ready to pay is cut from the middle.

A message is no use long after its time, so Twilio is told to drop it when the phone stays off.

The limits are Twilio's: 1600 characters, one segment a second from an ordinary number, and no more than fifteen
messages in thirty seconds between the same two numbers, which it takes for a loop.
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from alerts.delivery import Outcome
from alerts.model import Notification
from alerts.notifiers.base import PAGER_PATIENCE_S, Attempt, Budget, Headers, HttpRequest, shown_key
from alerts.notifiers.twilio import TwilioAccount, checked_sid, judge_twilio
from alerts.notifiers.wording import page_url, standing, summary, wants_a_person
from alerts.phone_numbers import checked_number
from alerts.reply_codes import reply_code
from alerts.sms_text import cheapened, fitted, segments

MOST_SEGMENTS = 10  # 1530 characters, within the 1600
LONGEST_VALIDITY_S = 36_000
LOOP_GUARD_S = 2.0  # for each message between the same two numbers

_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_NUMBER = re.compile(r"\+?[0-9]+")
_TEXT_LIMIT = 2000  # more than could be sent, and few enough to look at each character
_LEAST_OF_THE_SUMMARY = "x" * 40  # a link that leaves less than this is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSmsConfig(TwilioAccount):
    """`to` is whom, `sender` a number, short code or name of yours, or a messaging service that picks one.

    `asks_for_reply` puts "Reply ACK" and a code under the text; the number's webhook has to lead here for that.
    """

    to: str = field(repr=False)
    sender: str = field(default="", repr=False)
    messaging_service_sid: str = ""
    max_segments: int = 3
    validity_s: int = 1800
    asks_for_reply: bool = True
    segments_per_s: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what Twilio would."""
        TwilioAccount.__post_init__(self)
        checked_number(self.to, "to")
        self._check_sender()
        if not 1 <= self.max_segments <= MOST_SEGMENTS:
            raise ValueError(f"max_segments: expected 1..{MOST_SEGMENTS}, got {self.max_segments}")
        if not 1 <= self.validity_s <= LONGEST_VALIDITY_S:
            raise ValueError(f"validity_s: expected 1..{LONGEST_VALIDITY_S}, got {self.validity_s}")
        if not self.segments_per_s > 0:
            raise ValueError(f"segments_per_s: expected more than 0, got {self.segments_per_s:g}")

    def _check_sender(self) -> None:
        if bool(self.sender) == bool(self.messaging_service_sid):
            raise ValueError("sender: expected either sender or messaging_service_sid, got both or neither")
        if self.messaging_service_sid:
            checked_sid(self.messaging_service_sid, "MG", "messaging_service_sid")
        elif not _SENDER.fullmatch(self.sender):
            raise ValueError(
                "sender: expected a number in E.164, a short code, or a name of at most 11 letters and digits,"
                " got something else"
            )

    def hears_replies(self) -> bool:
        """Whether a reply can reach us: nobody can reply to a name."""
        can_be_replied_to = bool(self.messaging_service_sid or _NUMBER.fullmatch(self.sender))
        return self.asks_for_reply and can_be_replied_to and bool(self.callback_url)


class TwilioSms:
    """The wording of a text message."""

    Config: ClassVar[type[TwilioSmsConfig]] = TwilioSmsConfig

    def __init__(self, config: TwilioSmsConfig) -> None:
        self._config = self.account = config
        self.phone = config.to
        sender = config.sender or config.messaging_service_sid
        per_s = max(config.max_segments / config.segments_per_s, LOOP_GUARD_S)
        self.budget = Budget(1, per_s, f"twilio_sms:{shown_key(config.account_sid + sender)}")

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest:
        """Return the message."""
        config = self._config
        status_url = config.status_url(notification)
        fields = [
            ("To", config.to),
            ("From", config.sender) if config.sender else ("MessagingServiceSid", config.messaging_service_sid),
            ("Body", self._text(notification, attempt)),
            ("ValidityPeriod", str(config.validity_s)),
            ("SmartEncoded", "true"),
            ("RiskCheck", "disable"),  # a check against fraud could hold back a page to a number of our own
            *([("StatusCallback", status_url)] if status_url else []),
        ]
        return config.post(f"/2010-04-01/Accounts/{config.account_sid}/Messages.json", fields)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means; the reference is the message's SID."""
        return judge_twilio(status, headers, body)

    def _text(self, notification: Notification, attempt: Attempt) -> str:
        again = "(possible duplicate) " if attempt.maybe_heard else ""  # a whole sentence would cost half a segment
        before = cheapened(f"{standing(notification)}: {again}")
        text = before + cheapened(summary(notification, _TEXT_LIMIT)).strip()
        return fitted(text, self._after(notification, before), self._config.max_segments)

    def _after(self, notification: Notification, before: str) -> str:
        """Return where to read more, if that leaves room for anything else, and how to reply."""
        link = page_url(notification, self._config.external_url)
        asks = self._config.hears_replies() and wants_a_person(notification)
        reply = f"\nReply ACK {reply_code(notification.incident.id)}" if asks else ""
        after = f"\n{link}{reply}" if link else reply
        leaves_room = segments(before + _LEAST_OF_THE_SUMMARY + after) <= self._config.max_segments
        return after if leaves_room else reply

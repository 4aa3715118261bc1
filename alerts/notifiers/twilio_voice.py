"""How is a phone rung?

Through Twilio's Calls resource, with the whole call as a document (TwiML) in the request: it says what is wrong, twice,
and waits for a digit.  1 acknowledges the incident.  A mailbox cannot press a key, so a call that was merely answered
counts as nothing more than that.

Only a trigger and a repeat ring.  That an incident grew, or that somebody looks after it, is nothing to be woken for;
that it is over is not either, unless `call_on_resolve` says so.

A call that waits in Twilio's queue cannot be taken back from here, and rings late.  So we stay within the one call a
second that Twilio makes for an account, and it rings no longer than `ring_s`.  The document may have 4000 characters.
"""

import unicodedata
from dataclasses import dataclass, field
from typing import ClassVar, Literal
from xml.sax.saxutils import escape, quoteattr

from alerts.delivery import Outcome
from alerts.model import Notification, NotificationKind
from alerts.notifiers.base import PAGER_PATIENCE_S, Attempt, Budget, Headers, HttpRequest, shown_key
from alerts.notifiers.twilio import TwilioAccount, judge_twilio
from alerts.notifiers.wording import standing, summary, wants_a_person
from alerts.phone_numbers import checked_number
from alerts.reply_codes import ACKNOWLEDGING_DIGIT

#: Half a minute of talk.  As XML it is five times as much in the worst case, and Twilio takes 4,000 characters.
SPOKEN_LIMIT = 400
LONGEST_RING_S = 600
STATUS_EVENTS = ("initiated", "ringing", "answered", "completed")
_WAIT_FOR_DIGIT_S = 10
_NAME_LIMIT = 60  # of a voice or a language


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioVoiceConfig(TwilioAccount):
    """`to` is whom, `sender` a number of yours; `language` and `voice` are Twilio's names, empty for its own choice."""

    to: str = field(repr=False)
    sender: str = field(repr=False)
    ring_s: int = 30
    language: str = "en-US"
    voice: str = ""
    machine_detection: Literal["", "Enable", "DetectMessageEnd"] = ""
    call_on_resolve: bool = False

    def __post_init__(self) -> None:
        """Refuse what Twilio would."""
        TwilioAccount.__post_init__(self)
        checked_number(self.to, "to")
        checked_number(self.sender, "sender")
        if not 1 <= self.ring_s <= LONGEST_RING_S:
            raise ValueError(f"ring_s: expected 1..{LONGEST_RING_S}, got {self.ring_s}")
        for key, name in (("language", self.language), ("voice", self.voice)):
            if len(name) > _NAME_LIMIT:
                raise ValueError(f"{key}: expected at most {_NAME_LIMIT} characters, got {len(name)}")


class TwilioVoice:
    """The wording of a call."""

    Config: ClassVar[type[TwilioVoiceConfig]] = TwilioVoiceConfig

    def __init__(self, config: TwilioVoiceConfig) -> None:
        self._config = self.account = config
        self.phone = config.to
        self.budget = Budget(1, 1.0, f"twilio_voice:{shown_key(config.account_sid)}")

    give_up_after_s = PAGER_PATIENCE_S

    def render(self, notification: Notification, attempt: Attempt) -> HttpRequest | None:
        """Return the call, or None for what nobody is called for."""
        if notification.kind not in self._kinds():
            return None
        config = self._config
        status_url = config.status_url(notification)
        fields = [
            ("To", config.to),
            ("From", config.sender),
            ("Twiml", self._document(notification, attempt)),
            ("Timeout", str(config.ring_s)),
            *([("MachineDetection", config.machine_detection)] if config.machine_detection else []),
            *([("StatusCallback", status_url)] if status_url else []),
            *([("StatusCallbackEvent", event) for event in STATUS_EVENTS] if status_url else []),
        ]
        return config.post(f"/2010-04-01/Accounts/{config.account_sid}/Calls.json", fields)

    def judge(self, status: int, headers: Headers, body: bytes) -> Outcome:
        """Return what the answer means; the reference is the call's SID."""
        return judge_twilio(status, headers, body)

    def _kinds(self) -> tuple[NotificationKind, ...]:
        over = (NotificationKind.RESOLVE,) if self._config.call_on_resolve else ()
        return (NotificationKind.TRIGGER, NotificationKind.REPEAT, *over)

    def _document(self, notification: Notification, attempt: Attempt) -> str:
        config = self._config
        voice = f" voice={quoteattr(config.voice)}" if config.voice else ""
        manner = f" language={quoteattr(config.language)}{voice}" if config.language else voice
        action = config.voice_url(notification) if wants_a_person(notification) else ""
        said = f'<Say{manner} loop="2">{escape(_spoken(notification, attempt, is_asked=bool(action)))}</Say>'
        if not action:
            return f"<Response>{said}</Response>"
        gather = f'<Gather numDigits="1" timeout="{_WAIT_FOR_DIGIT_S}" action={quoteattr(action)} method="POST">'
        return f"<Response>{gather}{said}</Gather></Response>"


def _spoken(notification: Notification, attempt: Attempt, *, is_asked: bool) -> str:
    again = "You may have been called about this before. " if attempt.maybe_heard else ""
    ask = f" Press {ACKNOWLEDGING_DIGIT} to acknowledge." if is_asked else ""
    what = summary(notification, SPOKEN_LIMIT)
    return f"{_pronounceable(f'Roomwatch. {standing(notification)}. {again}{what}')}{ask} "


def _pronounceable(text: str) -> str:
    """Return text without what XML forbids and nobody could say."""
    return "".join(" " if unicodedata.category(each) in ("Cc", "Cs", "Cn") else each for each in text)

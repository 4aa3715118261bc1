"""What became of a page after it was accepted, and what did the person say?

That a service has taken a message means that it will try.  A *receipt* is what it tells of the trying: under way,
arrived, or never.  Receipts come late, twice, and in any order, so a final one is never undone by one that is not.

Twilio posts forms to three addresses: the status of a message or a call, the text of a reply, and the digit that was
pressed during a call.  They are read here, and what makes no sense to this version is None.  Whether they come from
Twilio has been checked before.  No telephone number leaves this file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.acknowledgement import SMS, VOICE, Acknowledgement
from alerts.reply_codes import ACKNOWLEDGING_DIGIT
from alerts.twilio_errors import described

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One word about a notification on its way; `reference` is the service's name for the message or call.

    `succeeded` says that it reached the phone or was answered, which is final too.  What is final and did not succeed
    will reach nobody: somebody else has to be told.
    """

    reference: str
    status: str
    is_final: bool
    succeeded: bool
    detail: str = ""
    at: float = 0.0


def latest(receipts: Iterable[Receipt]) -> Receipt | None:
    """Return the receipt that counts: a final one before others, and of equals the last."""
    in_order = sorted(receipts, key=lambda receipt: (receipt.is_final, receipt.at))
    return in_order[-1] if in_order else None


# --- status callbacks ------------------------------------------------------------------------------------

_MESSAGE_ARRIVED = {"delivered", "read"}
_MESSAGE_LOST = {"undelivered", "failed", "canceled"}
_CALL_LOST = {"busy", "no-answer", "failed", "canceled"}
_BY_NO_PERSON = ("machine", "fax")
_LONGEST_STATUS = 20


def decode_status(form: Form, at: float) -> Receipt | None:
    """Return what a status callback says of a message or a call."""
    if "MessageStatus" in form:
        return _of_message(form, at)
    if "CallStatus" in form:
        return _of_call(form, at)
    return None


def _of_message(form: Form, at: float) -> Receipt:
    status = form["MessageStatus"]
    succeeded = status in _MESSAGE_ARRIVED
    is_final = succeeded or status in _MESSAGE_LOST
    return Receipt(_sid(form, "MessageSid"), status[:_LONGEST_STATUS], is_final, succeeded, _error(form), at)


def _of_call(form: Form, at: float) -> Receipt:
    """Return what became of a call: one that a mailbox took has ended, and reached nobody."""
    status, answered_by = form["CallStatus"], form.get("AnsweredBy", "")
    is_over = status == "completed"
    reached = is_over and not answered_by.startswith(_BY_NO_PERSON)
    detail = f"answered by {answered_by[:_LONGEST_STATUS]}" if _is_word(answered_by) else _error(form)
    is_final = is_over or status in _CALL_LOST
    return Receipt(_sid(form, "CallSid"), status[:_LONGEST_STATUS], is_final, reached, detail, at)


def _error(form: Form) -> str:
    code = form.get("ErrorCode", "")
    return described(int(code)) if code.isascii() and code.isdigit() and len(code) <= len("99999") else ""


def _sid(form: Form, key: str) -> str:
    sid = form.get(key, "")
    return sid if re.fullmatch("[A-Z]{2}[0-9a-f]{32}", sid) else ""


def _is_word(text: str) -> bool:
    return re.fullmatch("[a-z_]+", text) is not None


# --- what people say -------------------------------------------------------------------------------------

#: "ACK 1234", "ok", "1234.", "Ok, 1234!"  STOP and its like are Twilio's business and never get here as consent.
_REPLY = re.compile(r"\W*(?:ack|acknowledged?|ok|okay|bestätigt|quittiert)?\W*([0-9]{4})?\W*", re.IGNORECASE)
_LONGEST_REPLY = 100


def decode_reply(form: Form, by: str, at: float) -> Acknowledgement | None:
    """Return the acknowledgement that a text message is; its `incident` is the code in it, or nothing."""
    text = form.get("Body", "")
    is_something = len(text) <= _LONGEST_REPLY and any(each.isalnum() for each in text)
    said = _REPLY.fullmatch(text) if is_something else None
    if said is None:
        return None
    return Acknowledgement(by=by, via=SMS, at=at, incident=said[1] or "")


def decode_digit(form: Form, by: str, at: float, *, incident: str, dedup_key: str) -> Acknowledgement | None:
    """Return the acknowledgement that a pressed digit is; which incident, the call's own address tells."""
    if form.get("Digits") != ACKNOWLEDGING_DIGIT:
        return None
    return Acknowledgement(by=by, via=VOICE, at=at, dedup_key=dedup_key, incident=incident)

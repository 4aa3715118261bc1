"""What does one attempt come to?

The notifier words it, the transport carries it, the notifier judges the answer.  Whatever fails on the way, it spoils
this notification and no other: there is always an outcome.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus

from alerts.delivery import SHORTEST_PAUSE_S, Delivered, Outcome, Rejected, TryAgain
from alerts.insisting import place_of
from alerts.model import Owed
from alerts.notifiers.base import (
    AppriseMessage,
    Attempt,
    HttpRequest,
    LogLine,
    Mail,
    Notifier,
    Request,
    describe_status,
)
from alerts.transport import Answer, Transport

#: Who answers 429 and does not say for how long; PagerDuty, for one, advises pauses of half a minute.
UNTOLD_PAUSE_S = 30.0

_HASH_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Tried:
    """An outcome, and what led to it.

    `status` is how the receiver answered, if it did; `was_asked` whether anything was sent at all.
    """

    outcome: Outcome
    status: str = ""
    was_asked: bool = False
    payload_hash: str = ""


async def attempt(owed: Owed, notifier: Notifier, transport: Transport, now: float) -> Tried:
    """Word it, send it, and have the answer judged."""
    try:
        request = notifier.render(owed.notification, Attempt(now, owed.reference, owed.maybe_heard))
        if request is None:
            return Tried(Delivered())  # there is no word for it, and nothing to add to those before
        tried = Tried(Delivered(), was_asked=True, payload_hash=_hash(request))
    except Exception as error:  # noqa: BLE001 - whatever it is, the rows behind this one must go on
        return Tried(_failed(error))
    try:
        answer = await transport.exchange(request)
        if not isinstance(answer, Answer):
            return replace(tried, outcome=answer)
        outcome = _patient(notifier.judge(answer.status, answer.headers, answer.body), answer.status)
        return replace(tried, outcome=outcome, status=describe_status(answer.status))
    except Exception as error:  # noqa: BLE001 - as above
        return replace(tried, outcome=_failed(error))


def _failed(error: Exception) -> Rejected:
    return Rejected(f"the notifier failed: {place_of(error)}")


def _patient(outcome: Outcome, status: int) -> Outcome:
    """Return the outcome with a pause where one was meant and not told."""
    is_told = isinstance(outcome, TryAgain) and (outcome.after_s or 0.0) >= SHORTEST_PAUSE_S
    if isinstance(outcome, TryAgain) and status == HTTPStatus.TOO_MANY_REQUESTS and not is_told:
        return replace(outcome, after_s=UNTOLD_PAUSE_S)
    return outcome


def _hash(request: Request) -> str:
    """Return what tells what was said from anything else that could have been; nothing of it can be had back."""
    match request:
        case HttpRequest(body=said) | Mail(message=said):
            pass
        case LogLine(text=text) | AppriseMessage(body=text):
            said = text.encode()
    return sha256(said).hexdigest()[:_HASH_LENGTH]

"""What becomes of a notification after an attempt?

An attempt has one of three outcomes.  *Delivered*: the receiver said yes.  *TryAgain*: not now, or nobody knows.
*Rejected*: saying it again cannot help.  `settle` turns the outcome into what the outbox writes down.

Attempts are spaced by exponential backoff with full jitter: after the n-th failure the pause is drawn evenly between
nothing and 1 s doubled n - 1 times, at most 5 minutes, so that a receiver which comes back is not met by everybody at
once.  A receiver that names a pause itself (`Retry-After`) is never asked sooner.  Each service says for how long
its words are worth saying; after that they are given up.

The jitter is a hash of the notification and the number of the attempt, so a schedule can be read off in a test.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from alerts.model import Owed

BACKOFF_BASE_S = 1.0
BACKOFF_CAP_S = 300.0

#: 2 ** 9 s are beyond the cap already; a larger exponent would only court overflow.
_LARGEST_EXPONENT = 9


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver accepted it, and calls it `reference` if it gave it a name."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It was not accepted, or nobody knows whether it was (`ambiguous`), and a later attempt may be.

    `after_s` is the pause that the receiver asked for, if it asked for one.
    """

    reason: str
    after_s: float | None = None
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never be accepted as it is."""

    reason: str


Outcome = Delivered | TryAgain | Rejected


class Fate(StrEnum):
    """Where a row of the outbox stands after an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an attempt came to.

    `next_at` is set for a retry only, `reference` once delivered; `last_error` is empty then.  `maybe_heard` says that
    this attempt or one before it may have been heard.
    """

    fate: Fate
    attempts: int
    at: float
    next_at: float | None = None
    last_error: str = ""
    reference: str = ""
    maybe_heard: bool = False


def settle(owed: Owed, outcome: Outcome, now: float, give_up_after_s: float) -> Settlement:
    """Return what the attempt that ended at `now` with `outcome` means for the row."""
    attempts = owed.attempts + 1
    match outcome:
        case Delivered(reference):
            return Settlement(Fate.DELIVERED, attempts, now, reference=reference, maybe_heard=owed.maybe_heard)
        case Rejected(reason):
            return Settlement(Fate.DEAD, attempts, now, last_error=reason, maybe_heard=owed.maybe_heard)
        case TryAgain(reason, after_s, ambiguous):
            maybe_heard = owed.maybe_heard or ambiguous
            give_up_at = owed.notification.created_at + give_up_after_s
            if now >= give_up_at:
                reason = f"given up after {give_up_after_s / 3600:g} h: {reason}"
                return Settlement(Fate.DEAD, attempts, now, last_error=reason, maybe_heard=maybe_heard)
            pause_s = max(after_s or 0.0, backoff_s(owed.notification.id, attempts))
            # The last attempt falls on the deadline itself, so that a long pause does not cost a chance.
            next_at = min(now + pause_s, give_up_at)
            return Settlement(Fate.RETRY, attempts, now, next_at, reason, maybe_heard=maybe_heard)


def backoff_s(notification_id: str, attempt: int) -> float:
    """Return the pause after the failure of the given attempt, counted from 1."""
    ceiling_s = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt - 1, _LARGEST_EXPONENT))
    return ceiling_s * _fraction(f"{notification_id}:{attempt}")


def _fraction(seed: str) -> float:
    """Return a number in [0, 1) that looks random and is always the same for the same seed."""
    return int.from_bytes(sha256(seed.encode()).digest()[:6]) / 2**48

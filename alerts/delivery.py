"""What becomes of a notification after an attempt?

An attempt has one of three outcomes.  *Delivered*: the receiver said yes.  *TryAgain*: not now, or nobody knows.
*Rejected*: saying it again cannot help.  `settle` turns the outcome into what the outbox writes down.

Attempts are spaced by exponential backoff with full jitter: after the n-th failure the pause is drawn evenly between
nothing and 1 s doubled n - 1 times, at most 5 minutes, so that a receiver which comes back is not met by everybody at
once.  A receiver that names a pause itself (`Retry-After`) is never asked sooner, and the attempt does not count: it
has said when, so there is nothing to guess.  Each service says for how long its words are worth saying; after that
they are given up.

The jitter is a hash of the notification and the number of the attempt, so a schedule can be read off in a test.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from alerts.model import Owed

BACKOFF_BASE_S = 1.0
BACKOFF_CAP_S = 300.0

#: A shorter pause than this is no pause: a receiver that says "again, now" would be asked without end.
SHORTEST_PAUSE_S = 1.0

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


def asked_pause_s(outcome: Outcome) -> float | None:
    """Return the pause that the receiver wants to be left alone for, or None if it did not say."""
    if isinstance(outcome, TryAgain) and outcome.after_s is not None and outcome.after_s >= SHORTEST_PAUSE_S:
        return outcome.after_s
    return None


def in_a_word(outcome: Outcome) -> str:
    """Return what an attempt came to, as it is counted and kept."""
    match outcome:
        case Delivered():
            return "delivered"
        case Rejected():
            return "rejected"
        case TryAgain(ambiguous=True):
            return "unknown"
        case TryAgain():
            return "unavailable"


class Fate(StrEnum):
    """Where a row of the outbox stands after an attempt, or without one."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"
    CANCELLED = "cancelled"  # it is over, and nobody was told that it began
    SUPERSEDED = "superseded"  # a later word says all of it


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an attempt came to.

    `next_at` is set for a retry only, `reference` once delivered; `last_error` is empty then.  `maybe_heard` says that
    this attempt or one before it may have been heard.  `payload_hash` tells what a dead one tried to say from what
    others did.
    """

    fate: Fate
    attempts: int
    at: float
    next_at: float | None = None
    last_error: str = ""
    reference: str = ""
    maybe_heard: bool = False
    payload_hash: str = ""


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """One attempt, for whoever asks later: `outcome` in a word, `status` as the receiver answered, `error` why not."""

    at: float
    duration_s: float
    outcome: str
    status: str = ""
    error: str = ""


#: How many of the attempts at a notification are kept.
FIRST_ATTEMPTS, LAST_ATTEMPTS = 5, 20


def cut_short(begun_at: float, now: float) -> AttemptMade:
    """Return what is known of an attempt that was begun and not settled in an earlier life."""
    why = "cut short by a stop or a crash; nobody knows whether it was heard"
    return AttemptMade(now, now - begun_at, "unknown", error=why)


@dataclass(frozen=True, slots=True)
class Settled:
    """A notification whose row is to be written anew, with the attempt that led to it, if one was made."""

    notification_id: str
    settlement: Settlement
    attempt: AttemptMade | None = None


def settle(
    owed: Owed, outcome: Outcome, now: float, give_up_after_s: float, probe_at: float | None = None
) -> Settlement:
    """Return what the attempt that ended at `now` with `outcome` means for the row.

    `probe_at` is when a receiver that does not answer anybody is tried next; the row is to be at hand by then.
    """
    attempts = owed.attempts + 1
    match outcome:
        case Delivered(reference):
            return Settlement(Fate.DELIVERED, attempts, now, reference=reference, maybe_heard=owed.maybe_heard)
        case Rejected(reason):
            return Settlement(Fate.DEAD, attempts, now, last_error=reason, maybe_heard=owed.maybe_heard)
        case TryAgain(reason, _, ambiguous):
            maybe_heard = owed.maybe_heard or ambiguous
            if now >= gives_up_at(owed, give_up_after_s):
                reason = _given_up(reason, give_up_after_s)
                return Settlement(Fate.DEAD, attempts, now, last_error=reason, maybe_heard=maybe_heard)
            asked_s = asked_pause_s(outcome)
            if asked_s is not None:
                next_at, attempts = now + asked_s, owed.attempts
            else:
                next_at = now + backoff_s(owed.notification.id, attempts)
                next_at = next_at if probe_at is None else min(next_at, max(probe_at, now))
            # The last attempt falls on the deadline itself, so that a long pause does not cost a chance.
            next_at = min(next_at, gives_up_at(owed, give_up_after_s))
            return Settlement(Fate.RETRY, attempts, now, next_at, reason, maybe_heard=maybe_heard)


def give_up(owed: Owed, now: float, give_up_after_s: float) -> Settlement:
    """Return the end of a row whose time ran out while its receiver could not be asked."""
    reason = _given_up(owed.last_error or "the receiver could not be reached", give_up_after_s)
    return Settlement(Fate.DEAD, owed.attempts, now, last_error=reason, maybe_heard=owed.maybe_heard)


def gives_up_at(owed: Owed, give_up_after_s: float) -> float:
    """Return the moment of the last attempt at a row."""
    return (owed.notification.created_at if owed.since is None else owed.since) + give_up_after_s


def _given_up(reason: str, after_s: float) -> str:
    return f"given up after {after_s / 3600:g} h: {reason}"


def backoff_s(notification_id: str, attempt: int) -> float:
    """Return the pause after the failure of the given attempt, counted from 1."""
    ceiling_s = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt - 1, _LARGEST_EXPONENT))
    return ceiling_s * _fraction(f"{notification_id}:{attempt}")


def _fraction(seed: str) -> float:
    """Return a number in [0, 1) that looks random and is always the same for the same seed."""
    return int.from_bytes(sha256(seed.encode()).digest()[:6]) / 2**48

"""What became of a word that was owed to somebody: each attempt at it, how it ended, and what came back afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.delivery import AttemptMade
from alerts.model import Notification
from alerts.receipts import Receipt
from alerts.times_in_words import clock, in_words


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened at a moment."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A word, and what became of it: how it stands, the attempts by their numbers, what came back afterwards."""

    notification: Notification
    state: str
    attempts: tuple[tuple[int, AttemptMade], ...] = ()
    next_at: float | None = None
    settled_at: float | None = None
    last_error: str = ""
    receipts: tuple[Receipt, ...] = ()


def word_story(said: Said) -> Iterator[Sentence]:
    """Yield what became of a word, from its being owed to the last receipt."""
    word, last = said.notification, said.attempts[-1][1] if said.attempts else None
    what = f"{word.receiver}: {word.kind}"
    because = f" ({word.reason})" if word.reason else ""
    yield Sentence(word.created_at, f"{word.receiver} is to be told: {word.kind}{because}")
    for number, made in said.attempts:
        yield Sentence(made.at, f"{what} {_attempted(number, made)}")
    match said.state:
        case "waiting":
            when = f", the next attempt is at {clock(said.next_at)}" if said.next_at is not None else ""
            yield Sentence(last.at if last else word.created_at, f"{what} waits to be said{when}")
        case "delivered" if last is None and said.settled_at is not None:
            yield Sentence(said.settled_at, f"{what} was said")
        case "dead" | "cancelled" | "superseded":
            fate = "given up" if said.state == "dead" else "not said"
            yield Sentence(said.settled_at or word.created_at, f"{what} {fate}: {said.last_error}")
    yield from (Sentence(each.at, f"{what} {_received(each)}") for each in said.receipts)


def _attempted(number: int, made: AttemptMade) -> str:
    which, took = f"{ordinal(number)} attempt", in_words(made.duration_s)
    status = f", answered {made.status}" if made.status else ""
    match made.outcome:
        case "delivered":
            return f"delivered at the {which}, {took}{status}"
        case "rejected":
            return f"refused at the {which}, {took}: {made.error}"
        case "unknown":
            return f"may or may not have been heard at the {which}, {took}: {made.error}"
        case _:
            return f"not taken at the {which}, {took}: {made.error}"


def _received(receipt: Receipt) -> str:
    detail = f": {receipt.detail}" if receipt.detail else ""
    return f"receipt: {receipt.status}{detail}"


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..., 11th, ..., 21st."""
    is_teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"

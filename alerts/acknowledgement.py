"""Who looks after an incident, and who says so?

Whoever presses a button in a chat, a digit on a phone, or "acknowledge" at a pager tells that service, and the service
tells us.  Whichever it was, what arrives here is one of three words: somebody looks after the incident
(`Acknowledgement`), nobody does any more (`Withdrawal`), or somebody closed it over there (`Closure`), which does not
end what is wrong and says no less than that somebody has looked.

An incident is named by our own id for it where the service can carry that, else by the dedup key that the service
was told it under; the other one is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody looks after an incident from now on.

    `by` is what the service calls that person, `via` the service, and `at` when it was said, by the service's clock
    if it tells.  `note` is what they have to say to the others.
    """

    by: str
    via: str
    at: float
    dedup_key: str = ""
    incident: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Nobody looks after an incident any more: it was given back, or the acknowledgement ran out (`by` is empty)."""

    by: str
    via: str
    at: float
    dedup_key: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class Closure:
    """Somebody closed an incident at the service, whether or not what is wrong is over."""

    by: str
    via: str
    at: float
    dedup_key: str = ""
    incident: str = ""


Word = Acknowledgement | Withdrawal | Closure


SMS, VOICE, LINK, API, COMMAND = "sms", "voice", "link", "api", "command"

#: How people say by which way it came, where they would not say "in" and its name.
_WAYS = {
    SMS: "by text message",
    VOICE: "during a call",
    LINK: "through a link",
    API: "through the API",
    COMMAND: "on the command line",
}
NOBODY_NAMED = "somebody"


def said_by(word: Word) -> str:
    """Return who a word is from, as they are shown."""
    return word.by or NOBODY_NAMED


def in_words(word: Acknowledgement | Closure) -> str:
    """Return who looks after an incident and how that is known."""
    if isinstance(word, Closure):
        return f"closed in {word.via} by {said_by(word)}"
    said = f"acknowledged by {said_by(word)} {_WAYS.get(word.via, f'in {word.via}')}"
    return f"{said}: {word.note}" if word.note else said


class Untrusted(Exception):
    """What came was not signed by whom it claims to be from, or was signed too long ago."""


@runtime_checkable
class Hears(Protocol):
    """A notifier whose service also tells us something."""

    def hear(self, headers: Mapping[str, str], body: bytes, now: float) -> tuple[Word, ...]:
        """Return what a request from the service says of our incidents, most often nothing or one word.

        Raises:
            Untrusted: the request may be from anybody.
        """

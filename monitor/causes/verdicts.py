"""Which causes are there, and what does a verdict say of one?"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Cause(StrEnum):
    """Where the trouble sits."""

    UPLINK = "uplink"  # what a participant sends gets lost
    DOWNLINK = "downlink"  # what a participant receives gets lost on the last part of its way
    LINK = "link"  # a participant's connection: both directions, or it cannot be told which
    DEVICE = "device"  # a participant's computer is too slow, or gives no microphone or camera
    PUBLISHER = "publisher"  # others suffer from what one sends, who does not tell how it fares
    REGION = "region"
    EDGE = "edge"
    NETWORK = "network"
    BROWSER = "browser"
    TWILIO = "twilio"
    NOTHING = "nothing"
    NOT_KNOWN = "not known"


class Considered(Struct, frozen=True):
    """Another cause that was looked at, and what was found."""

    cause: Cause
    whom: str
    fact: str


class Verdict(Struct, frozen=True):
    """The cause of a bad call.

    `whom` is the key of a witness, or the value that a crowd has in common.  `because` begins with what is bad, and
    goes on with what sets it apart.  `confidence` is 0 to 1: each fact that stands for itself halves the doubt.
    """

    cause: Cause
    whom: str | None = None
    name: str = ""
    because: tuple[str, ...] = ()
    others: tuple[Considered, ...] = ()

    @property
    def confidence(self) -> float:
        """Return how sure this is, 0 to 1."""
        return 0.0 if self.cause is Cause.NOT_KNOWN else 1.0 - 0.5 ** len(self.because)

    @property
    def sentence(self) -> str:
        """Return the verdict in plain words."""
        subject = _SUBJECTS[self.cause].format(name=self.name)
        joint = "; " if self.cause in (Cause.NOT_KNOWN, Cause.NOTHING) else ", while "
        return f"{subject}: {joint.join(self.because[:2]) or 'nothing was heard'}."


_SUBJECTS = {
    Cause.UPLINK: "{name}'s uplink",
    Cause.DOWNLINK: "{name}'s downlink",
    Cause.LINK: "{name}'s connection",
    Cause.DEVICE: "{name}'s device",
    Cause.PUBLISHER: "What {name} sends",
    Cause.REGION: "Media region {name}",
    Cause.EDGE: "Edge {name}",
    Cause.NETWORK: "Network {name}",
    Cause.BROWSER: "{name}",
    Cause.TWILIO: "Twilio",
    Cause.NOTHING: "Nothing wrong",
    Cause.NOT_KNOWN: "Not known",
}


def not_known(*because: str, others: Iterable[Considered] = ()) -> Verdict:
    """Return that it is not known, and why."""
    return Verdict(Cause.NOT_KNOWN, because=because, others=tuple(others))

"""What was said about a room during a window of time, and what else went on meanwhile?

Whoever asks for a verdict fills these in.  Moments are by our clock: those of a browser less how far it is ahead.
"""

from enum import StrEnum

from msgspec import Struct

from collectors.observations import Connection, Device, MediaStats, NetworkQuality, Track


class Dimension(StrEnum):
    """What people in different rooms may have in common."""

    REGION = "media region"
    EDGE = "edge"
    NETWORK = "network"
    BROWSER = "browser"


class Witness(Struct, frozen=True):
    """One participant: who it is, and what it said of itself and of those it saw.

    `levels` may begin before the window: a level holds until the next.  Those whose `subject` is another SID are what
    this participant saw of somebody else.  Somebody who said nothing is a witness, too: others may have seen it.
    """

    key: str
    sid: str | None = None
    identity: str | None = None
    browser: str | None = None
    os: str | None = None
    network: str | None = None  # its kind: wifi, cellular
    address: str | None = None  # as far as it is kept: 203.0.113.0/24
    sdk_version: str | None = None
    edge: str | None = None
    media: tuple[MediaStats, ...] = ()
    levels: tuple[NetworkQuality, ...] = ()
    connections: tuple[Connection, ...] = ()
    tracks: tuple[Track, ...] = ()

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self.identity or self.sid or self.key

    def is_own(self, subject: str | None) -> bool:
        """Whether somebody with this SID is the witness itself."""
        return subject is None or subject == self.sid


class Unequipped(Struct, frozen=True):
    """Somebody whose microphone or camera could not be had, and who sent nothing of that kind afterwards.

    It need not be a witness: whoever could not join for it never was in the room.
    """

    key: str
    name: str
    failure: Device


class Crowd(Struct, frozen=True):
    """People in other rooms: how many were heard, how many had a bad network or only a bad picture, and how spread."""

    heard: int = 0
    bad_network: int = 0
    bad_picture: int = 0
    rooms: int = 0  # in which any of them was bad
    networks: int = 0  # from which those came who were bad

    def without(self, part: "Crowd") -> "Crowd":
        """Return those who are not of `part`; where they came from is not known of a difference."""
        return Crowd(self.heard - part.heard, self.bad_network - part.bad_network, self.bad_picture - part.bad_picture)


class Surroundings(Struct, frozen=True):
    """What went on in the other rooms at the same time, and whether Twilio itself was in trouble.

    `alike` holds those who have something in common, by what it is and its value; `everybody` is all of them.
    `lost` of them lost their connection, in `lost_regions` media regions; `server_errors` met a code that only Twilio's
    servers cause.
    """

    everybody: Crowd = Crowd()
    alike: dict[tuple[Dimension, str], Crowd] = {}
    lost: int = 0
    lost_regions: int = 0
    server_errors: int = 0
    is_twilio_unreachable: bool = False


class Evidence(Struct, frozen=True):
    """One room from `from_ms` to `to_ms`."""

    from_ms: int
    to_ms: int
    witnesses: tuple[Witness, ...]
    room: str = ""
    media_region: str | None = None
    surroundings: Surroundings = Surroundings()
    unequipped: tuple[Unequipped, ...] = ()

    def value_of(self, witness: Witness, dimension: Dimension) -> str | None:
        """Return what a witness has in common with others."""
        match dimension:
            case Dimension.REGION:
                return self.media_region
            case Dimension.EDGE:
                return witness.edge
            case Dimension.NETWORK:
                return witness.address
            case Dimension.BROWSER:
                return witness.browser

"""What else went on in the other rooms at the same time?

Counted from the evidence of those rooms: what their people have in common, and how many of them were bad.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import Struct

from collectors.observations import Connection, Track
from monitor.evidence import thresholds as at
from monitor.evidence.symptoms import Fault, Symptoms, symptoms_of
from monitor.evidence.witnesses import Crowd, Dimension, Evidence, Surroundings

Key = tuple[Dimension, str]


class _Tally:
    """Counts one crowd."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._rooms: set[str] = set()
        self._networks: set[str] = set()

    def count(self, room: Evidence, symptoms: Symptoms) -> None:
        """Count somebody who was heard."""
        self._counts["heard"] += 1
        if symptoms.fault is None:
            return
        self._counts["picture" if symptoms.fault is Fault.DEVICE else "network"] += 1
        self._rooms.add(room.room)
        self._networks.add(symptoms.witness.address or room.room)  # colleagues meet: one room is at least one network

    def crowd(self) -> Crowd:
        """Return what was counted."""
        counts = self._counts
        return Crowd(counts["heard"], counts["network"], counts["picture"], len(self._rooms), len(self._networks))


class _Codes(Struct):
    """Who lost a connection, and where, and whom Twilio's servers refused."""

    lost: int = 0
    regions: set[str | None] = set()
    server_errors: int = 0

    def count(self, room: Evidence, symptoms: Symptoms) -> None:
        """Count what happened to the connection of one participant."""
        if any(symptoms.lost):
            self.lost += 1
            self.regions.add(room.media_region)
        self.server_errors += met_server_code(symptoms, room)


class Neighbours:
    """Counts room by room, so that no more than one of them need be at hand at a time."""

    def __init__(self) -> None:
        self.rooms = 0
        self._everybody, self._codes = _Tally(), _Codes()
        self._alike: dict[Key, _Tally] = defaultdict(_Tally)

    def add(self, room: Evidence) -> None:
        """Count the people of another room."""
        self.rooms += 1
        for symptoms in filter(lambda each: each.is_heard, symptoms_of(room)):
            self._everybody.count(room, symptoms)
            self._codes.count(room, symptoms)
            for dimension in Dimension:
                value = room.value_of(symptoms.witness, dimension)
                if value is not None:
                    self._alike[dimension, value].count(room, symptoms)

    def surroundings(self, *, is_twilio_unreachable: bool = False) -> Surroundings:
        """Return what went on in the rooms that were counted."""
        return Surroundings(
            everybody=self._everybody.crowd(),
            alike={key: tally.crowd() for key, tally in self._alike.items()},
            lost=self._codes.lost,
            lost_regions=len(self._codes.regions),
            server_errors=self._codes.server_errors,
            is_twilio_unreachable=is_twilio_unreachable,
        )


def surroundings_of(others: Iterable[Evidence], *, is_twilio_unreachable: bool = False) -> Surroundings:
    """Return what went on in the other rooms, for the verdict on one that is not among them."""
    neighbours = Neighbours()
    for room in others:
        neighbours.add(room)
    return neighbours.surroundings(is_twilio_unreachable=is_twilio_unreachable)


def met_server_code(symptoms: Symptoms, room: Evidence) -> bool:
    """Whether somebody met an error that only Twilio's servers cause, during the window."""
    said: list[Connection | Track] = [*symptoms.witness.connections, *symptoms.witness.tracks]
    return any(each.code in at.SERVER_CODES and room.from_ms <= each.at_ms < room.to_ms for each in said)

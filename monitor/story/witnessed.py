"""What did browsers tell, of themselves and of others, by our clock?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from collectors.observations import Connection
from monitor.store.ports import Happening
from monitor.story.people import People

T = TypeVar("T")


class Witnessed(NamedTuple, Generic[T]):
    """What somebody told, at a moment by our clock; `teller` is their key."""

    at_ms: int
    teller: str
    seen: T


def witnessed(
    kind: str, decoder: msgspec.json.Decoder[T], happenings: Iterable[Happening], people: People
) -> Iterator[Witnessed[T]]:
    """Return what was told of a kind, in the order of time."""
    for each in happenings:
        if each.kind == kind and each.source == "telemetry":
            teller = people.key_of(each.participant, each.at_ms)
            if teller is not None:
                yield Witnessed(each.at_ms, teller, decoder.decode(each.body))


class Connections:
    """What was told of everybody's connection."""

    def __init__(self, told: Iterable[Witnessed[Connection]], people: People) -> None:
        self._own: dict[str, list[Witnessed[Connection]]] = defaultdict(list)
        self._others: dict[str, list[Witnessed[Connection]]] = defaultdict(list)
        for each in told:
            about = people.key_of(each.seen.subject, each.at_ms) or each.teller
            (self._own if about == each.teller else self._others)[about].append(each)

    def own(self, key: str) -> Sequence[Witnessed[Connection]]:
        """Return what somebody told of themselves."""
        return self._own.get(key, ())

    def of_others(self, key: str) -> Sequence[Witnessed[Connection]]:
        """Return what the first of those who told of somebody else told."""
        told = self._others.get(key, [])
        first = told[0].teller if told else ""
        return [each for each in told if each.teller == first]


_connection = msgspec.json.Decoder(Connection)


def connections_of(happenings: Iterable[Happening], people: People) -> Connections:
    """Return what was told of connections."""
    return Connections(witnessed("connection", _connection, happenings, people), people)

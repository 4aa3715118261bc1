"""Who is who in one call?

Everybody on record, in the order in which they came, then those of whom only browsers told.  Each has a key, by which
all answers about the call name them: a SID, or `identity:NAME` where nobody told one.  A name may stand for one stay
after another, a SID never does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from monitor.entities import Participant, Room
from monitor.history.samples import Samples
from monitor.store.ports import Client, Happening, Line

_IDENTITY = "identity:"


class Person(Struct, frozen=True):
    """Somebody, what is on record of them, and what they measured."""

    key: str
    record: Participant | None
    line: Line | None

    @property
    def sid(self) -> str | None:
        """Return the SID, if it is known."""
        return self.key if self.key.startswith("PA") else None

    @property
    def identity(self) -> str | None:
        """Return the name, as it was told."""
        if self.record is not None and self.record.identity is not None:
            return self.record.identity
        if self.line is not None and self.line.series.identity is not None:
            return self.line.series.identity
        return self.key.removeprefix(_IDENTITY) if self.key.startswith(_IDENTITY) else None

    @property
    def name(self) -> str:
        """Return what somebody is called in a sentence."""
        return self.identity or self.key

    @property
    def joined_at_ms(self) -> int | None:
        """Return when they came, if that is known."""
        return self.record.joined_at_ms if self.record else None

    @property
    def left_at_ms(self) -> int | None:
        """Return when they left, if they did and that is known."""
        return self.record.left_at_ms if self.record else None

    def are_own(self, samples: Samples) -> npt.NDArray[np.bool_]:
        """Return which of the levels that they told are their own, shape (m,): about nobody else, or by name."""
        own = samples.words.index(self.sid) if self.sid in samples.words else -1
        about = samples.levels[:, 1]
        mine: npt.NDArray[np.bool_] = np.isnan(about) | (about == own)
        return mine

    @property
    def client(self) -> Client:
        """Return what their client said of itself."""
        if self.line is not None:
            return self.line.series.client
        return Client(browser=self.record.browser, network=self.record.network) if self.record else Client()


class People:
    """Everybody in a call.

    Args:
        room: with everybody who is on record.
        lines: what was measured.
        happenings: what happened; browsers of people may have told of it who are not on record, having never got in.
    """

    def __init__(self, room: Room, lines: Iterable[Line], happenings: Iterable[Happening] = ()) -> None:
        told = {line.series.participant: line for line in lines}
        came = sorted(room.people(), key=lambda each: (each.joined_at_ms or 0, each.key))
        people = [Person(each.sid or each.key, each, _line_of(each, told)) for each in came]
        people += [Person(line.series.participant, None, line) for line in told.values()]
        self._by_key = {each.key: each for each in people}
        self._by_name = _by_name(people)
        for who in dict.fromkeys(each.participant for each in happenings if each.source == "telemetry"):
            if who and self.key_of(who) is None:
                self._by_key[who] = Person(who, None, None)

    def __iter__(self) -> Iterator[Person]:
        """Return them, in the order in which they came."""
        return iter(self._by_key.values())

    def key_of(self, participant: str | None, at_ms: int | None = None) -> str | None:
        """Return the key of somebody as they were told; of several stays of one name, of the one at a moment."""
        if not participant:
            return None
        if participant in self._by_key:
            return participant
        stays = self._by_name.get(participant.removeprefix(_IDENTITY), ())
        there = (each for each in stays if at_ms is not None and _is_there(each, at_ms))
        who = next(there, stays[-1] if stays else None)
        return None if who is None else who.key

    def name_of(self, key: str | None) -> str:
        """Return what somebody is called in a sentence."""
        person = self._by_key.get(key or "")
        return person.name if person else key or "somebody"


def _line_of(person: Participant, told: dict[str, Line]) -> Line | None:
    return told.pop(person.sid or "", None) or told.pop(f"{_IDENTITY}{person.identity}", None)


def _by_name(people: Iterable[Person]) -> Mapping[str, Sequence[Person]]:
    named: dict[str, list[Person]] = defaultdict(list)
    for each in people:
        if each.identity is not None:
            named[each.identity].append(each)
    return named


def _is_there(person: Person, at_ms: int) -> bool:
    return (person.joined_at_ms or 0) <= at_ms and (person.left_at_ms is None or at_ms <= person.left_at_ms)

"""How does what many people posted become one line of samples for each of them?

Somebody may be known by name at first and by SID later: who it was is asked once, when everything has been gathered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import islice
from operator import itemgetter
from typing import TypeVar

from msgspec.structs import astuple, replace

from collectors.measured import Batch
from monitor.history.gathering import Gathering, gathered
from monitor.history.samples import joined
from monitor.store.ports import Client, Line, Place, Resolve, Series
from monitor.store.rows import place_of, series_of

LINES_A_TIME, SAMPLES_A_TIME = 256, 16_384  # of which a table of all numbers is two megabytes

T = TypeVar("T")


class Lines:
    """Samples as they come in, of everybody at once."""

    def __init__(self) -> None:
        self._reporters: dict[tuple[str, str], _Reporter] = {}  # by their places
        self.count = 0

    def add(self, batch: Batch) -> None:
        """Take the samples of a post."""
        room, participant = batch.room_sid, batch.participant_sid
        place = (room, participant) if room and participant else place_of(batch)  # which is the same, and takes longer
        reporter = self._reporters.get(place)
        if reporter is None:
            reporter = self._reporters[place] = _Reporter(batch)
        self.count += reporter.add(batch)

    def take(self, resolve: Resolve) -> Iterator[Line]:
        """Return a line for each participant that measured anything, by SIDs as far as they are known.

        Who is known by name is asked for at once; the rest of the work is done as the lines are taken.
        """
        together: dict[Place, list[_Reporter]] = {}
        for reporter in self._reporters.values():
            resolved = resolve(reporter.place, reporter.first_ms)
            reporter.media_region = resolved.media_region
            place = resolved.place if _is_named(reporter.place) else reporter.place
            together.setdefault(place, []).append(reporter)
        return _lines(sorted(together.items(), key=itemgetter(0)))  # a room at a time


def _lines(told: Iterable[tuple[Place, Sequence["_Reporter"]]]) -> Iterator[Line]:
    for some in _some(told, lambda told: sum(reporter.gathering.count for reporter in told[1])):
        samples = iter(gathered([reporter.gathering for _, together in some for reporter in together]))
        for place, together in some:
            whole = joined(list(islice(samples, len(together))))
            series = reduce(united, (reporter.series for reporter in together))
            if whole.count:
                client = replace(series.client, media_region=together[0].media_region)
                yield Line(replace(series, room=place.room, participant=place.participant, client=client), whole)


def in_batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield lines, as many as are worked on at a time."""
    return _some(lines, lambda line: line.samples.count)


def _some(each: Iterable[T], samples_in: Callable[[T], int]) -> Iterator[list[T]]:
    some, samples = [], 0
    for one in each:
        some.append(one)
        samples += samples_in(one)
        if len(some) == LINES_A_TIME or samples >= SAMPLES_A_TIME:
            yield some
            some, samples = [], 0
    if some:
        yield some


class _Reporter:
    """Who posts under one room and participant, and what they measured."""

    __slots__ = ("_told", "first_ms", "gathering", "media_region", "place", "series")

    def __init__(self, batch: Batch) -> None:
        self.place = place_of(batch)
        self.first_ms = batch.received_at_ms  # when the first post came
        self.series = series_of(batch, self.place)
        self.media_region: str | None = None
        self.gathering = Gathering()
        self._told = _told_by(batch)

    def add(self, batch: Batch) -> int:
        told = _told_by(batch)
        if told != self._told:  # which is quicker to see than what it comes to
            self._told = told
            self.series = united(self.series, series_of(batch, self.place))
        return self.gathering.add(batch.observations, batch.clock_offset_ms or 0)


def _told_by(batch: Batch) -> tuple[object, ...]:
    return batch.room_name, batch.identity, batch.account_sid, batch.address, batch.sdk, batch.client


def _is_named(place: Place) -> bool:
    return place.room.startswith("name:") or place.participant.startswith("identity:")


def united(earlier: Series, later: Series) -> Series:
    """Return what is known of a series: what was told later counts, where it was told."""
    return Series(
        later.room,
        later.participant,
        later.room_name or earlier.room_name,
        later.identity or earlier.identity,
        later.account_sid or earlier.account_sid,
        Client(*(new or old for new, old in zip(astuple(later.client), astuple(earlier.client), strict=True))),
    )

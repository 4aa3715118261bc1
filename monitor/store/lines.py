"""How does what many people posted become one line of samples for each of them?

Somebody may be known by name at first and by SID later: who it was is asked once, when everything has been gathered.
"""

from collections.abc import Iterator, Mapping
from functools import reduce

from msgspec.structs import astuple, replace

from collectors.observations import TelemetryBatch
from monitor.history.gathering import Gathering
from monitor.history.samples import joined
from monitor.store.ports import Client, Line, Place, Resolve, Series
from monitor.store.rows import place_of, series_of


class Lines:
    """Samples as they come in, of everybody at once."""

    def __init__(self) -> None:
        self._gatherings: dict[Place, Gathering] = {}
        self._first_ms: dict[Place, int] = {}  # when the first post came
        self._series: dict[Place, Series] = {}
        self.count = 0

    def add(self, batch: TelemetryBatch) -> None:
        """Take the samples of a post."""
        place = place_of(batch)
        gathering = self._gatherings.get(place)
        if gathering is None:
            gathering = self._gatherings[place] = Gathering()
            self._first_ms[place] = batch.received_at_ms
        self.count += gathering.add(batch.observations, batch.clock_offset_ms or 0)
        told, before = series_of(batch, place), self._series.get(place)
        if told != before:
            self._series[place] = told if before is None else united(before, told)

    def take(self, resolve: Resolve) -> Iterator[Line]:
        """Return a line for each participant that measured anything, by SIDs as far as they are known.

        Who is known by name is asked for at once; the rest of the work is done as the lines are taken.
        """
        resolved = {
            place: resolve(place, first_ms).place if _is_named(place) else place
            for place, first_ms in self._first_ms.items()
        }
        return self._lines(resolved, resolve)

    def _lines(self, resolved: Mapping[Place, Place], resolve: Resolve) -> Iterator[Line]:
        together: dict[Place, list[Place]] = {}
        for place, real_place in resolved.items():
            together.setdefault(real_place, []).append(place)
        for real_place, places in sorted(together.items()):  # a room at a time
            samples = joined([self._gatherings[place].samples() for place in places])
            series = reduce(united, (self._series[place] for place in places))
            if samples.count:
                media_region = resolve(real_place, self._first_ms[places[0]]).media_region
                client = replace(series.client, media_region=media_region)
                told = replace(series, room=real_place.room, participant=real_place.participant, client=client)
                yield Line(told, samples)


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

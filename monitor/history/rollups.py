"""What do an hour's samples add up to?

To a rollup: for one hour of one scope (a room, an account, those with one browser) what was counted in each minute, who
was heard, and a sketch of each metric.  All of it is counters and sets of people, so parts of an hour are put together
by adding and uniting, in any order and as often as they come, and nothing is rounded on the way.

`Rollups` holds those of many hours and scopes at once, as columns; a single one is one of one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.history import people, sketches
from monitor.history.counters import NONE, Counters, Whole, summed
from monitor.history.people import BAD, ENDS_BADLY, ENDS_WELL, HEARD, MASKS, MINUTES, NOBODY, People
from monitor.history.samples import PLACE_OF, Samples
from monitor.history.spans import COLUMNS, DEGRADED_LEVEL, MINUTE_MS, Spans, Who, level_spans, media_spans

HOUR_MS = MINUTES * MINUTE_MS
ROOM = "room"
OTHER, UNKNOWN = "other", "unknown"
VALUES_A_DIMENSION = (
    200  # browsers and the like, in an hour: clients may say what they want, and what is more is `other`
)

METRICS = (
    "rtt_ms",
    *("up.jitter_ms", "down.jitter_ms"),
    *("up.loss_ratio", "down.loss_ratio"),
    *("up.bitrate_bps", "down.bitrate_bps"),
)

# Where the counters of a rollup are: first those of each minute, then the bins of each metric's sketch.
MINUTE_PLACES = MINUTES * len(COLUMNS)
SEGMENTS = np.array([0, *(MINUTE_PLACES + place * sketches.BINS for place in range(len(METRICS)))])

_Entries = tuple[Whole, Whole, Whole]
_Scopes = tuple[tuple[str, str], ...]


class Key(NamedTuple):
    """Which rollup it is."""

    scope: str
    key: str
    from_ms: int


@dataclass(frozen=True, slots=True)
class Rollups:
    """Many rollups: which; what was counted, and who was there, by their numbers."""

    keys: tuple[Key, ...]
    counters: Counters
    people: People


NO_ROLLUPS = Rollups((), NONE, NOBODY)


# --- from samples -----------------------------------------------------------------------------------------


def rolled(lines: Iterable[tuple[Who, Samples]]) -> Rollups:
    """Return what the samples of several people add up to, in every hour and scope."""
    lines = [line for line in lines if line[1].count]
    if not lines:
        return NO_ROLLUPS
    whos, samples = zip(*lines, strict=True)
    media, levels = media_spans(samples, MINUTE_MS), level_spans(whos, samples, MINUTE_MS)
    (of_whom, hours), (of_media, of_levels) = _person_hours(media, levels)
    values = np.concatenate([each.media for each in samples])
    entries = [
        _minute_entries(media, of_media),
        _minute_entries(levels, of_levels),
        *_sketch_entries(values, np.repeat(of_media, media.lengths)),
    ]
    masks = _masks(len(hours), (media, of_media), (levels, of_levels))
    return _by_scopes([whos[line] for line in of_whom], hours, Counters(*_columns(entries)), masks)


def _person_hours(*tables: Spans) -> tuple[tuple[list[int], list[int]], list[Whole]]:
    """Return the person and the hour of each person-hour, and the number of the one that each row belongs to."""
    person = np.concatenate([table.line for table in tables])
    hour = np.concatenate([table.span // MINUTES for table in tables])
    hours = int(hour.max()) + 1
    found, number = np.unique(person * hours + hour, return_inverse=True)
    return ((found // hours).tolist(), (found % hours).tolist()), np.split(number, [len(tables[0].line)])


def _minute_entries(spans: Spans, person_hour: Whole) -> _Entries:
    row, column = np.nonzero(spans.counts)
    return person_hour[row], (spans.span[row] % MINUTES) * len(COLUMNS) + column, spans.counts[row, column]


def _sketch_entries(media: NDArray[np.float64], person_hour: Whole) -> Iterator[_Entries]:
    for start, metric in zip(SEGMENTS[1:].tolist(), METRICS, strict=True):
        values = media[:, PLACE_OF[metric]]
        is_known = ~np.isnan(values)
        bins = sketches.bins_of(values[is_known])
        yield person_hour[is_known], start + bins, np.ones(len(bins), np.int64)


def _masks(person_hours: int, *tables: tuple[Spans, Whole]) -> Whole:
    masks = np.zeros((person_hours, MASKS), np.int64)
    for spans, number in tables:
        minutes = 1 << spans.span % MINUTES
        np.bitwise_or.at(masks[:, HEARD], number, minutes)
        np.bitwise_or.at(masks[:, BAD], number, minutes * spans.is_bad)
        np.bitwise_or.at(masks[:, ENDS_BADLY], number, minutes * (spans.last_level <= DEGRADED_LEVEL))
        np.bitwise_or.at(masks[:, ENDS_WELL], number, minutes * (spans.last_level > DEGRADED_LEVEL))
    return masks


def _by_scopes(whos: Sequence[Who], hours: Sequence[int], entries: Counters, masks: Whole) -> Rollups:
    """Return the rollups of every scope, given the entries and the masks of each person-hour.

    Many people are alike in all but their room, so what they measured is added up before it is copied to each scope.
    """
    persons = np.array([who.person for who in whos])
    rooms = [((ROOM, who.scopes[ROOM]),) for who in whos]
    others = [tuple((scope, key) for scope, key in who.scopes.items() if scope != ROOM) for who in whos]
    parts: list[Rollups] = []
    for scopes in (rooms, others):
        numbers: dict[tuple[_Scopes, int], int] = {}
        alike = np.array([numbers.setdefault(each, len(numbers)) for each in zip(scopes, hours, strict=True)])
        counted = summed(alike[entries.owner], entries.place, entries.number)
        parts += _of_each_scope(tuple(numbers), counted, People(alike, persons, masks))
    return merged(parts)


def _of_each_scope(alike: Sequence[tuple[_Scopes, int]], counted: Counters, there: People) -> Iterator[Rollups]:
    for place in range(len(alike[0][0])):
        keys = tuple(Key(*scopes[place], hour * HOUR_MS) for scopes, hour in alike)
        yield Rollups(keys, counted, there)


# --- from rollups -----------------------------------------------------------------------------------------


def merged(parts: Sequence[Rollups]) -> Rollups:
    """Return what several parts add up to."""
    return _renamed(parts, lambda key: key)


def selected(rollups: Rollups, is_wanted: Callable[[Key], bool]) -> Rollups:
    """Return some of the rollups."""
    is_in = np.array([is_wanted(key) for key in rollups.keys], bool)
    number = np.cumsum(is_in) - 1
    counted, there = rollups.counters, rollups.people
    is_counter, is_person = is_in[counted.owner], is_in[there.owner]
    return Rollups(
        tuple(key for key, wanted in zip(rollups.keys, is_in.tolist(), strict=True) if wanted),
        Counters(number[counted.owner[is_counter]], counted.place[is_counter], counted.number[is_counter]),
        People(number[there.owner[is_person]], there.person[is_person], there.minutes[is_person]),
    )


def bounded(rollups: Rollups, known: Mapping[tuple[str, int], AbstractSet[str]]) -> Rollups:
    """Return the rollups with `other` for the values of a dimension and hour that are too many.

    `known` has those that were there before, which stay; of the others, the first to come.
    """
    values: dict[tuple[str, int], set[str]] = {}

    def rename(key: Key) -> Key:
        if key.scope == ROOM:
            return key
        place = key.scope, key.from_ms
        there = values.setdefault(place, set(known.get(place, ())))
        if key.key not in there and len(there) >= VALUES_A_DIMENSION:
            return key._replace(key=OTHER)
        there.add(key.key)
        return key

    return _renamed([rollups], rename)


def _renamed(parts: Sequence[Rollups], rename: Callable[[Key], Key]) -> Rollups:
    numbers: dict[Key, int] = {}
    moved = []
    for part in parts:
        number = np.array([numbers.setdefault(rename(key), len(numbers)) for key in part.keys], np.int64)
        counted, there = part.counters, part.people
        moved.append((counted._replace(owner=number[counted.owner]), there._replace(owner=number[there.owner])))
    return _put_together(tuple(numbers), moved) if moved else NO_ROLLUPS


def _put_together(keys: tuple[Key, ...], parts: Sequence[tuple[Counters, People]]) -> Rollups:
    counted, there = zip(*parts, strict=True)
    return Rollups(keys, _added(counted), people.united(*_columns(there)))


def _added(entries: Iterable[_Entries]) -> Counters:
    return summed(*_columns(entries))


def _columns(parts: Iterable[_Entries]) -> Iterator[Whole]:
    return (np.concatenate(column) for column in zip(*parts, strict=True))

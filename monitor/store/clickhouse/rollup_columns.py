"""How do rollups become columns of ClickHouse, and rollups again?

What was counted in a minute is a row; the sketches of an hour are a row, of maps from bins to counts; who was there is
a row a person.  All of it is added up and united by ClickHouse itself, in the background and in every answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.history import counters, people
from monitor.history.counters import NONE, Whole
from monitor.history.people import MASKS, MINUTES, NOBODY, People
from monitor.history.rollups import METRICS, MINUTE_PLACES, NO_ROLLUPS, SEGMENTS, Key, Rollups
from monitor.history.spans import COLUMNS, MINUTE_MS
from monitor.store.clickhouse.client import Columns, Table
from monitor.store.clickhouse.columns import DAY_MS

MARK = ""  # the scope of rows that say which segments are in
COUNTED = tuple(each.replace(".", "_") for each in COLUMNS)
SKETCHED = tuple(each.replace(".", "_") for each in METRICS)
MASKED = ("heard", "bad", "ends_well", "ends_badly")

_KEY = {"scope": "LowCardinality(String)", "key": "String", "at_ms": "Int64"}
COUNTS_TABLE = Table("minutes", {**_KEY, **dict.fromkeys(COUNTED, "Int64")})
SKETCHES_TABLE = Table("sketches", {**_KEY, **dict.fromkeys(SKETCHED, "Map(UInt16, UInt64)")})
PEOPLE_TABLE = Table("people", {**_KEY, "person": "UInt64", **dict.fromkeys(MASKED, "UInt64")})


# --- to columns -------------------------------------------------------------------------------------------


def days_of(rollups: Rollups) -> list[int]:
    """Return the days on which rollups begin."""
    return sorted({key.from_ms // DAY_MS for key in rollups.keys})


def counts_of(rollups: Rollups, segment: int | None, day: int) -> Columns:
    """Return what was counted on a day as the columns of `COUNTS_TABLE`, with the mark of a segment."""
    is_minute = rollups.counters.place < MINUTE_PLACES
    owner, place, number = (column[is_minute] for column in rollups.counters)
    minute, column = np.divmod(place, len(COLUMNS))
    cells, row = np.unique(owner * MINUTES + minute, return_inverse=True)
    table = np.zeros((len(cells), len(COLUMNS)), np.int64)
    table[row, column] = number
    owners, minutes = np.divmod(cells, MINUTES)
    keys = _keys(rollups, owners, minutes * MINUTE_MS)
    return _marked([*keys, *(each.tolist() for each in table.T)], segment, day, 0)


def sketches_of(rollups: Rollups, segment: int | None, day: int) -> Columns:
    """Return the sketches of a day as the columns of `SKETCHES_TABLE`, with the mark of a segment."""
    is_bin = rollups.counters.place >= MINUTE_PLACES
    owner, place, number = (column[is_bin] for column in rollups.counters)
    metric = np.searchsorted(SEGMENTS, place, side="right") - 2  # the first segment is that of the minutes
    owners = np.arange(len(rollups.keys))  # also those of whom no metric is known
    maps: list[list[dict[int, int]]] = [[{} for _ in owners] for _ in METRICS]
    bins = place - SEGMENTS[metric + 1]
    for of_metric, at, each, count in zip(metric.tolist(), owner.tolist(), bins.tolist(), number.tolist(), strict=True):
        maps[of_metric][at][each] = count
    return _marked([*_keys(rollups, owners, np.zeros_like(owners)), *maps], segment, day, {})


def people_of(rollups: Rollups, segment: int | None, day: int) -> Columns:
    """Return who was there on a day as the columns of `PEOPLE_TABLE`, with the mark of a segment."""
    there = rollups.people
    columns = [
        *_keys(rollups, there.owner, np.zeros_like(there.owner)),
        there.person.tolist(),
        *(mask.tolist() for mask in there.minutes.T),
    ]
    return _marked(columns, segment, day, 0)


def _keys(rollups: Rollups, owners: Whole, after_ms: Whole) -> list[list[Any]]:
    keys = [rollups.keys[owner] for owner in owners.tolist()]
    at_ms = [key.from_ms + after for key, after in zip(keys, after_ms.tolist(), strict=True)]
    return [[key.scope for key in keys], [key.key for key in keys], at_ms]


def _marked(columns: Sequence[Sequence[Any]], segment: int | None, day: int, nothing: object) -> Columns:
    on_day = _on(columns, day)
    if segment is None:
        return on_day
    mark = (MARK, str(segment), day * DAY_MS, *[nothing] * (len(columns) - len(_KEY)))
    return [[*column, each] for column, each in zip(on_day, mark, strict=True)]


def _on(columns: Sequence[Sequence[Any]], day: int) -> Columns:
    is_on = [at_ms // DAY_MS == day for at_ms in columns[2]]
    return [[each for each, wanted in zip(column, is_on, strict=True) if wanted] for column in columns]


# --- from columns -----------------------------------------------------------------------------------------


def counted(columns: Columns, hour_ms: int) -> Rollups:
    """Return the rollups of rows with the columns of `COUNTS_TABLE`."""
    if not columns:
        return NO_ROLLUPS
    scopes, names, times, *numbers = columns
    at_ms = np.array(times, np.int64)
    hours = at_ms // hour_ms * hour_ms
    keys, owner = _numbered(zip(scopes, names, hours.tolist(), strict=True))
    table = np.array(numbers, np.int64).T
    row, column = np.nonzero(table)
    place = (at_ms[row] - hours[row]) // MINUTE_MS * len(COLUMNS) + column
    return Rollups(keys, counters.summed(owner[row], place, table[row, column]), NOBODY)


def sketched(columns: Columns, metrics: Sequence[str]) -> Rollups:
    """Return the rollups of rows with the key and the maps of some metrics."""
    if not columns:
        return NO_ROLLUPS
    scopes, names, times, *maps = columns
    keys, owner = _numbered(zip(scopes, names, times, strict=True))
    parts = [_bins(owner, METRICS.index(metric), of_each) for metric, of_each in zip(metrics, maps, strict=True)]
    return Rollups(keys, counters.summed(*(np.concatenate(part) for part in zip(*parts, strict=True))), NOBODY)


def _bins(owner: Whole, metric: int, maps: Sequence[Mapping[int, int]]) -> tuple[Whole, Whole, Whole]:
    lengths = [len(each) for each in maps]
    bins = np.fromiter((each for found in maps for each in found), np.int64, sum(lengths))
    number = np.fromiter((each for found in maps for each in found.values()), np.int64, sum(lengths))
    return np.repeat(owner, lengths), bins + SEGMENTS[metric + 1], number


def there(columns: Columns) -> Rollups:
    """Return the rollups of rows with the columns of `PEOPLE_TABLE`."""
    if not columns:
        return NO_ROLLUPS
    scopes, names, times, persons, *masks = columns
    keys, owner = _numbered(zip(scopes, names, times, strict=True))
    minutes: NDArray[np.int64] = np.array(masks, np.int64).T.reshape(-1, MASKS)
    found: People = people.united(owner, np.array(persons, np.int64), minutes)
    return Rollups(keys, NONE, found)


def _numbered(keys: Iterable[tuple[str, str, int]]) -> tuple[tuple[Key, ...], Whole]:
    numbers: dict[Key, int] = {}
    owner = [numbers.setdefault(Key(*key), len(numbers)) for key in keys]
    return tuple(numbers), np.array(owner, np.int64)


def without_marks(columns: Columns) -> tuple[Columns, Iterator[tuple[int, int]]]:
    """Return rows without marks; and the segments that are marked, each with a day."""
    if not columns:
        return (), iter(())
    is_mark = [scope == MARK for scope in columns[0]]
    keys, times = ([each for each, told in zip(column, is_mark, strict=True) if told] for column in columns[1:3])
    marks = zip(keys, times, strict=True)
    rest = [[each for each, told in zip(column, is_mark, strict=True) if not told] for column in columns]
    return rest if rest[0] else (), ((int(key), at_ms // DAY_MS) for key, at_ms in marks)

"""What do rollups answer, and what may be asked?

Rows come in the order of keys and then of hours, several of one hour where they have not been put together yet.  They
are folded as they come, a few hundred at a time, so a question about months needs no more memory than one about a day.

Hours count whole: a question from 10:20 to 11:05 is about 10:00 to 12:00.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import groupby, islice, pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.history import people, sketches
from monitor.history.counters import Whole
from monitor.history.people import DEGRADED, HEARD, KEPT, RATED
from monitor.history.rollup_rows import Row, people_in, sketches_in
from monitor.history.rollups import HOUR_MS, METRICS, Key

DAY_MS = 24 * HOUR_MS
LONGEST_MS = 92 * DAY_MS
MOST_MINUTES_DAYS = 31
MOST_KEYS = 1_000
MOST_ANSWERS = 50_000  # keys times buckets
MOST_QUANTILES = 20
DEGRADED_MINUTES = "degraded_minutes"  # by which rooms may be compared, besides by the metrics

_ROWS_AT_ONCE = 512

T = TypeVar("T")


class Unanswerable(ValueError):
    """A question that is not answered: what was expected of it, and what came."""


class Selection(NamedTuple):
    """Which rollups a question is about.

    `keys` are those of interest, or None for all; at most `limit` of them are answered for, in their order, and those
    after `after` only: the last key of an answer is where to go on.
    """

    scope: str
    from_ms: int
    to_ms: int
    keys: Collection[str] | None = None
    after: str = ""
    limit: int = 100

    def checked(self) -> "Selection":
        """Return the selection, of whole hours.

        Raises:
            Unanswerable: it is too much.
        """
        _expect(0 <= self.from_ms < self.to_ms, "to_ms: expected a moment after from_ms", self.to_ms)
        whole = self._replace(from_ms=self.from_ms // HOUR_MS * HOUR_MS, to_ms=-(-self.to_ms // HOUR_MS) * HOUR_MS)
        days = (whole.to_ms - whole.from_ms) / DAY_MS
        _expect(days <= LONGEST_MS / DAY_MS, f"to_ms: expected at most {LONGEST_MS // DAY_MS} days at a time", days)
        _expect(1 <= self.limit <= MOST_KEYS, f"limit: expected 1 to {MOST_KEYS}", self.limit)
        if self.keys is not None:
            _expect(len(self.keys) <= MOST_KEYS, f"keys: expected at most {MOST_KEYS}", len(self.keys))
        return whole

    def is_about(self, rollup: Key) -> bool:
        """Whether a rollup is among those asked for."""
        is_in_time = self.from_ms <= rollup.from_ms < self.to_ms
        is_key = rollup.key > self.after and (self.keys is None or rollup.key in self.keys)
        return rollup.scope == self.scope and is_in_time and is_key


class Percentiles(NamedTuple):
    """The quantiles of a metric that were asked for, in the bucket that begins at `from_ms`; of how many samples."""

    key: str
    from_ms: int
    samples: int
    values: tuple[float | None, ...]


class Attendance(NamedTuple):
    """How many people were there, and for how many minutes of theirs, all added up.

    `expected` are the minutes between the first and the last of each person's in an hour: what of them was not `heard`
    is a gap.  `rated` are those with a known level, `degraded` those with a bad one.
    """

    key: str
    participants: float
    heard: float
    expected: float
    rated: float
    degraded: float


class Worst(NamedTuple):
    """A room, and the value that it is bad by; `samples` or minutes that this was taken from."""

    room: str
    value: float
    of: float


# --- what may be asked ------------------------------------------------------------------------------------


def check_metric(metric: str) -> None:
    """Raise `Unanswerable` where there is no such metric."""
    _expect(metric in METRICS, f"metric: expected one of {', '.join(METRICS)}", metric)


def check_quantiles(quantiles: Sequence[float]) -> None:
    """Raise `Unanswerable` unless there are some, and not too many."""
    _expect(1 <= len(quantiles) <= MOST_QUANTILES, f"quantiles: expected 1 to {MOST_QUANTILES} of them", len(quantiles))
    for each in quantiles:
        _expect(0 <= each <= 1, "quantiles: expected numbers from 0 to 1", each)


def check_bucket(selection: Selection, bucket_ms: int | None) -> None:
    """Raise `Unanswerable` unless it is whole hours, and not too short for so many keys and so long."""
    _expect(
        bucket_ms is None or (bucket_ms > 0 and bucket_ms % HOUR_MS == 0),
        "bucket_ms: expected a multiple of an hour (3600000)",
        bucket_ms,
    )
    if bucket_ms is not None:
        keys = selection.limit if selection.keys is None else min(selection.limit, len(selection.keys))
        answers = keys * -(-(selection.to_ms - selection.from_ms) // bucket_ms)
        _expect(answers <= MOST_ANSWERS, f"bucket_ms: expected at most {MOST_ANSWERS} buckets of all keys", answers)


def check_minutes(selection: Selection) -> None:
    """Raise `Unanswerable` where that would be too many."""
    days = (selection.to_ms - selection.from_ms) / DAY_MS
    _expect(days <= MOST_MINUTES_DAYS, f"to_ms: expected at most {MOST_MINUTES_DAYS} days of minutes", days)


def check_scope(scope: str, scopes: Collection[str]) -> None:
    """Raise `Unanswerable` where there is no such scope."""
    _expect(scope in scopes, f"scope: expected one of {', '.join(scopes)}", scope)


def check_worst(by: str) -> None:
    """Raise `Unanswerable` where rooms cannot be compared by that."""
    _expect(by in (*METRICS, DEGRADED_MINUTES), f"by: expected {DEGRADED_MINUTES} or one of {', '.join(METRICS)}", by)


def _expect(is_so: bool, expected: str, got: object) -> None:
    if not is_so:
        raise Unanswerable(f"{expected}, got {got}")


# --- answers ----------------------------------------------------------------------------------------------


def percentiles(
    rows: Iterable[Row], metric: str, quantiles: Sequence[float], from_ms: int, bucket_ms: int | None
) -> Iterator[Percentiles]:
    """Return the quantiles of each key, for each bucket from `from_ms` on, or for all of the time at once."""

    def bucket_of(row: Row) -> tuple[str, int]:
        return row.key, from_ms if bucket_ms is None else row.from_ms - (row.from_ms - from_ms) % bucket_ms

    for buckets in _in_groups(rows, bucket_of):
        table, first_bin = _table([each for _, each in buckets], metric)
        counts, values = table.sum(axis=1).tolist(), sketches.quantiles(table, quantiles, first_bin)
        for ((key, starts_ms), _), count, found in zip(buckets, counts, values, strict=True):
            yield Percentiles(key, starts_ms, int(count), found)


def _table(groups: Sequence[Sequence[Row]], metric: str) -> tuple[NDArray[np.float64], int]:
    """Return a sketch for each group of rows, as the rows of a table, and which bin its first column is."""
    found = sketches_in([row for group in groups for row in group], metric)
    group = np.repeat(np.arange(len(groups)), [len(each) for each in groups])[found.owner]
    first = int(found.place.min(initial=sketches.BINS - 1))
    width = int(found.place.max(initial=first)) - first + 1
    cells = group * width + found.place - first
    table = np.bincount(cells, found.number, len(groups) * width).astype(np.float64, copy=False)
    return table.reshape(len(groups), width), first


def attendances(rows: Iterable[Row]) -> Iterator[Attendance]:
    """Return who was there of each key."""
    parts = (
        part
        for hours in _in_groups(rows, lambda row: (row.key, row.from_ms))
        for part in _attendances([key for (key, _), _ in hours], [of_hour for _, of_hour in hours])
    )
    for key, of_key in groupby(parts, key=itemgetter(0)):
        minutes, persons = np.zeros(4), np.empty(0, np.int64)
        for _, more_minutes, more_persons in of_key:
            minutes += more_minutes
            persons = np.union1d(persons, more_persons)[:KEPT]
        yield Attendance(key, people.number(persons), *minutes.tolist())


def _attendances(
    keys: Sequence[str], hours: Sequence[Sequence[Row]]
) -> Iterator[tuple[str, NDArray[np.float64], Whole]]:
    """Return the minutes and the people of each key, of hours in the order of keys."""
    there = people_in([row for of_hour in hours for row in of_hour])
    hour = np.repeat(np.arange(len(hours)), [len(of_hour) for of_hour in hours])
    there = people.united(hour[there.owner], there.person, there.minutes)
    counts = np.bitwise_count(people.standing(there))
    by_person = np.column_stack(
        (counts[:, HEARD], people.expected_minutes(there), counts[:, RATED], counts[:, DEGRADED])
    )
    by_person = by_person * people.weights(there, len(hours))[:, np.newaxis]
    first_hours = [place for place, key in enumerate(keys) if place == 0 or key != keys[place - 1]]
    bounds = np.searchsorted(there.owner, [*first_hours, len(hours)]).tolist()
    for first_hour, (start, end) in zip(first_hours, pairwise(bounds), strict=True):
        yield keys[first_hour], by_person[start:end].sum(axis=0), np.unique(there.person[start:end])[:KEPT]


def worst_rooms(rows: Iterable[Row], by: str, limit: int) -> list[Worst]:
    """Return the rooms that were worst, by the 95th percentile of a metric or by the share of degraded minutes."""
    return nlargest(limit, _by_share(rows) if by == DEGRADED_MINUTES else _by_p95(rows, by), key=attrgetter("value"))


def _by_share(rows: Iterable[Row]) -> Iterator[Worst]:
    return (Worst(each.key, each.degraded / each.rated, each.rated) for each in attendances(rows) if each.rated)


def _by_p95(rows: Iterable[Row], metric: str) -> Iterator[Worst]:
    for each in percentiles(rows, metric, (0.95,), 0, None):
        (value,) = each.values
        if value is not None:
            yield Worst(each.key, value, each.samples)


# --- many rows, a few at a time ---------------------------------------------------------------------------


def first_keys(rows: Iterable[Row], limit: int) -> Iterator[Row]:
    """Return the rows of the first keys only."""
    return (row for _, of_key in islice(groupby(rows, key=attrgetter("key")), limit) for row in of_key)


def _in_groups(rows: Iterable[Row], group_of: Callable[[Row], T]) -> Iterator[list[tuple[T, list[Row]]]]:
    """Return rows that belong together, several groups at a time."""
    groups: list[tuple[T, list[Row]]] = []
    count = 0
    for group, of_group in groupby(rows, key=group_of):
        groups.append((group, list(of_group)))
        count += len(groups[-1][1])
        if count >= _ROWS_AT_ONCE:
            yield groups
            groups, count = [], 0
    if groups:
        yield groups

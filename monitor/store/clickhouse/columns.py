"""How do samples become columns of ClickHouse, and samples again?

A column holds whole steps of its field and one more, as chunks do: zero is "not known".  Words are told as they are.
What is read comes in the order of rooms, participants and moments.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, NOTHING, Field, Samples, Table, Times
from monitor.store.clickhouse.client import Columns
from monitor.store.clickhouse.client import Table as Into
from monitor.store.ports import Line, Place

DAY_MS = 86_400_000  # of a partition


def named(field: Field) -> str:
    """Return what the column of a field is called."""
    name = field.name.replace(".", "_")
    return name if field.is_word else f"steps_{name}"


_KEY = {"room": "String", "participant": "String", "at_ms": "Int64", "segment": "UInt64", "n": "UInt32"}
_WORD = "LowCardinality(Nullable(String))"
MEDIA = Into("media", {**_KEY, **{named(each): _WORD if each.is_word else "Int64" for each in MEDIA_FIELDS}})
LEVELS = Into("levels", {**_KEY, "steps_level": "Int64", "subject": "Nullable(String)", "stats": "String"})

_NOTHING = {"Int64": 0, "UInt64": 0, "UInt32": 0, "String": b"", "Nullable(String)": None, _WORD: None}

WHO = ("room", "participant", "at_ms")  # what every row that is read begins with
LEVEL_COLUMNS = ("steps_level", "subject", "stats")

_NO_TIMES = np.empty(0, np.int64)
_NO_MEDIA, _NO_LEVELS = np.empty((0, len(MEDIA_FIELDS))), np.empty((0, len(LEVEL_FIELDS)))


def media_fields(only: str = "") -> tuple[Field, ...]:
    """Return the media fields that are read: the one that is asked for, or all."""
    return tuple(each for each in MEDIA_FIELDS if only in ("", each.name))


# --- to columns -------------------------------------------------------------------------------------------


def media_of(lines: Sequence[Line], segment: int) -> Columns:
    """Return the media samples of a segment as the columns of `MEDIA`; a line for each participant."""
    values = [_media_values(line.samples) for line in lines]
    return [*_keys(lines, [line.samples.at_ms for line in lines], segment), *map(_joined, zip(*values, strict=True))]


def levels_of(lines: Sequence[Line], segment: int) -> Columns:
    """Return the levels of a segment as the columns of `LEVELS`."""
    values = [_level_values(line.samples) for line in lines]
    times = [line.samples.level_at_ms for line in lines]
    return [*_keys(lines, times, segment), *map(_joined, zip(*values, strict=True))]


def _keys(lines: Sequence[Line], times: Sequence[Times], segment: int) -> Columns:
    return [
        _joined([line.series.room] * len(at_ms) for line, at_ms in zip(lines, times, strict=True)),
        _joined([line.series.participant] * len(at_ms) for line, at_ms in zip(lines, times, strict=True)),
        _joined(at_ms.tolist() for at_ms in times),
        [segment] * sum(map(len, times)),
        _joined(range(len(at_ms)) for at_ms in times),
    ]


def _media_values(samples: Samples) -> Iterator[Sequence[Any]]:
    for place, field in enumerate(MEDIA_FIELDS):
        column = samples.media[:, place]
        yield _words(column, samples.words) if field.is_word else _steps(column, field.steps).tolist()


def _level_values(samples: Samples) -> Iterator[Sequence[Any]]:
    yield _steps(samples.levels[:, 0], LEVEL_FIELDS[0].steps).tolist()
    yield _words(samples.levels[:, 1], samples.words)
    yield [b"" if each == NOTHING else each for each in samples.stats] or [b""] * len(samples.levels)


def days_of(columns: Columns) -> dict[int, Columns]:
    """Return the rows of each day, as columns too."""
    days = [at_ms // DAY_MS for at_ms in columns[2]] if columns else []
    wanted = sorted(set(days))
    if len(wanted) == 1:
        return {wanted[0]: columns}
    return {day: [list(compress(column, [each == day for each in days])) for column in columns] for day in wanted}


def marked(table: Into, columns: Columns, segment: int, day: int) -> Columns:
    """Return the rows of a day with the mark of a segment, which is of nobody in no room."""
    mark = {"room": "", "participant": "", "at_ms": day * DAY_MS, "segment": segment}
    nothing = (_NOTHING[kind] for kind in table.types.values())
    row = (mark.get(name, none) for name, none in zip(table.types, nothing, strict=True))
    return [[*column, each] for column, each in zip(columns, row, strict=True)]


def _steps(column: NDArray[np.float64], steps: float) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = np.nan_to_num(np.rint(column * steps) + 1, nan=0).astype(np.int64)
    return whole


def _words(column: NDArray[np.float64], words: Sequence[str]) -> list[str | None]:
    if np.isnan(column).all():
        return [None] * len(column)
    return [None if each != each else words[int(each)] for each in column.tolist()]  # noqa: PLR0124  # NaN


def _joined(parts: Iterable[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(parts))


# --- from columns -----------------------------------------------------------------------------------------


def opened(media: Columns, fields: Sequence[Field], levels: Columns) -> dict[Place, Samples]:
    """Return the samples of each participant, given `WHO` and these fields of media, and all of levels."""
    media_of_each, levels_of_each = dict(_of_each(media)), dict(_of_each(levels))
    return {
        place: _samples(media_of_each.get(place, ()), fields, levels_of_each.get(place, ()))
        for place in sorted({*media_of_each, *levels_of_each})
    }


def _of_each(columns: Columns) -> Iterator[tuple[Place, Columns]]:
    """Return the rest of the columns of each participant, whose rows stand together."""
    if not columns:
        return
    rooms, participants, *rest = columns
    start = 0
    for place, rows in groupby(zip(rooms, participants, strict=True)):
        end = start + sum(1 for _ in rows)
        yield Place(*place), [column[start:end] for column in rest]
        start = end


def _samples(media: Columns, fields: Sequence[Field], levels: Columns) -> Samples:
    numbers: dict[str, int] = {}
    at_ms, table = _media(media, fields, numbers) if media else (_NO_TIMES, _NO_MEDIA)
    if not levels:
        return Samples(at_ms, table, _NO_TIMES, _NO_LEVELS, tuple(numbers))
    level_at_ms, steps, subjects, stats = levels
    values = [_values(steps, LEVEL_FIELDS[0].steps), _numbers(subjects, numbers)]
    told = tuple(each or NOTHING for each in stats) if any(stats) else ()
    return Samples(at_ms, table, _whole(level_at_ms), np.column_stack(values), tuple(numbers), told)


def _media(columns: Columns, fields: Sequence[Field], numbers: dict[str, int]) -> tuple[Times, Table]:
    at_ms, *rest = columns
    table = np.full((len(at_ms), len(MEDIA_FIELDS)), np.nan)
    for field, column in zip(fields, rest, strict=True):
        place = MEDIA_FIELDS.index(field)
        table[:, place] = _numbers(column, numbers) if field.is_word else _values(column, field.steps)
    return _whole(at_ms), table


def _values(column: Sequence[int], steps: float) -> NDArray[np.float64]:
    whole = _whole(column)
    values: NDArray[np.float64] = (whole - 1) / steps  # divided, since a tenth is no binary fraction
    values[whole == 0] = np.nan
    return values


def _whole(column: Sequence[int]) -> NDArray[np.int64]:
    return np.fromiter(column, np.int64, len(column))


def _numbers(words: Sequence[str | None], numbers: dict[str, int]) -> NDArray[np.float64]:
    told = (np.nan if word is None else numbers.setdefault(word, len(numbers)) for word in words)
    return np.fromiter(told, np.float64, len(words))

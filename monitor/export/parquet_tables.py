"""How are the long tables written as Parquet?

Some hundred thousand rows at a time, which become a row group: many lines are short, and small groups are slow to read.
Only this file knows pyarrow, which is there if it was asked for (`roomwatch[export]`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from monitor.export.layout import LEVEL_HEADER, MEDIA_HEADER, WHO_COLUMNS, who
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, NOTHING, Field, Samples, Table, Times
from monitor.store.ports import Line

ROWS_A_GROUP = 200_000

_AT = pa.timestamp("ms", tz="UTC")


@contextmanager
def parquet_tables(media: Path, levels: Path) -> Iterator[Callable[[Line], None]]:
    """Open both tables; give what adds a line to them."""
    with _opened(media, _MEDIA_SCHEMA) as add_media, _opened(levels, _LEVEL_SCHEMA) as add_levels:

        def add(line: Line) -> None:
            samples, measured_by = line.samples, who(line.series)
            media_columns = _columns(samples.media, MEDIA_FIELDS, samples.words)
            level_columns = [*_columns(samples.levels, LEVEL_FIELDS, samples.words), _stats(samples)]
            add_media(_table(_MEDIA_SCHEMA, measured_by, samples.at_ms, [*media_columns]))
            add_levels(_table(_LEVEL_SCHEMA, measured_by, samples.level_at_ms, level_columns))

        yield add


@contextmanager
def _opened(file: Path, schema: Any) -> Iterator[Callable[[Any], None]]:
    waiting: list[Any] = []
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:

        def write() -> None:
            writer.write_table(pa.concat_tables(waiting), row_group_size=ROWS_A_GROUP)
            waiting.clear()

        def add(table: Any) -> None:
            waiting.append(table)
            if sum(each.num_rows for each in waiting) >= ROWS_A_GROUP:
                write()

        yield add
        if waiting:
            write()


def _table(schema: Any, measured_by: Sequence[str | None], at_ms: Times, columns: Sequence[Any]) -> Any:
    names = [pa.repeat(pa.scalar(name, pa.string()), len(at_ms)) for name in measured_by]
    return pa.Table.from_arrays([*names, pa.array(at_ms, pa.int64()).cast(_AT), *columns], schema=schema)


def _columns(table: Table, fields: Sequence[Field], words: Sequence[str]) -> Iterator[Any]:
    return (_column(table[:, place], field, words) for place, field in enumerate(fields))


def _column(values: NDArray[np.float64], field: Field, words: Sequence[str]) -> Any:
    is_unknown = np.isnan(values)
    if not field.is_word and field.steps != 1:
        return pa.array(values, pa.float64(), mask=is_unknown)
    whole = pa.array(np.where(is_unknown, 0, values).astype(np.int64), mask=is_unknown)
    return pa.array(words, pa.string()).take(whole) if field.is_word else whole


def _stats(samples: Samples) -> Any:
    if not samples.stats:
        return pa.nulls(len(samples.level_at_ms), pa.string())
    told = [None if each == NOTHING else each.decode("utf-8", "replace") for each in samples.stats]
    return pa.array(told, pa.string())


def _type_of(field: Field) -> Any:
    if field.is_word:
        return pa.string()
    return pa.int64() if field.steps == 1 else pa.float64()


def _schema(header: Sequence[str], types: Sequence[Any]) -> Any:
    return pa.schema(list(zip(header, [*(pa.string() for _ in WHO_COLUMNS), _AT, *types], strict=True)))


_MEDIA_SCHEMA = _schema(MEDIA_HEADER, [_type_of(each) for each in MEDIA_FIELDS])
_LEVEL_SCHEMA = _schema(LEVEL_HEADER, [*(_type_of(each) for each in LEVEL_FIELDS), pa.string()])

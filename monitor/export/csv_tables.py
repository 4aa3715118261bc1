"""How are the long tables written as CSV?

With times in ISO 8601.  A name that a spreadsheet would take for something to do is written as JSON, in quotes.
"""

import csv
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from monitor.export.layout import LEVEL_HEADER, MEDIA_HEADER, who
from monitor.history.sheets import level_rows, media_rows, word_text
from monitor.store.ports import Line


@contextmanager
def csv_tables(media: Path, levels: Path, *, is_packed: bool) -> Iterator[Callable[[Line], None]]:
    """Open both tables; give what adds a line to them."""
    with _opened(media, is_packed=is_packed) as media_file, _opened(levels, is_packed=is_packed) as levels_file:
        media_table, level_table = csv.writer(media_file), csv.writer(levels_file)
        media_table.writerow(MEDIA_HEADER)
        level_table.writerow(LEVEL_HEADER)

        def add(line: Line) -> None:
            measured_by = [word_text(name) if name else "" for name in who(line.series)]
            media_table.writerows([*measured_by, *row] for row in media_rows(line.samples))
            level_table.writerows([*measured_by, *row] for row in level_rows(line.samples))

        yield add


def _opened(file: Path, *, is_packed: bool) -> IO[str]:
    if is_packed:
        return cast("IO[str]", gzip.open(file, "wt", encoding="utf-8", errors="surrogateescape", newline=""))
    return file.open("w", encoding="utf-8", errors="surrogateescape", newline="")

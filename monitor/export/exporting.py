"""How are the samples of a time written to files, however many they are?

A line at a time, from the store to both tables, which are given their names when they are whole and on disk.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.export.layout import Files
from monitor.failures import CommandFailed
from monitor.on_record import recollected
from monitor.places import resolve
from monitor.store.ports import Line, Place, Resolved, Store, Wanted
from monitor.store.private_files import replacing

OnProgress = Callable[[int, Callable[[], int]], None]  # rows written, and what tells how many bytes that is


class Written(NamedTuple):
    """How much was written."""

    media_samples: int
    levels: int
    size_bytes: int


async def export_range(store: Store, wanted: Wanted, files: Files, on_progress: OnProgress) -> Written:
    """Write what was measured to both files.

    Raises:
        CommandFailed: it takes a package that is not there.
        OSError: it cannot be written.
        StoreFailed: it cannot be read.
    """
    live = await recollected(store)

    def known(place: Place, at_ms: int) -> Resolved:
        return resolve(live, place, at_ms)

    media_samples = levels = 0
    with replacing(files.media) as media_part, replacing(files.levels) as levels_part:

        def size_bytes() -> int:
            return media_part.stat().st_size + levels_part.stat().st_size

        with _tables(files, media_part, levels_part) as add:
            async with aclosing(store.samples.lines(wanted, known)) as lines:
                async for line in lines:
                    add(line)
                    media_samples += len(line.samples.at_ms)
                    levels += len(line.samples.level_at_ms)
                    on_progress(media_samples + levels, size_bytes)
        return Written(media_samples, levels, size_bytes())


@contextmanager
def _tables(files: Files, media: Path, levels: Path) -> Iterator[Callable[[Line], None]]:
    with _writer(files)(media, levels) as add:
        yield add


def _writer(files: Files) -> Callable[[Path, Path], AbstractContextManager[Callable[[Line], None]]]:
    if files.format == "csv":
        from monitor.export.csv_tables import csv_tables  # noqa: PLC0415 - one of the two is loaded

        return lambda media, levels: csv_tables(media, levels, is_packed=files.is_packed)
    try:
        from monitor.export.parquet_tables import parquet_tables  # noqa: PLC0415 - pyarrow may not be there
    except ImportError as error:
        raise CommandFailed(
            f"Parquet: expected the package pyarrow, got {error}; pip install 'roomwatch[export]', or --format csv"
        ) from error
    return parquet_tables

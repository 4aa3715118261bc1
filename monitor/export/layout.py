"""What are the long tables, and in which files are they?

Media samples in one and network quality levels in the other, a row each, with who measured it.  Names of columns carry
their units.  What is not known is null or empty, never zero.
"""

from pathlib import Path
from typing import NamedTuple

from monitor.failures import CommandFailed
from monitor.history.sheets import LEVEL_COLUMNS, MEDIA_COLUMNS
from monitor.store.ports import Series

WHO_COLUMNS = ("room_sid", "room_name", "participant_sid", "identity")
MEDIA_HEADER = (*WHO_COLUMNS, *MEDIA_COLUMNS)
LEVEL_HEADER = (*WHO_COLUMNS, *LEVEL_COLUMNS)

FORMATS = ("parquet", "csv")
_SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}


class Files(NamedTuple):
    """Where the two tables go, and how they are written."""

    format: str
    media: Path
    levels: Path

    @property
    def is_packed(self) -> bool:
        """Whether they are packed by gzip."""
        return self.media.suffix == ".gz"


def files_at(file: Path, wanted: str | None) -> Files:
    """Return where the tables go: to a file and one beside it, or into a folder.

    Raises:
        CommandFailed: the name of the file says another format than is wanted.
    """
    suffix = next((each for each in _SUFFIXES if file.name.endswith(each)), None)
    if suffix is None:
        kind = wanted or FORMATS[0]
        return Files(kind, file / f"media.{kind}", file / f"levels.{kind}")
    if wanted not in (None, _SUFFIXES[suffix]):
        raise CommandFailed(f"{file}: expected a name that ends in .{wanted}, or a folder, got {suffix}")
    return Files(_SUFFIXES[suffix], file, file.with_name(f"{file.name.removesuffix(suffix)}.levels{suffix}"))


def who(series: Series) -> tuple[str | None, str | None, str | None, str | None]:
    """Return the values of `WHO_COLUMNS`; who was only ever known by name has no SID."""
    room_sid, name = _sid_or_name(series.room, "name:")
    participant_sid, identity = _sid_or_name(series.participant, "identity:")
    return room_sid, series.room_name or name, participant_sid, series.identity or identity


def _sid_or_name(place: str, kind: str) -> tuple[str | None, str | None]:
    return (None, place.removeprefix(kind)) if place.startswith(kind) else (place, None)

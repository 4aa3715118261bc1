"""What is in an evidence bundle?

A zip file with a text that explains it, a manifest, the call as JSON, what happened as JSON lines, and two CSV files
for each participant.  There is nothing that ordinary tools cannot read, and nothing twice: what people see is what is
imported.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Raw, Struct

from alerts.model import Alert, Transition
from monitor.entities import Composition, Recording, Room
from monitor.failures import CommandFailed
from monitor.history.sheets import LAST_MS, LEVEL_COLUMNS, MEDIA_COLUMNS
from monitor.store.ports import Series

KIND, FORMAT = "roomwatch-call", 1  # a change that an older version would misread is a new format

README, MANIFEST, CALL = "README.txt", "manifest.json", "call.json"
HAPPENINGS, BY_NAME = "happenings.jsonl", "happenings-by-name.jsonl"
NAMES = re.compile(
    r"README\.txt|manifest\.json|call\.json|happenings(-by-name)?\.jsonl|samples/[0-9]{4}\.(media|levels)\.csv"
)

MEDIA_HEADER = ("participant", *MEDIA_COLUMNS)
LEVEL_HEADER = ("participant", *LEVEL_COLUMNS)


class BundleInvalid(CommandFailed):
    """A file that is no bundle, or not as it was written; `str()` says what was expected."""


class Member(Struct, frozen=True):
    """A file in the bundle, as it was written."""

    size_bytes: int
    sha256: str


class Counts(Struct, frozen=True):
    """How much there is of each thing."""

    people: int
    recordings: int
    compositions: int
    alert_transitions: int
    happenings: int
    media_samples: int
    levels: int


class Manifest(Struct, frozen=True):
    """What the bundle is, of which call, and what is in it."""

    kind: str
    format: int
    roomwatch_version: str
    exported_at: str
    is_redacted: bool
    room_sid: str | None
    room_name: str | None
    created_at: str | None
    ended_at: str | None  # None: it went on, or nobody knows
    counts: Counts
    members: Mapping[str, Member]


class Form(Struct):
    """What tells a bundle of any format from another file."""

    kind: str
    format: int


class AlertChange(Struct, frozen=True):
    """A change of an alert's state, and the alert as it was then."""

    transition: Transition
    alert: Alert


class Measured(Struct, frozen=True):
    """Who measured something, and in which files that is."""

    series: Series
    media_file: str
    levels_file: str


class Record(Struct, frozen=True):
    """All that is on record of a call, but for what was measured and what happened."""

    room: Room
    recordings: Sequence[Recording]
    compositions: Sequence[Composition]
    alerts: Sequence[AlertChange]
    measured: Sequence[Measured]

    @property
    def media(self) -> Sequence[Recording | Composition]:
        """Return what was recorded and composed."""
        return [*self.recordings, *self.compositions]


class HappeningLine(Struct, frozen=True):
    """One thing that happened; `at` is `at_ms` for people, and `body` is how it was told."""

    at: str
    at_ms: Annotated[int, Meta(ge=0, le=LAST_MS)]
    kind: str
    source: str
    participant: str
    body: Raw


def sample_files(number: int) -> tuple[str, str]:
    """Return the files of media samples and levels of the participant with this number."""
    return f"samples/{number:04}.media.csv", f"samples/{number:04}.levels.csv"

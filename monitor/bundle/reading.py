"""How is a bundle read, so that whatever is wrong with it shows before anything is changed?

First what it says of itself, then whether every file in it is as it was written, then whether each can be understood.
All of it is read a line at a time, but for the call itself and what one participant measured.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile

import msgspec

from monitor.bundle.consistency import strange
from monitor.bundle.layout import (
    BY_NAME,
    CALL,
    FORMAT,
    HAPPENINGS,
    KIND,
    LEVEL_HEADER,
    MANIFEST,
    MEDIA_HEADER,
    NAMES,
    BundleInvalid,
    Form,
    HappeningLine,
    Manifest,
    Record,
)
from monitor.bundle.zipped import MOST_LINE_BYTES, hashed, lines, opened, whole
from monitor.history.sheets import Row, Unreadable, samples_of
from monitor.store.ports import Happening, Line

MOST_MANIFEST_BYTES = 8_000_000
MOST_CALL_BYTES = 100_000_000
MOST_ROWS = 400_000  # of one participant in one file: four days of samples every second

T = TypeVar("T")


class Bundle:
    """An open bundle, as far as it has been checked."""

    def __init__(self, zipped: ZipFile) -> None:
        self._zipped = zipped
        body = whole(zipped, MANIFEST, MOST_MANIFEST_BYTES)
        _check_form(_decoded(MANIFEST, body, Form))
        self.manifest = _decoded(MANIFEST, body, Manifest)
        self._check_members()
        self.record = _decoded(CALL, whole(zipped, CALL, MOST_CALL_BYTES), Record)
        for fault in strange(self.record):
            raise BundleInvalid(f"{CALL}: {fault}")
        self._check_all_there()

    def check(self) -> None:
        """Read all of it once.

        Raises:
            BundleInvalid: there is something in it that could not be imported.
        """
        for name in (HAPPENINGS, BY_NAME):
            for _ in self.happenings(name):
                pass
        for _ in self.lines():
            pass

    def _check_members(self) -> None:
        there, told = {*self._zipped.namelist()} - {MANIFEST}, {*self.manifest.members}
        if there != told:
            raise BundleInvalid(
                f"expected the files of its manifest, got {min(there ^ told)[:60]!r} in only one of both"
            )
        for name in sorted(told):
            if not NAMES.fullmatch(name):
                raise BundleInvalid(f"expected names such as {CALL}, got {name[:60]!r}")
            if hashed(self._zipped, name) != self.manifest.members[name].sha256:
                raise BundleInvalid(f"{name}: expected it as it was written, got something else: its SHA-256 differs")

    def _check_all_there(self) -> None:
        wanted = {CALL, HAPPENINGS, BY_NAME}.union(
            *((each.media_file, each.levels_file) for each in self.record.measured)
        )
        for name in sorted(wanted - {*self.manifest.members}):
            raise BundleInvalid(f"expected {name} in it, got a bundle without")

    def happenings(self, name: str) -> Iterator[Happening]:
        """Yield what happened according to a file, oldest first."""
        last_ms = 0
        for number, line in enumerate(lines(self._zipped, name), start=1):
            told = _decoded(f"{name}:{number}", line, HappeningLine)
            if told.at_ms < last_ms:
                raise BundleInvalid(f"{name}:{number}: expected lines in the order of time, got an earlier one")
            last_ms = told.at_ms
            yield Happening(told.at_ms, told.kind, told.source, told.participant, bytes(told.body))

    def lines(self) -> Iterator[Line]:
        """Yield what each participant measured."""
        for measured in self.record.measured:
            media = self._rows(measured.media_file, MEDIA_HEADER)
            levels = self._rows(measured.levels_file, LEVEL_HEADER)
            try:
                yield Line(measured.series, samples_of(media, levels))
            except Unreadable as error:
                raise BundleInvalid(f"{measured.media_file}, {measured.levels_file}: {error}") from error

    def _rows(self, name: str, header: Sequence[str]) -> Iterator[Row]:
        csv.field_size_limit(MOST_LINE_BYTES)
        text = (line.decode("utf-8", "surrogateescape") for line in lines(self._zipped, name))
        try:
            rows = csv.reader(text, strict=True)
            if next(rows, None) != [*header]:
                raise BundleInvalid(f"{name}: expected the columns {', '.join(header[:3])}, …, got others")
            for number, row in enumerate(rows, start=1):
                if number > MOST_ROWS:
                    raise BundleInvalid(f"{name}: expected at most {MOST_ROWS} rows, got more")
                yield row[1:]
        except csv.Error as error:
            raise BundleInvalid(f"{name}: expected CSV: {error}") from error


@contextmanager
def opened_bundle(file: Path) -> Iterator[Bundle]:
    """Open a bundle and check all of it.

    Raises:
        BundleInvalid: it is none, or damaged, or of a newer format.
        OSError: it cannot be read.
    """
    try:
        with opened(file) as zipped:
            bundle = Bundle(zipped)
            bundle.check()
            yield bundle
    except BundleInvalid as invalid:
        raise BundleInvalid(f"{file}: {invalid}") from invalid


def _check_form(form: Form) -> None:
    if form.kind != KIND:
        raise BundleInvalid(f"{MANIFEST}: expected a bundle of kind {KIND}, got {form.kind[:60]!r}")
    if form.format > FORMAT:
        raise BundleInvalid(f"{MANIFEST}: expected format {FORMAT} or older, got {form.format}; upgrade Roomwatch")


def _decoded(name: str, body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BundleInvalid(f"{name}: expected what a bundle holds: {error}") from error

"""How is a bundle written?

Under a passing name, for its owner only, and given its own name when it is whole and on disk.  Every file in it is
hashed as it is written; the manifest, which tells the hashes, comes last.
"""

import csv
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, LargeZipFile, ZipFile, ZipInfo

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from monitor import __version__
from monitor.bundle.explained import explained
from monitor.bundle.layout import (
    BY_NAME,
    CALL,
    FORMAT,
    HAPPENINGS,
    KIND,
    LEVEL_HEADER,
    MANIFEST,
    MEDIA_HEADER,
    README,
    AlertChange,
    BundleInvalid,
    Counts,
    HappeningLine,
    Manifest,
    Measured,
    Member,
    Record,
    sample_files,
)
from monitor.bundle.redaction import Redaction
from monitor.bundle.taking import Taken
from monitor.history.sheets import Row, level_rows, media_rows
from monitor.store.ports import Happening, Line
from monitor.store.private_files import replacing

_PRIVATE = 0o600 << 16  # as zip files tell the mode of a file
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


async def write_bundle(file: Path, taken: Taken, now: datetime, redaction: Redaction | None = None) -> Manifest:
    """Write what was taken; return what the manifest says.

    Raises:
        BundleInvalid: it is more than a bundle can hold.
        OSError: it cannot be written.
    """
    try:
        with replacing(file) as part, ZipFile(part, "w", ZIP_DEFLATED, allowZip64=False) as bundle:
            return await _write(_Members(bundle, now), taken, now, redaction)
    except LargeZipFile as error:
        raise BundleInvalid(f"{file}: expected at most four gigabytes, got more: {error}") from error


class _Members:
    """The files in a bundle, as they are written one after the other."""

    def __init__(self, bundle: ZipFile, now: datetime) -> None:
        self._bundle = bundle
        self._now = now
        self.written: dict[str, Member] = {}

    def write(self, name: str, body: bytes) -> None:
        """Write a file at once."""
        with self.opened(name) as write:
            write(body)

    def write_rows(self, name: str, header: Sequence[str], rows: Iterable[Row], participant: str) -> None:
        """Write rows about a participant."""
        with self.opened(name) as write, _text(write) as text:
            csv.writer(text).writerow(header)
            csv.writer(text).writerows([participant, *row] for row in rows)

    @contextmanager
    def opened(self, name: str) -> Iterator[Callable[[bytes], object]]:
        """Write a file piece by piece."""
        about = ZipInfo(name, self._now.timetuple()[:6])
        about.compress_type, about.external_attr = ZIP_DEFLATED, _PRIVATE
        digest, size_bytes = hashlib.sha256(), 0
        with self._bundle.open(about, "w") as member:

            def write(piece: bytes) -> None:
                nonlocal size_bytes
                digest.update(piece)
                size_bytes += len(piece)
                member.write(piece)

            yield write
        self.written[name] = Member(size_bytes, digest.hexdigest())


@contextmanager
def _text(write: Callable[[bytes], object]) -> Iterator[IO[str]]:
    """Give text a way to a file that takes bytes, some at a time."""
    text = io.TextIOWrapper(io.BufferedWriter(_Pieces(write)), "utf-8", "surrogateescape", newline="")
    yield text
    text.flush()
    text.detach()


class _Pieces(io.RawIOBase):
    """A file that hands on what is written to it."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._write(bytes(piece))
        return len(piece)


async def _write(members: _Members, taken: Taken, now: datetime, redaction: Redaction | None) -> Manifest:
    measured = [Measured(line.series, *sample_files(number)) for number, line in enumerate(taken.lines, start=1)]
    members.write(CALL, msgspec.json.format(_encode(_record(taken, measured, redaction)), indent=2))
    happened = await _write_happenings(members, HAPPENINGS, taken.happenings, redaction)
    happened += await _write_happenings(members, BY_NAME, taken.by_name, redaction)
    for line, files in zip(taken.lines, measured, strict=True):
        _write_samples(members, line, files, redaction)
    manifest = _manifest(taken, now, happened, members, redaction)
    members.write(README, explained(manifest).encode())
    manifest = replace(manifest, members=members.written)
    members.write(MANIFEST, msgspec.json.format(_encode(manifest), indent=2))
    return manifest


def _record(taken: Taken, measured: Sequence[Measured], redaction: Redaction | None) -> Any:
    call = taken.call
    alerts = [AlertChange(transition, alert) for transition, alert in taken.alerts]
    record = msgspec.to_builtins(Record(call.room, call.recordings, call.compositions, alerts, measured))
    return redaction.record(record) if redaction else record


async def _write_happenings(
    members: _Members, name: str, happenings: AsyncIterator[Happening], redaction: Redaction | None
) -> int:
    count = 0
    with members.opened(name) as write:
        async for happening in happenings:
            write(_encode(_line(happening, redaction)) + b"\n")
            count += 1
    return count


def _line(happening: Happening, redaction: Redaction | None) -> HappeningLine:
    at_ms, kind, source, participant, body = happening
    if redaction:
        participant = redaction.key(participant)
        body = _encode(redaction.of(msgspec.json.decode(body.decode("utf-8", "replace"))))
    return HappeningLine(_moment(at_ms), at_ms, kind, source, participant, Raw(on_one_line(body)))


def on_one_line(body: bytes) -> bytes:
    """Return JSON without the white space that its sender may have put into it."""
    return msgspec.json.format(body, indent=-1)


def _write_samples(members: _Members, line: Line, files: Measured, redaction: Redaction | None) -> None:
    participant, samples = line.series.participant, line.samples
    levels = level_rows(samples)
    if redaction:
        participant, levels = redaction.key(participant), ([*row[:-1], ""] for row in levels)
    members.write_rows(files.media_file, MEDIA_HEADER, media_rows(samples), participant)
    members.write_rows(files.levels_file, LEVEL_HEADER, levels, participant)


def _manifest(taken: Taken, now: datetime, happened: int, members: _Members, redaction: Redaction | None) -> Manifest:
    call, room = taken.call, taken.room
    counts = Counts(
        people=sum(1 for _ in room.people()),
        recordings=len(call.recordings),
        compositions=len(call.compositions),
        alert_transitions=len(taken.alerts),
        happenings=happened,
        media_samples=sum(len(line.samples.at_ms) for line in taken.lines),
        levels=sum(len(line.samples.level_at_ms) for line in taken.lines),
    )
    return Manifest(
        kind=KIND,
        format=FORMAT,
        roomwatch_version=__version__,
        exported_at=_written(now),
        is_redacted=redaction is not None,
        room_sid=room.sid,
        room_name=redaction.of(room.name, "room_name") if redaction else room.name,
        created_at=None if room.created_at_ms is None else _moment(room.created_at_ms),
        ended_at=None if room.ended_at_ms is None else _moment(room.ended_at_ms),
        counts=counts,
        members=members.written,
    )


def _moment(at_ms: int) -> str:
    return _written(_EPOCH + timedelta(milliseconds=at_ms))


def _written(moment: datetime) -> str:
    """Return a moment as people read it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""How is a zip file opened that anybody may have made?

What it claims is looked at before it is believed: how many files it lists, before the list is read; how large they are
unpacked, before they are; and no line of any of them may be longer than fits into memory.  Nothing in it is ever given
a place on the disk, so the names in it cannot lead anywhere.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from monitor.bundle.layout import BundleInvalid
from monitor.sizes import in_words

MOST_BYTES = 2**31  # of the file
MOST_UNPACKED_BYTES = 2**33
MOST_MEMBERS = 20_000
MOST_LINE_BYTES = 4_000_000  # a post is smaller
_MOST_LIST_BYTES = 100 * MOST_MEMBERS
_PIECE_BYTES = 1_000_000

_END = struct.Struct("<4s4H2LH")  # of a zip file without a comment, as bundles are
_END_SIGNATURE, _LARGE_END_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
_LARGE_END_BYTES = 20
_BROKEN = (BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError)


@contextmanager
def opened(file: Path) -> Iterator[ZipFile]:
    """Open a zip file whose list is short and whose files are not too large.

    Raises:
        BundleInvalid: it is none, or larger than a bundle may be, or damaged; also while it is read.
    """
    with file.open("rb") as stream:
        _look_at_the_end(stream)
        with _understood(), _list_of(stream) as zipped:
            _look_at_the_list(zipped)
            yield zipped


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise BundleInvalid(f"expected a whole zip file, got a damaged one: {error}") from error


def _look_at_the_end(stream: IO[bytes]) -> None:
    size_bytes = stream.seek(0, 2)
    if size_bytes > MOST_BYTES:
        raise BundleInvalid(f"expected at most {in_words(MOST_BYTES)}, got {in_words(size_bytes)}")
    stream.seek(max(0, size_bytes - _END.size - _LARGE_END_BYTES))
    end = stream.read()
    if len(end) < _END.size or not end[-_END.size :].startswith(_END_SIGNATURE):
        raise BundleInvalid("expected a bundle, got another kind of file, or only the beginning of one")
    _, _, _, _, members, list_bytes, _, comment_bytes = _END.unpack(end[-_END.size :])
    is_large = end.startswith(_LARGE_END_SIGNATURE)
    if is_large or comment_bytes or members > MOST_MEMBERS or list_bytes > _MOST_LIST_BYTES:
        raise BundleInvalid(f"expected a zip file of at most {MOST_MEMBERS} files, without a comment, got another")


def _list_of(stream: IO[bytes]) -> ZipFile:
    try:
        return ZipFile(stream)
    except ValueError as error:  # such as a name in no encoding, or an offset before the beginning
        raise BadZipFile(str(error)) from error


def _look_at_the_list(zipped: ZipFile) -> None:
    unpacked_bytes = 0
    names: set[str] = set()
    for member in zipped.infolist():
        if member.filename in names:
            raise BundleInvalid(f"expected each file once, got {member.filename[:60]!r} twice")
        names.add(member.filename)
        if member.header_offset < 0:
            raise BundleInvalid(f"{member.filename[:60]}: expected it in the file, got a place before its beginning")
        if member.flag_bits & 1 or member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise BundleInvalid(f"{member.filename[:60]}: expected it deflated and not encrypted")
        unpacked_bytes += member.file_size
    if unpacked_bytes > MOST_UNPACKED_BYTES:
        raise BundleInvalid(
            f"expected at most {in_words(MOST_UNPACKED_BYTES)} unpacked, got {in_words(unpacked_bytes)}"
        )


def whole(zipped: ZipFile, name: str, most_bytes: int) -> bytes:
    """Return a file that has to fit into memory."""
    try:
        size_bytes = zipped.getinfo(name).file_size
    except KeyError:
        raise BundleInvalid(f"expected {name} in it, got a zip file without") from None
    if size_bytes > most_bytes:
        raise BundleInvalid(f"{name}: expected at most {in_words(most_bytes)}, got {in_words(size_bytes)}")
    return zipped.read(name)


def lines(zipped: ZipFile, name: str) -> Iterator[bytes]:
    """Return the lines of a file, with what ends them."""
    with zipped.open(name) as member:
        while line := member.readline(MOST_LINE_BYTES + 1):
            if len(line) > MOST_LINE_BYTES:
                raise BundleInvalid(f"{name}: expected lines of at most {in_words(MOST_LINE_BYTES)}, got a longer one")
            yield line


def hashed(zipped: ZipFile, name: str) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with zipped.open(name) as member:
        while piece := member.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()

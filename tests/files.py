"""What is written in the files of a folder, to be looked through for what should not be there?"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import zstandard


def written(folder: Path) -> bytes:
    """Return what is in the files, and what is packed in them, also where it is only left over."""
    files = b"".join(file.read_bytes() for file in folder.iterdir())
    return files + b"".join(unpacked(files))


def unpacked(files: bytes) -> Iterator[bytes]:
    """Return what is packed in the bytes of files."""
    for found in re.finditer(re.escape(zstandard.FRAME_HEADER), files):
        with suppress(zstandard.ZstdError):  # four bytes that only look like it
            yield zstandard.ZstdDecompressor().decompressobj().decompress(files[found.start() :])

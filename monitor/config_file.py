"""Where does the configuration come from, and is it still the same?

Whether it is the same is told by its content, its own and that of the files with secrets that it names: a mounted
directory is exchanged as a whole, under every clock and every inode, whether or not anything in it has changed.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from monitor.config import Config, load

_SHOWN_BYTES = 6  # what a float, and so a metric, holds exactly


class Fingerprint(NamedTuple):
    """What a configuration said at some time: its own file, and the files with secrets that it names."""

    text: bytes = b""
    secrets: bytes = b""

    @property
    def number(self) -> int:
        """Return the beginning of the hash of the text, as it is shown; 0 where there is no file."""
        return int.from_bytes(self.text[:_SHOWN_BYTES], "big")


class ConfigFile:
    """A file, or none, completed by the environment."""

    def __init__(self, file: Path | None, environment: Mapping[str, str]) -> None:
        self.file = file
        self._environment = environment

    def read(self) -> Config:
        """Return the configuration as it is now.

        Raises:
            ConfigInvalid: with every error there is.
        """
        return load(self.file, self._environment)

    def fingerprint(self, secret_files: Iterable[str]) -> Fingerprint:
        """Return what it says now; a file that cannot be read says nothing."""
        digest = sha256()
        for name in secret_files:
            digest.update(_hash(Path(name)) or b"-")
        return Fingerprint(_hash(self.file) if self.file else b"", digest.digest())


def _hash(file: Path) -> bytes:
    try:
        return sha256(file.read_bytes()).digest()
    except OSError:
        return b""

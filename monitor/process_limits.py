"""How much of what the machine grants this process is used?

What it grants is files that may be open at once, and, in a container or a service with a limit, memory: whoever uses
all of it is ended by the kernel without another word.  Where the machine does not tell, nothing is known.
"""

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED_FROM_BYTES = 1 << 60  # the first version of cgroups writes a very large number for none


class ProcessUse(NamedTuple):
    """What is used, and how much may be; None: not known, or not limited."""

    open_files: int | None = None
    open_files_limit: int | None = None
    resident_bytes: int | None = None
    memory_limit_bytes: int | None = None

    @property
    def open_files_ratio(self) -> float | None:
        """The share of the files that may be open."""
        return _ratio(self.open_files, self.open_files_limit)

    @property
    def memory_ratio(self) -> float | None:
        """The share of the memory that may be used."""
        return _ratio(self.resident_bytes, self.memory_limit_bytes)


def process_use(own: Path = Path("/proc/self"), cgroups: Path = _CGROUPS) -> ProcessUse:
    """Return what this process uses."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = None if soft == resource.RLIM_INFINITY else soft
    return ProcessUse(_open_files(own), limit, _resident_bytes(own), memory_limit_bytes(own, cgroups))


def memory_limit_bytes(own: Path, cgroups: Path) -> int | None:
    """Return the least limit of the groups that the process is in, or None where there is none."""
    limits = [limit for file in _limit_files(own, cgroups) if (limit := _number(file)) is not None]
    return min((limit for limit in limits if limit < _UNLIMITED_FROM_BYTES), default=None)


def _limit_files(own: Path, cgroups: Path) -> Iterator[Path]:
    """Yield where limits may stand: of the group and all that it is in; from within a container it is the root."""
    yield cgroups / "memory" / "memory.limit_in_bytes"
    group = cgroups / _group(own)
    while group.is_relative_to(cgroups):
        yield group / "memory.max"
        group = group.parent


def _group(own: Path) -> str:
    try:
        lines = (own / "cgroup").read_text().splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("0::").strip("/") for line in lines if line.startswith("0::")), "")


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # there is no such file, or it says "max"
        return None


def _open_files(own: Path) -> int | None:
    try:
        return len(os.listdir(own / "fd"))  # noqa: PTH208 - the names alone, without an object for each
    except OSError:
        return None


def _resident_bytes(own: Path) -> int | None:
    try:
        return int((own / "statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return None


def _ratio(used: int | None, limit: int | None) -> float | None:
    return None if used is None or not limit else used / limit

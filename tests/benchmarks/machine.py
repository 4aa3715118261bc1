"""What do figures depend on, is it quiet enough to measure, and what has a process used?"""

import asyncio
import os
import platform
import sqlite3
from collections.abc import Collection
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

QUIET_RATIO = 0.3  # of a core, used while nothing of ours is loaded

_LOOK_S = 0.1
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
TICK_S = 1 / _TICKS_PER_S
_IDLE = (3, 4)  # columns of /proc/stat: idle, and waiting for the disk


def described() -> str:
    """Return the machine and the libraries in a line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "uvloop", "msgspec"))
    cores = f"{len(os.sched_getaffinity(0))} cores ({_model()}), {platform.system()} {platform.release()}"
    return f"{cores}, Python {platform.python_version()}, {libraries}, SQLite {sqlite3.sqlite_version}"


def fingerprint() -> dict[str, str]:
    """Return what makes figures of two runs comparable."""
    return {"cpu": _model(), "cores": str(len(os.sched_getaffinity(0))), "python": platform.python_version()}


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def cores() -> tuple[int, int]:
    """Return the core for servers and the core for their load."""
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("expected Linux, where a process can be kept on one core")
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, all its threads together, in itself and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def family_cpu_s(pid: int) -> float:
    """Return the CPU time that a process and its children have used, also children that are gone."""
    with suppress(FileNotFoundError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return sum(int(ticks) for ticks in fields[11:15]) / _TICKS_PER_S + sum(
            family_cpu_s(int(each)) for each in children
        )
    return 0.0  # it has ended since it was named, and is among what its parent had from those that are gone


def pin(pid: int, cores: Collection[int]) -> None:
    """Keep a process that runs, all its threads, on some cores; those and children that it starts later stay there."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def everybody_cpu_s() -> float:
    """Return the CPU time that all processes of the machine have used."""
    head = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    return sum(int(ticks) for column, ticks in enumerate(head) if column not in _IDLE) / _TICKS_PER_S


class Patience:
    """Waits for the neighbours to be still before a run, but only so long altogether."""

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds

    async def wait(self) -> None:
        """Return once the machine is quiet, or nothing is left of the time for that."""
        while self._left_s > 0 and await self._used_ratio() > QUIET_RATIO:
            self._left_s -= _LOOK_S

    async def _used_ratio(self) -> float:
        before_s = everybody_cpu_s()
        await asyncio.sleep(_LOOK_S)
        return (everybody_cpu_s() - before_s) / _LOOK_S


def rss_bytes(pid: int) -> int:
    """Return how much memory of a process is in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

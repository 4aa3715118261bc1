"""How is a running daemon, seen from outside and as far as it tells itself?"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Vitals:
    """A daemon at one moment.

    Open files and tasks are those beside the ones of connections, a file and a task each: how many of these there are
    is for clients to say, who open more of them when the machine stands still for a moment, and keep them.
    """

    rss_bytes: int
    connections: float
    open_files: float
    threads: int
    tasks: float
    loop_lag_ms: float
    wal_bytes: int
    database_bytes: int


def vitals(pid: int, database: Path, page: str) -> Vitals:
    """Look at the process, its files, and what its `/metrics` says."""
    process = psutil.Process(pid)
    connections = sum(
        _value(page, f'roomwatch_http_connections{{listener="{each}"}}') for each in ("private", "public")
    )
    return Vitals(
        rss_bytes=process.memory_info().rss,
        connections=connections,
        open_files=process.num_fds() - connections,
        threads=process.num_threads(),
        tasks=_value(page, "roomwatch_event_loop_tasks") - connections,
        loop_lag_ms=_value(page, "roomwatch_event_loop_lag_seconds") * 1000,
        wal_bytes=_size(database.with_name(f"{database.name}-wal")),
        database_bytes=_size(database),
    )


def _value(page: str, series: str) -> float:
    found = re.search(rf"^{series} (\S+)$", page, re.MULTILINE)
    value = float(found[1]) if found else 0.0
    return 0.0 if math.isnan(value) else value  # it has not looked yet


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0

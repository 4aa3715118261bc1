"""How did figures come out before?  One line of JSON for each run of a benchmark, in `history.jsonl`.

Lines are written where ROOMWATCH_BENCH_HISTORY names a file, as `make bench` does: what somebody tries with other
options stays out of it.  `python -m tests.benchmarks.trend` reads them.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hatch_version
from tests.benchmarks import machine
from tests.benchmarks.figures import Figure, Goal

HISTORY = Path(__file__).parent / "history.jsonl"
_DIGITS = 5  # more of a measured number says nothing


@dataclass(frozen=True)
class Record:
    """One run: of what, when, of which commit, where, and what came out."""

    bench: str
    at: str
    version: str
    revision: str
    machine: Mapping[str, str]
    neighbours_ratio: float  # of a core, used by others meanwhile
    figures: tuple[Figure, ...]


def recorded(bench: str, figures: Iterable[Figure], environment: Mapping[str, str] = os.environ) -> list[Figure]:
    """Return the figures, and append them to the history that the environment names."""
    shown = list(figures)
    file = environment.get("ROOMWATCH_BENCH_HISTORY")
    if file:
        with Path(file).open("a", encoding="utf-8") as history:
            history.write(encoded(_of_now(bench, shown)) + "\n")
    return shown


def _of_now(bench: str, figures: Iterable[Figure]) -> Record:
    build = hatch_version.build()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(
        bench, at, build.version, build.revision, machine.fingerprint(), _NEIGHBOURS.used_ratio(), tuple(figures)
    )


class Neighbours:
    """How much of the machine is used by others, from now on?"""

    def __init__(self) -> None:
        self._began_s = self._now_s()

    def used_ratio(self) -> float:
        """Return how much of a core others have used on average; children of ours count once they have ended."""
        elapsed_s, everybody_s, ours_s = (
            now - before for now, before in zip(self._now_s(), self._began_s, strict=True)
        )
        return round(max(0.0, everybody_s - ours_s) / max(elapsed_s, 0.01), 2)

    def _now_s(self) -> tuple[float, float, float]:
        ours = os.times()
        return (
            time.monotonic(),
            machine.everybody_cpu_s(),
            ours.user + ours.system + ours.children_user + ours.children_system,
        )


_NEIGHBOURS = Neighbours()  # from when a benchmark is loaded


def encoded(record: Record) -> str:
    """Return a record as a line."""
    return json.dumps(asdict(record) | {"figures": [_figure(figure) for figure in record.figures]})


def _figure(figure: Figure) -> dict[str, Any]:
    values = [float(f"{value:.{_DIGITS}g}") for value in figure.values]
    return figure._asdict() | {"values": values, "goal": figure.goal._asdict()}


def decoded(line: str) -> Record:
    """Return the record that a line is."""
    given = json.loads(line)
    figures = (Figure(**each | {"goal": Goal(**each["goal"])}) for each in given["figures"])
    return Record(**given | {"figures": tuple(figures)})


def read(file: Path = HISTORY) -> Iterator[Record]:
    """Yield every record, the oldest first."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield decoded(line)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file}:{number}: expected a record of a benchmark, got {error!r}") from None

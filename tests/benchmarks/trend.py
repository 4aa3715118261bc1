"""Has Roomwatch become slower?  `python -m tests.benchmarks.trend`, after `make bench`.

Each figure of the latest run beside those before it.  Ratios to a floor of the same run are compared over all machines;
whatever is in seconds, bytes or posts only with runs of the same machine.  A figure is worse when even its best round
is worse than every round of the last runs, and its median by more than a twentieth than theirs: the rest is noise.
What was measured while others used the machine is shown, and neither judged nor compared with.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.benchmarks.figures import Figure, aligned, spread
from tests.benchmarks.machine import QUIET_RATIO
from tests.benchmarks.records import HISTORY, Record, read

REMEMBERED = 5  # runs that the latest is compared with
NOTICEABLE = 0.05


class Course(NamedTuple):
    """One figure over time: the latest, and those before it that it may be compared with."""

    bench: str
    latest: Figure
    earlier: Sequence[Figure]
    neighbours_ratio: float = 0.0

    @property
    def change(self) -> float:
        """By which share the median has grown."""
        before = median(median(figure.values) for figure in self.earlier)
        return median(self.latest.values) / before - 1 if before else 0.0

    @property
    def verdict(self) -> str:
        """Whether it has become worse, in words."""
        if self.neighbours_ratio > QUIET_RATIO:
            return f"not judged, others used {self.neighbours_ratio:.0%} of a core"
        if not self.earlier:
            return "first of its kind"
        before = [value for figure in self.earlier for value in figure.values]
        is_above = min(self.latest.values) > max(before)
        is_below = max(self.latest.values) < min(before)
        if abs(self.change) <= NOTICEABLE or not (is_above or is_below):
            return "as before"
        is_better = is_above if self.latest.goal.is_more_better else is_below
        return f"{'better' if is_better else 'WORSE'} by {abs(self.change):.0%}"

    @property
    def is_worse(self) -> bool:
        """Whether somebody should look."""
        return self.verdict.startswith("WORSE")

    def cells(self) -> tuple[str, ...]:
        """Return its row of the table."""
        form = self.latest.form
        medians = " ".join(f"{median(figure.values):{form}}" for figure in self.earlier) or "-"
        now = f"{spread(self.latest.values, form)} {self.latest.unit}"
        return (self.bench, self.latest.name, medians, now, self.verdict)


def courses(records: Iterable[Record]) -> Iterator[Course]:
    """Yield every figure of the latest run of each benchmark."""
    runs: dict[str, list[Record]] = {}
    for record in records:
        runs.setdefault(record.bench, []).append(record)
    for bench, (*earlier, latest) in runs.items():
        for figure in latest.figures:
            before = _comparable(figure, latest, earlier)[-REMEMBERED:]
            yield Course(bench, figure, before, latest.neighbours_ratio)


def _comparable(figure: Figure, latest: Record, earlier: Iterable[Record]) -> list[Figure]:
    is_ratio = figure.unit.startswith("x ")
    return [
        other
        for record in earlier
        if record.neighbours_ratio <= QUIET_RATIO and (is_ratio or record.machine == latest.machine)
        for other in record.figures
        if (other.name, other.unit) == (figure.name, figure.unit)
    ]


def table(shown: Iterable[Course]) -> str:
    """Return all courses, a line each."""
    heading = ("benchmark", "figure", "medians before", "latest (range of the rounds)", "verdict")
    return aligned([heading, *(course.cells() for course in shown)])


def main() -> int:
    """Show every figure, and end with 1 if one has become worse."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=HISTORY, help="the history (default: %(default)s)")
    shown = list(courses(read(parser.parse_args().file)))
    print(table(shown))
    return int(any(course.is_worse for course in shown))


if __name__ == "__main__":
    sys.exit(main())

"""What does it say where two stores that should have the same do not?  Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

_EPOCH = date(1970, 1, 1)

Sums = Mapping[int, tuple[int, ...]]  # of each day, since 1970-01-01: first how many there are


class Difference(NamedTuple):
    """Where the cluster has something else than the file."""

    what: str
    in_file: str
    in_cluster: str

    def __str__(self) -> str:
        return f"{self.what}: {self.in_file} in the file, {self.in_cluster} in the cluster"


class Compared(NamedTuple):
    """How many rows, samples or rollups of the file were compared, and where they were not the same."""

    compared: int
    differences: Sequence[Difference]


class Verified(NamedTuple):
    """What was compared: rows of tables, unless replicas have been at work since; samples and rollups, once carried."""

    tables: Compared | None
    samples: Compared | None
    rollups: Compared | None

    @property
    def differences(self) -> Sequence[object]:
        """Return all that differs."""
        return [each for part in self if part is not None for each in part.differences]


def differences(what: str, unit: str, here: Sums, there: Sums, days: Collection[int]) -> Iterator[Difference]:
    """Return the days on which sums are not the same."""
    for day in sorted(days):
        ours, theirs = here.get(day), there.get(day)
        if ours == theirs:
            continue
        told = f"{theirs[0]:,} {unit}" if theirs else "nothing"
        if ours and theirs and ours[0] == theirs[0]:
            told += ", not the same"
        yield Difference(f"{what} {_EPOCH + timedelta(days=day)}", f"{ours[0]:,} {unit}" if ours else "nothing", told)

"""How are figures shown?  As medians with their range, beside where they have to be and where they should be."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple


class Goal(NamedTuple):
    """Where a figure has to be at least, and where it should be; None where that is not settled."""

    least: float | None
    aim: float | None
    is_more_better: bool = False

    def verdict(self, value: float) -> str:
        """Return in a word how far a value gets."""
        if self.aim is not None and self._reaches(value, self.aim):
            return "aim met"
        if self.least is None:
            return "-" if self.aim is None else "aim missed"
        return "least met" if self._reaches(value, self.least) else "MISSED"

    def _reaches(self, value: float, mark: float) -> bool:
        return value >= mark if self.is_more_better else value <= mark

    def shown(self, mark: float | None, form: str) -> str:
        """Return a mark with its sign."""
        return "-" if mark is None else f"{'>=' if self.is_more_better else '<='} {mark:{form}}"


class Figure(NamedTuple):
    """Something that was measured once a round, how to write it, and its goal."""

    name: str
    values: Sequence[float]
    form: str
    unit: str
    goal: Goal

    def cells(self) -> tuple[str, ...]:
        """Return its row of the table."""
        value = median(self.values)
        marks = (self.goal.shown(mark, self.form) for mark in (self.goal.least, self.goal.aim))
        return (self.name, f"{spread(self.values, self.form)} {self.unit}", *marks, self.goal.verdict(value))


def ratios(values: Iterable[float], floor: Iterable[float]) -> list[float]:
    """Return each value as a multiple of the floor in the same round."""
    return [value / beside for value, beside in zip(values, floor, strict=True)]


def spread(values: Sequence[float], form: str) -> str:
    """Return the median, and how far the rounds lie apart."""
    if len(values) == 1:
        return f"{values[0]:{form}}"
    return f"{median(values):{form}} ({min(values):{form}} .. {max(values):{form}})"


def judged(figures: Iterable[Figure]) -> str:
    """Return figures beside their goals."""
    heading = ("figure", "median (range of the rounds)", "least", "aim", "verdict")
    return aligned([heading, *(figure.cells() for figure in figures)])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text with columns, each as wide as it has to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)

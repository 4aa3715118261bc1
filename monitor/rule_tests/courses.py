"""How is it written down what is seen of something over time?

Value by value, as stretches: `5x60s 1x30s _x10s 3x60s` is five for a minute, one for half a minute, unknown for ten
seconds, three for a minute.  `-60..60x2m` grows evenly from minus sixty to sixty.  After its last stretch a value stays
as it is.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from alerts.rules import RuleError, parse_duration

UNKNOWN = "_"

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_STRETCH = re.compile(rf"(?P<value>{UNKNOWN}|(?P<first>{_NUMBER})(?:\.\.(?P<last>{_NUMBER}))?)x(?P<lasts>\w+)")


class Stretch(NamedTuple):
    """What a value does for some time: it stays, changes evenly from the first to the last, or is unknown (None)."""

    from_s: float
    to_s: float
    first: float | None
    last: float | None

    @property
    def is_even(self) -> bool:
        """Whether it is the same from beginning to end."""
        return self.first == self.last

    def at(self, at_s: float) -> float | None:
        """Return the value at a moment; after the end it is the last."""
        if self.first is None or self.last is None:
            return None
        done = min(1.0, (at_s - self.from_s) / (self.to_s - self.from_s))
        return self.first + (self.last - self.first) * done


Course = tuple[Stretch, ...]


def parse_course(text: str) -> Course:
    """Return the stretches that a text describes; raise a `RuleError` that says which of them is wrong."""
    stretches: list[Stretch] = []
    for part in text.split():
        begins_s = stretches[-1].to_s if stretches else 0.0
        stretches.append(_stretch(part, begins_s))
    if not stretches:
        raise RuleError(f"expected stretches such as '5x60s 1x30s', got {text!r}")
    return tuple(stretches)


def _stretch(text: str, from_s: float) -> Stretch:
    match = _STRETCH.fullmatch(text)
    if match is None:
        raise RuleError(f"expected a stretch such as 5x60s, 0..10x5m or _x30s, got {text!r}")
    lasts_s = parse_duration(match["lasts"])
    if lasts_s <= 0:
        raise RuleError(f"expected a stretch that lasts, got {text!r}")
    if match["value"] == UNKNOWN:
        return Stretch(from_s, from_s + lasts_s, None, None)
    first = float(match["first"])
    return Stretch(from_s, from_s + lasts_s, first, first if match["last"] is None else float(match["last"]))


def value_at(course: Course, at_s: float) -> float | None:
    """Return the value at a moment; before its first stretch nobody knows."""
    begun = [stretch for stretch in course if stretch.from_s <= at_s]
    return begun[-1].at(at_s) if begun else None


def end_s(course: Course) -> float:
    """Return when its last stretch ends."""
    return course[-1].to_s


def moments(course: Course, every_s: float) -> Iterator[float]:
    """Return when to look: where a stretch begins or ends, and every so often."""
    for stretch in course:
        yield stretch.from_s
    yield end_s(course)
    yield from (number * every_s for number in range(math.ceil(end_s(course) / every_s)))

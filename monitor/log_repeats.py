"""Has this line been said often enough?  Pure: events and times in, decisions out.

A trouble that lasts says the same a hundred times a second.  The first few lines of an event pass; from then on they
are held back and counted, and once an interval it is told how many there were.  An event that pauses for an interval
begins anew.
"""

from collections.abc import Hashable, Iterator
from typing import Generic, NamedTuple, TypeVar

FIRST = 5
INTERVAL_S = 60.0
EVENTS_KNOWN = 1_000  # at a time; what comes beyond them is let pass

E = TypeVar("E", bound=Hashable)


class Held(NamedTuple, Generic[E]):
    """How many lines of an event were held back, and within how many seconds."""

    event: E
    lines: int
    within_s: float


class _Course:
    __slots__ = ("began_s", "held", "passed")

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s
        self.passed = 0
        self.held = 0


class Repeats(Generic[E]):
    """The events of the last interval, and how often each came."""

    def __init__(self, first: int = FIRST, interval_s: float = INTERVAL_S) -> None:
        self._first = first
        self._interval_s = interval_s
        self._courses: dict[E, _Course] = {}
        self._next_end_s = 0.0

    def passes(self, event: E, now_s: float) -> bool:
        """Whether a line about this is to be written; asks for `over` to be asked before."""
        course = self._courses.get(event)
        if course is None:
            if len(self._courses) >= EVENTS_KNOWN:
                return True
            course = self._courses[event] = _Course(now_s)
            self._next_end_s = min(self._next_end_s, now_s + self._interval_s)
        if course.passed < self._first:
            course.passed += 1
            return True
        course.held += 1
        return False

    def over(self, now_s: float) -> list[Held[E]]:
        """Return what was held back in intervals that are over by now, and forget events that have paused."""
        return list(self._ended(now_s)) if now_s >= self._next_end_s else []

    def _ended(self, now_s: float) -> Iterator[Held[E]]:
        for event, course in list(self._courses.items()):
            within_s = now_s - course.began_s
            if within_s < self._interval_s:
                continue
            if course.held:
                yield Held(event, course.held, within_s)
                course.began_s, course.held = now_s, 0  # it goes on: nothing passes, it is counted
            else:
                del self._courses[event]
        ends = (course.began_s + self._interval_s for course in self._courses.values())
        self._next_end_s = min(ends, default=now_s + self._interval_s)

"""Is it night there now?

A time window says when by the clock on the wall of some place: at which times of the day, on which weekdays, days of
the month, in which months and years.  What is left out is any.  Several of them, under one name, are when one of them
is.  Zones are those of IANA, so a window follows daylight saving time: from 02:00 to 03:00 does not exist on one day
of the year, and takes two hours on another.

A time that ends before it begins, `22:00-06:00`, goes over midnight.  It belongs to the day on which it begins: on
`fri` it ends on Saturday morning.
"""

import difflib
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAY_MIN = 24 * 60
_DAY_S = 24 * 60 * 60.0
_LOOK_AHEAD_DAYS = (8, 367)  # most windows change within a week, and a year is long to go through
_A_DAY = timedelta(days=1)

_TIMES = re.compile(r"\s*(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)\s*")
_RANGE = re.compile(r"\s*(-?\w+)\s*(?:[:-]\s*(-?\w+)\s*)?")

Range = tuple[int, int]


class TimeWindowError(ValueError):
    """A time window that cannot be understood; `key` says which part of it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """One description; each part is a list of ranges, ends included, and an empty list is any.

    `times` are minutes of the day, without the last; days of the month count from its end where they are negative.
    """

    zone: ZoneInfo
    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days_of_month: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()

    def contains(self, at: float) -> bool:
        """Whether it is such a time."""
        local = datetime.fromtimestamp(at, self.zone)
        minute, day = local.hour * 60 + local.minute, local.date()
        if not self.times:
            return self._is_day(day)
        return any(
            self._is_day(day - _A_DAY if end_min > _DAY_MIN and minute < begin_min else day)
            for begin_min, end_min in self.times
            if begin_min <= minute < end_min or minute < end_min - _DAY_MIN
        )

    def edges(self, since: float, days: int) -> Iterator[float]:
        """Yield every moment in those days after `since` at which it might begin or end, in no order."""
        day = datetime.fromtimestamp(since, self.zone).date()
        minutes = sorted({0, *(minute % _DAY_MIN for time in self.times for minute in time)})
        for number in range(-1, days + 2):  # a day more on either side: where the clock changes, days overlap
            yield from self._edges_of(day + number * _A_DAY, minutes)

    def _edges_of(self, day: date, minutes: Sequence[int]) -> Iterator[float]:
        begins = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        for minute in minutes:
            local = begins.replace(hour=minute // 60, minute=minute % 60)
            # A time that the clock shows twice is an edge twice; one that it leaves out is near one or the other.
            yield from {local.timestamp(), local.replace(fold=1).timestamp()}
        ends = begins + _A_DAY
        if begins.utcoffset() != ends.utcoffset():
            yield self._clock_change(begins.timestamp(), ends.timestamp())

    def _clock_change(self, before: float, after: float) -> float:
        """Return the first second with the later of the two offsets."""
        offset = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _offset(self, at: float) -> timedelta | None:
        return datetime.fromtimestamp(at, self.zone).utcoffset()

    def _is_day(self, day: date) -> bool:
        return (
            _is_in(day.weekday(), self.weekdays)
            and _is_in(day.month, self.months)
            and _is_in(day.year, self.years)
            and self._is_day_of_month(day)
        )

    def _is_day_of_month(self, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        counted = [(_from_start(first, length), _from_start(last, length)) for first, last in self.days_of_month]
        return _is_in(day.day, counted)


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """What stands under one name: a time is in it that is in one of them."""

    windows: tuple[TimeWindow, ...]

    def contains(self, at: float) -> bool:
        """Whether it is such a time."""
        return any(window.contains(at) for window in self.windows)

    def next_change(self, at: float) -> float | None:
        """Return the first moment after `at` from which the answer is another one, or None: not within a year."""
        now = self.contains(at)
        edges = (edge for days in _LOOK_AHEAD_DAYS for edge in self._edges(at, days))
        return next((edge for edge in edges if self.contains(edge) is not now), None)

    def _edges(self, at: float, days: int) -> list[float]:
        until = at + days * _DAY_S
        return sorted({edge for window in self.windows for edge in window.edges(at, days) if at < edge <= until})


def build_time_window(
    *,
    times: Iterable[str] = (),
    weekdays: Iterable[str] = (),
    days_of_month: Iterable[str] = (),
    months: Iterable[str] = (),
    years: Iterable[str] = (),
    location: str = "UTC",
) -> TimeWindow:
    """Return the window that these texts describe.

    Raises:
        TimeWindowError: one of them cannot be understood.
    """
    return TimeWindow(
        zone=_zone(location),
        times=tuple(map(_time, times)),
        weekdays=_ranges("weekdays", weekdays, _weekday, around=(0, 6)),
        days_of_month=_ranges("days_of_month", days_of_month, _day_of_month),
        months=_ranges("months", months, _month, around=(1, 12)),
        years=_ranges("years", years, _year),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, or a directory such as "Europe"
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TimeWindowError("location", f"expected a zone such as Europe/Berlin, got {name[:60]!r}{hint}") from None


def _time(text: str) -> Range:
    """Return the minutes of the day of `09:00-17:00`; the end is tomorrow's where it is not after the beginning."""
    found = _TIMES.fullmatch(text)
    if found is None:
        raise TimeWindowError("times", f"expected a time of the day such as 09:00-17:00, got {text[:60]!r}")
    hours, minutes = (int(found[1]), int(found[3])), (int(found[2]), int(found[4]))
    begin_min, end_min = (hour * 60 + minute for hour, minute in zip(hours, minutes, strict=True))
    if max(minutes) > 59 or begin_min >= _DAY_MIN or end_min > _DAY_MIN:
        raise TimeWindowError("times", f"expected times from 00:00 to 24:00, got {text!r}")
    if begin_min == end_min:
        raise TimeWindowError("times", f"expected an end other than the beginning, got {text!r}")
    return begin_min, end_min if begin_min < end_min else end_min + _DAY_MIN


def _ranges(
    key: str, texts: Iterable[str], read: Callable[[str], int], around: Range | None = None
) -> tuple[Range, ...]:
    """Return the ranges that texts such as `mon-fri`, `1:5`, `-3:-1` or `december` stand for.

    What comes `around`, as weekdays and months do, may end before it begins: `sat-mon` is `sat-sun` and `mon`.
    """
    ranges: list[Range] = []
    for text in texts:
        first, last = _range(key, text, read)
        if (first <= last and not first < 0 < last) or first > 0 > last:
            ranges.append((first, last))
        elif around is not None:
            ranges += ((first, around[1]), (around[0], last))
        else:
            raise TimeWindowError(key, f"expected a range from the earlier to the later, got {text!r}")
    return tuple(ranges)


def _range(key: str, text: str, read: Callable[[str], int]) -> Range:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise TimeWindowError(key, f"expected one, or a range such as 1:5, got {text[:60]!r}")
    try:
        first = read(found[1].lower())
        return first, first if found[2] is None else read(found[2].lower())
    except ValueError as error:
        raise TimeWindowError(key, f"{error}, got {text[:60]!r}") from None


def _weekday(word: str) -> int:
    return _named(_WEEKDAYS, word, "a day such as mon or friday")


def _month(word: str) -> int:
    if word.isdecimal() and 1 <= int(word) <= 12:
        return int(word)
    return 1 + _named(_MONTHS, word, "a month such as 12, dec or december")


def _day_of_month(word: str) -> int:
    return _bounded(word, -31, 31, "a day of the month from 1 to 31, or from -31 to -1, counted from its end")


def _year(word: str) -> int:
    return _bounded(word, 1970, 9999, "a year such as 2027")


def _named(names: Sequence[str], word: str, wanted: str) -> int:
    found = [number for number, name in enumerate(names) if word in (name, name[:3])]
    if not found:
        raise ValueError(f"expected {wanted}")
    return found[0]


def _bounded(word: str, least: int, most: int, wanted: str) -> int:
    try:
        number = int(word)
    except ValueError:
        number = 0
    if number == 0 or not least <= number <= most:
        raise ValueError(f"expected {wanted}")
    return number


def _from_start(day: int, length: int) -> int:
    """Return the day of a month of that length that is meant by a day counted from its end."""
    return day if day > 0 else length + 1 + day


def _is_in(number: int, ranges: Sequence[Range]) -> bool:
    return not ranges or any(first <= number <= last for first, last in ranges)

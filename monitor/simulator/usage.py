"""What has been used, day by day, and what would Twilio charge for it?

Usage records are sums per category over a period.  The meter keeps one number per category and UTC day; the periods
that the REST API knows by name (today, this month, all time …) are sums over those days.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

MAX_DAYS = 400


@dataclass(frozen=True, slots=True)
class Category:
    """Something that is counted, and its price in US dollars (made up, but of a plausible size)."""

    name: str
    description: str
    unit: str
    price_usd: float


CATEGORIES = (
    Category("group-rooms", "Group Rooms", "rooms", 0.0),
    Category("group-rooms-participant-minutes", "Group Rooms Participant Minutes", "minutes", 0.004),
    Category("video-recordings", "Video Recordings", "minutes", 0.004),
    Category("pv-composition-minutes", "Video Composition Minutes", "minutes", 0.01),
)

# What the days of one record have in common, for the subresources that cut the time up.
CUTS: dict[str, Callable[[date], object]] = {
    "Daily": lambda day: day,
    "Monthly": lambda day: (day.year, day.month),
    "Yearly": lambda day: day.year,
}

Period = tuple[date, date]  # first day, last day
Totals = dict[str, tuple[int, float]]  # by category: how often, how much


class UsageMeter:
    """How often and how much of each category was used on each day."""

    def __init__(self) -> None:
        self._days: dict[date, Totals] = {}

    def count(self, at: float, category: str, amount: float = 1.0) -> None:
        """Add one use of `amount` to the day of `at`."""
        totals = self._days.setdefault(day_of(at), {})
        times, used = totals.get(category, (0, 0.0))
        totals[category] = (times + 1, used + amount)
        if len(self._days) > MAX_DAYS:
            del self._days[min(self._days)]

    def over(self, period: Period) -> Totals:
        """Return the sums over `period`, both of its days included."""
        sums: defaultdict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        for day, totals in self._days.items():
            if period[0] <= day <= period[1]:
                for category, (times, used) in totals.items():
                    sums[category] = (sums[category][0] + times, sums[category][1] + used)
        return dict(sums)

    def first_day(self, otherwise: date) -> date:
        """Return the first day on which anything was used."""
        return min(self._days, default=otherwise)


def day_of(at: float) -> date:
    """Return the UTC day of `at`."""
    return datetime.fromtimestamp(at, UTC).date()


def periods(subresource: str, today: date, start: date, end: date) -> list[Period]:
    """Return the periods that a usage subresource reports on; `start` and `end` bound those that are cut up."""
    if subresource in CUTS:
        return _cut(start, end, CUTS[subresource])
    return [_named_periods(today).get(subresource, (start, end))]


def _named_periods(today: date) -> dict[str, Period]:
    yesterday = today - timedelta(days=1)
    month = today.replace(day=1)
    last_month = month - timedelta(days=1)
    return {
        "Today": (today, today),
        "Yesterday": (yesterday, yesterday),
        "ThisMonth": (month, today),
        "LastMonth": (last_month.replace(day=1), last_month),
    }


def _cut(start: date, end: date, key: Callable[[date], object]) -> list[Period]:
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    stretches = (list(stretch) for _, stretch in groupby(days, key))
    return [(stretch[0], stretch[-1]) for stretch in stretches]

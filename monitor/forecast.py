"""What will this month have cost by its end?

A plain extrapolation that anyone can check by hand: what the complete days of the month cost, and for each day that is
left, today included, the mean of the last complete days, seven where there are so many.  Today's own cost does not
count, because the day is not over; days of the month before do count towards the mean, so that there is a forecast on
the first.  A week has one of each weekday, so that weekends neither frighten nor comfort anyone.
"""

from calendar import monthrange
from collections.abc import Mapping

MEAN_DAYS = 7


def day_totals(costs: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the cost of each day over its categories.

    Twilio's categories may contain one another, as `group-rooms` does `group-rooms-…`: what is counted in the whole
    does not count again in its parts.  Where the whole is priced lower than its parts, it does not contain them.
    """
    return {day: _total(by_category) for day, by_category in costs.items()}


def _total(by_category: Mapping[str, float]) -> float:
    wholes = tuple(f"{category}-" for category in by_category)
    return sum(_whole(category, by_category) for category in by_category if not category.startswith(wholes))


def _whole(category: str, by_category: Mapping[str, float]) -> float:
    parts = {part: price for part, price in by_category.items() if part.startswith(f"{category}-")}
    return max(by_category[category], _total(parts)) if parts else by_category[category]


def month_forecast(by_day: Mapping[str, float], today: str) -> float | None:
    """Return the cost of the month that `today` (2026-11-21) is in, or None before one complete day is known."""
    complete = sorted(day for day in by_day if day < today)
    if not complete:
        return None
    last = [by_day[day] for day in complete[-MEAN_DAYS:]]
    so_far = sum(by_day[day] for day in complete if day[:7] == today[:7])
    return so_far + sum(last) / len(last) * days_left(today)


def days_left(today: str) -> int:
    """Return how many days the month has from `today` on, which is one of them."""
    year, month, day = map(int, today.split("-"))
    return monthrange(year, month)[1] - day + 1

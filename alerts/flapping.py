"""Does an alert change its mind so often that each change is worth no word of its own?

Nagios looks at the last 21 results of a check and takes the share of changes between them, the later ones counting for
more.  Here nobody looks at fixed times: an alert is looked at when something changes.  So time is cut into minutes, and
what counts is in which of the last twenty the alert changed sides, from trouble to well or back, however often:

    minute    20 ago                                          now
    changed    .  .  .  #  .  #  .  #  .  #  .  #  .  #  .  #  #     a bit each
    weight   0.75 ─────────────────────────────────────────► 1.25    the mean is 1

An alert begins to flap at a share of 30 %, and has come to rest below 20 %.  What goes to and fro every few seconds
comes to 100 % within minutes, however seldom somebody looks.  What does so in more than seven minutes does not flap
but bounce, against which the growing delay of `alerts.timers` helps.
"""

from functools import lru_cache

MINUTE_S = 60.0
MINUTES = 20
BEGINS_RATIO = 0.3
ENDS_RATIO = 0.2

_ALL = (1 << MINUTES) - 1
_WEIGHTS = [1.25 - 0.5 * age / (MINUTES - 1) for age in range(MINUTES)]  # by how many minutes ago it was


def flipped(flips: int, flipped_at: float, now: float) -> int:
    """Return the minutes up to `now` in which an alert changed sides, after it has done so again."""
    return _aged(flips, flipped_at, now) | 1


def change_ratio(flips: int, flipped_at: float, now: float) -> float:
    """Return the weighted share of the last minutes in which an alert changed sides."""
    return _ratio(_aged(flips, flipped_at, now))


def calm_at(flips: int, flipped_at: float) -> float:
    """Return from when on an alert that changes sides no more has come to rest."""
    return (flipped_at // MINUTE_S + _calm_after_minutes(flips)) * MINUTE_S


def _aged(flips: int, flipped_at: float, now: float) -> int:
    minutes = max(0, int(now // MINUTE_S - flipped_at // MINUTE_S))
    return flips << minutes & _ALL if minutes < MINUTES else 0


@lru_cache(maxsize=4096)  # asked at every look at whatever flaps
def _calm_after_minutes(flips: int) -> int:
    return next(age for age in range(MINUTES + 1) if _ratio(flips << age & _ALL) < ENDS_RATIO)


@lru_cache(maxsize=4096)
def _ratio(flips: int) -> float:
    return sum(weight for age, weight in enumerate(_WEIGHTS) if flips >> age & 1) / MINUTES

"""How are spans and moments said, wherever people read them?"""

from datetime import UTC, datetime

_UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def in_words(seconds: float) -> str:
    """Return a span in the largest unit of which it is one or more: 10 s, 1.5 min, 4 h."""
    for length_s, unit in _UNITS:
        if seconds >= length_s:
            return f"{seconds / length_s:.3g} {unit}"
    return f"{seconds:.3g} s"


def moment(at: float) -> str:
    """Return a moment with its day, to the second: 2026-11-21 14:05:10 UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock(at: float) -> str:
    """Return the time of the day of a moment, to the second: 14:05:10."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")

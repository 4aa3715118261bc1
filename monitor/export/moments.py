"""Which moment does somebody mean who writes a date or a time?"""

from datetime import UTC, date, datetime

_EXAMPLES = "a date such as 2026-11-21 or a time with its zone such as 2026-11-21T09:00:00Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_LENGTH = len("2026-11-21")


def moment_ms(text: str) -> int:
    """Return a moment in ISO 8601 as milliseconds since 1970; a date is its beginning, UTC.

    Raises:
        ValueError: it is none, or nobody can tell in which zone.
    """
    try:
        if len(text) == _DATE_LENGTH:
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected {_EXAMPLES}, got {text[:60]!r}") from None
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with its zone, such as {text[:40]}Z, got {text[:60]!r}")
    if moment < _EPOCH:
        raise ValueError(f"expected a time since 1970, got {text[:60]!r}")
    return round((moment - _EPOCH).total_seconds() * 1000)

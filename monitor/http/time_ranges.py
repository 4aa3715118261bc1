"""Which time is meant by `from`, `to` or `at`?

    1763690000123                  milliseconds since the epoch
    2026-11-21T22:14:05.5+01:00    ISO 8601; without an offset it is UTC, a date alone is its first moment
    now, -1h, -1h30m, -7d          before now

One grammar wherever the API is asked about a time.  Nothing before 1970 or after 9999.  Pure: now is an argument.
"""

import re
from datetime import UTC, datetime

LATEST_MS = 253_402_300_800_000  # when the year 10000 begins
EXPECTED = "milliseconds since 1970, a time such as 2026-11-21T22:14Z, now, or -1h30m"

_DIGITS = 15
_ISO = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?"
_AGO = r"-(?=\d)(?:\d{1,6}d)?(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,9}s)?"
PATTERN = rf"^(?:\d{{1,{_DIGITS}}}|now|{_ISO}|{_AGO})$"

_MILLISECONDS = re.compile(rf"\d{{1,{_DIGITS}}}", re.ASCII)
_IS_ISO = re.compile(_ISO, re.ASCII)
_IS_AGO = re.compile(_AGO, re.ASCII)
_COUNT = re.compile(r"(\d+)([dhms])", re.ASCII)
_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000}


class Unclear(ValueError):
    """Text that stands for no time; `str()` says what was expected."""


def moment_of(text: str, now_ms: int) -> int:
    """Return the moment that is meant, in milliseconds since the epoch.

    Raises:
        Unclear: none is, or it is out of bounds.
    """
    found_ms = _read(text, now_ms)
    if found_ms is None:
        raise Unclear(f"expected {EXPECTED}, got {text[:60]!r}")
    if not 0 <= found_ms <= LATEST_MS:
        raise Unclear(f"expected a time from 1970 to 9999, got {text[:60]!r}")
    return found_ms


def _read(text: str, now_ms: int) -> int | None:
    if _MILLISECONDS.fullmatch(text):
        return int(text)
    if text == "now":
        return now_ms
    if _IS_AGO.fullmatch(text):
        return now_ms - sum(int(count) * _UNITS_MS[unit] for count, unit in _COUNT.findall(text))
    written = text.replace(" ", "+")  # which a plus in an address becomes, where nobody has escaped it
    return _iso_ms(written) if _IS_ISO.fullmatch(written) else None


def _iso_ms(text: str) -> int | None:
    try:
        said = datetime.fromisoformat(text)
        return round((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):  # there is no 31st of February, and no time zone of a hundred hours
        return None

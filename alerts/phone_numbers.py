"""How is a telephone number written, and how much of it may be shown?

Written it is in E.164: a plus, the country, the rest, and nothing between.  Shown are its last three digits, which
tell one's own numbers apart and ring nobody.
"""

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHOWN_DIGITS = 3
_SHORTEST = 7  # of anything shorter three digits would be too much


def checked_number(number: str, key: str) -> str:
    """Return a number that can be dialled from anywhere; the complaint shows nothing of it."""
    if not _E164.fullmatch(number):
        raise ValueError(f"{key}: expected a number in E.164, such as +4915112345678, got something else")
    return number


def shown_number(number: str) -> str:
    """Return what may be shown of a number."""
    return f"…{number[-_SHOWN_DIGITS:]}" if len(number) >= _SHORTEST else "…"

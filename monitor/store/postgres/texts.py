"""How is text kept in which there is a zero character?  JSON may have one anywhere, and PostgreSQL has none in text.

It is written with another character in its place, one that nobody uses, and read back as it was: a post with such a
name in it must not be a reason to refuse those that came with it.  Whoever connects sees to single values, but the
driver does not ask about those inside of an array.  Pure.
"""

import re
from collections.abc import Iterable

_MARK = "\ue000"  # of the private use area
_WRITTEN = {"\0": _MARK + "0", _MARK: _MARK + "1"}
_READ = {written: text for text, written in _WRITTEN.items()}
_TO_BE_WRITTEN = re.compile("|".join(_WRITTEN))
_TO_BE_READ = re.compile("|".join(_READ))


def written(text: str) -> str:
    """Return text as PostgreSQL takes it."""
    return _TO_BE_WRITTEN.sub(lambda found: _WRITTEN[found[0]], text) if "\0" in text or _MARK in text else text


def read(text: str) -> str:
    """Return text as it was before it was written."""
    return _TO_BE_READ.sub(lambda found: _READ[found[0]], text) if _MARK in text else text


def array(told: Iterable[str]) -> list[str]:
    """Return texts as PostgreSQL takes them together."""
    return [written(each) for each in told]

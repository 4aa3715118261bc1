"""What does a change leave of many things?"""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def changed_by(things: Iterable[T], change: Callable[[T], T | None]) -> tuple[list[T], int]:
    """Return what a change leaves of things, and how many became others, or nothing."""
    pairs = [(thing, change(thing)) for thing in things]
    return [after for _, after in pairs if after is not None], sum(after != before for before, after in pairs)

"""How are the latest remembered, when there are too many to remember all?

In two generations.  Whoever is heard joins the young one; once that is full it becomes the old one, and the old one
before it is forgotten at once.  So the latest are always there, twice as many at most, and hearing somebody again
touches one dictionary only: a list in the order of hearing would have to be mended at three places each time, which
with a hundred thousand people are all far away in memory.

Where few come and go it would take days until a generation is full, and all of them would be remembered for as long.
So a generation may have an end in time as well.  Only somebody new ends one: where nobody comes, nothing grows.
"""

from math import inf
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """What is remembered of the latest `least`, and of as many before them at most.

    Args:
        least: how many of the latest are always remembered, but for those who were not heard for long.
        lasts: for how long one is remembered at least after having been heard, in the unit of `put`'s `at`.
    """

    __slots__ = ("_ends_at", "_lasts", "_least", "_old", "_young")

    def __init__(self, least: int, lasts: float = inf) -> None:
        self._least = least
        self._lasts = lasts
        self._ends_at: float | None = None  # the young generation, once somebody told when it is
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        """Return what is remembered of somebody, who is one of the latest from now on."""
        found = self._young.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: K, value: V, at: float | None = None) -> None:
        """Remember somebody who was heard at a moment; without one, no time goes by."""
        if at is not None:
            self._end_in_time(at)
        self._young[key] = value
        if len(self._young) >= self._least:
            self._turn()

    def _end_in_time(self, at: float) -> None:
        if self._ends_at is not None and at >= self._ends_at:
            self._turn()
        if self._ends_at is None:
            self._ends_at = at + self._lasts

    def _turn(self) -> None:
        self._old, self._young, self._ends_at = self._young, {}, None

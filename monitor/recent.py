"""How are the latest remembered, when there are too many to remember all?

In two generations.  Whoever is heard joins the young one; once that is full it becomes the old one, and the old one
before it is forgotten at once.  So the latest are always there, twice as many at most, and hearing somebody again
touches one dictionary only: a list in the order of hearing would have to be mended at three places each time, which
with a hundred thousand people are all far away in memory.
"""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """What is remembered of the latest `least`, and of as many before them at most."""

    __slots__ = ("_least", "_old", "_young")

    def __init__(self, least: int) -> None:
        self._least = least
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

    def put(self, key: K, value: V) -> None:
        """Remember somebody."""
        self._young[key] = value
        if len(self._young) >= self._least:
            self._old, self._young = self._young, {}

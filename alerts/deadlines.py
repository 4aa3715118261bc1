"""Which entities must be looked at again, though nothing happens to them?

Those with a timer running out, or with a value that changes by itself.  Each entity has at most one deadline, the
earliest; all of them stand in a heap, so that asking costs what is due and not what is known.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from alerts.model import Kind

Entity = tuple[Kind, str]
T = TypeVar("T", Entity, str)

#: A moved deadline leaves its old entry behind.  The heap is rebuilt once such leftovers outnumber the living, but
#: not for a handful of them.
_TOLERATED_LEFTOVERS = 64


class Deadlines(Generic[T]):
    """One deadline for each entity, or for each of whatever else has one name."""

    def __init__(self) -> None:
        self._at: dict[T, float] = {}
        self._heap: list[tuple[float, T]] = []

    def set(self, entity: T, at: float | None) -> None:
        """Move the deadline of `entity` to `at`, or take it away."""
        if at is None:
            self._at.pop(entity, None)
        elif self._at.get(entity) != at:
            self._at[entity] = at
            heappush(self._heap, (at, entity))
        self._tidy()

    def of(self, entity: T) -> float | None:
        """Return the deadline of an entity, or None where it has none."""
        return self._at.get(entity)

    def due(self, now: float) -> list[T]:
        """Return the entities whose deadline is not after `now`, earliest first, and leave them in place."""
        return [entity for _, entity in sorted(set(self._due_entries(now)))]

    def next(self) -> float | None:
        """Return the earliest deadline of all."""
        return self._heap[0][0] if self._heap else None

    def _due_entries(self, now: float) -> Iterator[tuple[float, T]]:
        # In a heap no child is earlier than its parent: below an entry that is not due, nothing is.
        places = [0]
        while places:
            place = places.pop()
            if place < len(self._heap) and self._heap[place][0] <= now:
                places += (2 * place + 1, 2 * place + 2)
                if self._is_live(self._heap[place]):
                    yield self._heap[place]

    def _is_live(self, entry: tuple[float, T]) -> bool:
        at, entity = entry
        return self._at.get(entity) == at

    def _tidy(self) -> None:
        """Keep the top of the heap alive, and its size within twice what is needed."""
        while self._heap and not self._is_live(self._heap[0]):
            heappop(self._heap)
        if len(self._heap) > 2 * len(self._at) + _TOLERATED_LEFTOVERS:
            self._heap = [(at, entity) for entity, at in self._at.items()]
            heapify(self._heap)

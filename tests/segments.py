"""A log whose samples are settled somewhere else, over the log in memory."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import NamedTuple

from collectors.observations import TelemetryBatch
from monitor.store.memory import MemoryStore
from monitor.store.rows import place_of
from monitor.store.segments import Moment, Segment

POSTS_A_SEGMENT = 100
_numbers = count(1)  # of all logs of a test run: they are settled in one ClickHouse

_Posts = tuple[TelemetryBatch, ...]


class _AtOneMoment(NamedTuple):
    before: int
    sealed: dict[int, _Posts]
    rest: _Posts

    @property
    def unsettled(self) -> Collection[int]:
        return self.sealed.keys()

    async def batches(
        self, rooms: Collection[str] | None = None
    ) -> AsyncIterator[tuple[int | None, Sequence[TelemetryBatch]]]:
        for number, posts in [*self.sealed.items(), (None, self.rest)]:
            yield number, [each for each in posts if rooms is None or _may_be_in(each, rooms)]


def _may_be_in(batch: TelemetryBatch, rooms: Collection[str]) -> bool:
    return batch.room_sid is None or place_of(batch).room in rooms


class MemorySegments:
    """Segments of a log in memory (`monitor.store.segments.SegmentedLog`)."""

    def __init__(self, store: MemoryStore, posts_a_segment: int = POSTS_A_SEGMENT) -> None:
        self._store = store
        self._most = posts_a_segment
        self._sealed: dict[int, _Posts] = {}
        self._through = 0  # the log id that is sealed
        self._last = next(_numbers)

    async def next_segment(self, received_before_ms: int) -> Segment | None:
        if not self._sealed:
            self._seal(received_before_ms)
        return next((Segment(number, posts) for number, posts in self._sealed.items()), None)

    def _seal(self, received_before_ms: int) -> None:
        reached = self._store.picture.through
        due = [entry for entry in self._store.log.entries if self._through < entry.id <= reached]
        if due and due[0].received_at_ms <= received_before_ms:
            some = due[: self._most]
            self._last, self._through = next(_numbers), some[-1].id
            self._sealed[self._last] = tuple(each.event for each in some if isinstance(each.event, TelemetryBatch))

    async def settled(self, number: int) -> None:
        del self._sealed[number]

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Moment]:
        posts = (each.event for each in self._store.log.entries if each.id > self._through)
        rest = tuple(each for each in posts if isinstance(each, TelemetryBatch))
        yield _AtOneMoment(self._last + 1, dict(self._sealed), rest)

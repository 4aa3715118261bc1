"""What may be missing of the history of a file that was copied, for as long as it is still carried?

All that is there is told, as `Lacking`, since it would pass for the whole: only questions about what came after the
copy are answered as if there had never been a file.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from typing import TypeVar

from monitor.history.answers import Attendance, Percentiles, Selection, Worst
from monitor.history.buckets import Buckets
from monitor.store.ports import Lacking, Line, Resolve, RollupStore, RoomValues, SampleStore, Wanted

T = TypeVar("T")

Lacks = Callable[[int], Awaitable[str]]  # what may be missing of what was measured from a moment on, or nothing


class CarriedSamples:
    """What was measured, some of which may be on its way (`monitor.store.ports.SampleStore`)."""

    def __init__(self, samples: SampleStore, lacks: Lacks) -> None:
        self._samples = samples
        self._lacks = lacks

    async def settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:
        """Move what is in the log."""
        return await self._samples.settle(now_ms, older_than_ms, resolve)

    async def merge(self, silent_since_ms: int) -> int:
        """Put together what belongs together."""
        return await self._samples.merge(silent_since_ms)

    async def timeline(
        self, room: str, from_ms: int, to_ms: int, resolve: Resolve, *, participant: str | None = None
    ) -> Sequence[Line]:
        """Return what was measured in a room in [from_ms, to_ms), by everybody or by one participant.

        Raises:
            Lacking: some of it may not have been carried yet, or a part of the store does not answer.
        """
        lacking = await self._lacks(from_ms)  # before it is read: what is carried meanwhile may be in it or not
        found = await self._samples.timeline(room, from_ms, to_ms, resolve, participant=participant)
        return _whole(found, lacking)

    async def timelines(self, rooms: Collection[str], from_ms: int, to_ms: int, resolve: Resolve) -> Sequence[Line]:
        """Return what was measured in rooms in [from_ms, to_ms), by everybody.

        Raises:
            Lacking: some of it may not have been carried yet, or a part of the store does not answer.
        """
        lacking = await self._lacks(from_ms)
        return _whole(await self._samples.timelines(rooms, from_ms, to_ms, resolve), lacking)

    async def lines(self, wanted: Wanted, resolve: Resolve) -> AsyncGenerator[Line]:
        """Yield what was measured, however much that is, in slices that fit into memory.

        Raises:
            Lacking: all that is there was yielded, and some may not have been carried yet.
        """
        lacking = await self._lacks(wanted.from_ms)
        async with aclosing(self._samples.lines(wanted, resolve)) as lines:
            async for line in lines:
                yield line
        _whole((), lacking)

    async def values(self, metric: str, from_ms: int, to_ms: int, resolve: Resolve) -> AsyncGenerator[RoomValues]:
        """Yield the values of one metric, however many there are, in slices that fit into memory.

        Raises:
            Lacking: all that is there was yielded, and some may not have been carried yet.
        """
        lacking = await self._lacks(from_ms)
        async with aclosing(self._samples.values(metric, from_ms, to_ms, resolve)) as slices:
            async for some in slices:
                yield some
        _whole((), lacking)

    async def estimate(self, wanted: Wanted) -> int:
        """Return about how many samples there are."""
        return await self._samples.estimate(wanted)


class CarriedRollups:
    """What samples add up to, some of which may be on its way (`monitor.store.ports.RollupStore`)."""

    def __init__(self, rollups: RollupStore, lacks: Lacks) -> None:
        self._rollups = rollups
        self._lacks = lacks

    @property
    def scopes(self) -> Collection[str]:
        """Return what there is to compare by."""
        return self._rollups.scopes

    async def percentiles(
        self,
        selection: Selection,
        metric: str,
        quantiles: Sequence[float],
        resolve: Resolve,
        *,
        bucket_ms: int | None = None,
    ) -> Sequence[Percentiles]:
        """Return quantiles of a metric, of each key and bucket, or of each key over the whole time."""
        lacking = await self._lacks(selection.from_ms)
        found = await self._rollups.percentiles(selection, metric, quantiles, resolve, bucket_ms=bucket_ms)
        return _whole(found, lacking)

    async def attendance(self, selection: Selection, resolve: Resolve) -> Sequence[Attendance]:
        """Return how many people were heard of each key, and for how long."""
        lacking = await self._lacks(selection.from_ms)
        return _whole(await self._rollups.attendance(selection, resolve), lacking)

    async def worst_rooms(
        self, by: str, from_ms: int, to_ms: int, resolve: Resolve, *, limit: int = 20
    ) -> Sequence[Worst]:
        """Return the rooms that were worst, the worst first."""
        lacking = await self._lacks(from_ms)
        return _whole(await self._rollups.worst_rooms(by, from_ms, to_ms, resolve, limit=limit), lacking)

    async def minutes(self, scope: str, key: str, from_ms: int, to_ms: int, resolve: Resolve) -> Buckets:
        """Return the minutes of the hours from one moment to another."""
        lacking = await self._lacks(from_ms)
        return _whole(await self._rollups.minutes(scope, key, from_ms, to_ms, resolve), lacking)

    async def rebuild(self, from_ms: int, to_ms: int) -> int:
        """Add up anew what was measured in whole hours."""
        return await self._rollups.rebuild(from_ms, to_ms)


def _whole(found: T, lacking: str) -> T:
    if lacking:
        raise Lacking(lacking, found)
    return found

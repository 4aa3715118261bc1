"""Where are the samples, in ClickHouse?

In the log at first, wherever that is; then, a segment of the log at a time, in rows that bear the segment's number.  A
segment that is put down again, since somebody was killed before it was said to be settled, changes nothing: blocks are
known by their token, and rows by their key.  Whoever reads takes from the log what is not settled at a moment, and from
ClickHouse what was, and sees each sample once.

While ClickHouse is away nothing is settled and nothing is lost; what the log has is still told (`Lacking`).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from functools import partial

from collectors.measured import Batch
from monitor.history.samples import Samples, joined
from monitor.store.clickhouse import series as who
from monitor.store.clickhouse.client import Client, Columns, Table
from monitor.store.clickhouse.columns import DAY_MS, LEVELS, MEDIA, days_of, levels_of, marked, media_of
from monitor.store.clickhouse.once import put_down
from monitor.store.clickhouse.partitions import drop_days, keep_since
from monitor.store.clickhouse.reading import SAMPLES_A_SLICE, Settled
from monitor.store.clickhouse.rollup_writing import add_rollups
from monitor.store.lines import Lines, united
from monitor.store.ports import Lacking, Line, Place, Resolve, RoomValues, Series, StoreFailed, Wanted
from monitor.store.room_values import values_in_lines
from monitor.store.scopes import Scopes
from monitor.store.segments import Moment, Segment, SegmentedLog

Ready = Callable[[], Awaitable[None]]  # sees that the tables are there, before anything is put into them


class ClickHouseSamples:
    """What was measured, in ClickHouse (`monitor.store.ports.SampleStore`)."""

    def __init__(self, clickhouse: Client, log: SegmentedLog, scopes: Scopes, turn: asyncio.Lock, ready: Ready) -> None:
        self._clickhouse = clickhouse
        self._log = log
        self._scopes = scopes
        self._turn = turn
        self._ready = ready

    # --- from the log to ClickHouse -------------------------------------------------------------------------

    async def settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:
        """Move what is in the log, as far as the saved picture reaches, once the oldest of it is old enough."""
        count = 0
        async with self._turn:
            await self._ready()
            while (segment := await self._log.next_segment(now_ms - older_than_ms)) is not None:
                count += await self._settle(segment, resolve)
        return count

    async def _settle(self, segment: Segment, resolve: Resolve) -> int:
        lines = await asyncio.to_thread(_lines_of, segment.batches, resolve)
        if lines:
            await self._put_down(lines, segment.number)
            await add_rollups(self._clickhouse, segment.number, lines, self._scopes)
        await self._log.settled(segment.number)
        return sum(line.samples.count for line in lines)

    async def _put_down(self, lines: Sequence[Line], number: int) -> None:
        # Who measured is known by its key, however often it is told; samples are not, of whom a name became a SID.
        await self._clickhouse.insert(who.SERIES, await asyncio.to_thread(who.rows_of, lines, number))
        for table, columns_of in ((MEDIA, media_of), (LEVELS, levels_of)):
            for day, columns in (await asyncio.to_thread(_days_of, table, columns_of, lines, number)).items():
                is_there = partial(self._is_marked, table, number, day)
                await put_down(self._clickhouse, table, columns, f"segment {number} day {day}", is_there)

    async def _is_marked(self, table: Table, number: int, day: int) -> bool:
        ((count,),) = await self._clickhouse.query(
            f"SELECT count() FROM {table.name} WHERE room = '' AND participant = '' AND at_ms = {{at_ms:Int64}}"
            " AND segment = {segment:UInt64}",
            {"at_ms": day * DAY_MS, "segment": number},
        )
        return bool(count)

    async def merge(self, silent_since_ms: int) -> int:  # noqa: ARG002  # see below
        """Do nothing: ClickHouse puts parts together by itself."""
        return 0

    async def drop_before(self, bound_ms: int) -> int:
        """Drop the samples of days that were over before; return how many went."""
        async with self._turn:
            await self._ready()
            await keep_since(self._clickhouse, bound_ms)
            counts = [await self._count_before(table, bound_ms // DAY_MS * DAY_MS) for table in (MEDIA, LEVELS)]
            for table in (who.SERIES, MEDIA, LEVELS):
                await drop_days(self._clickhouse, table.name, bound_ms)
            return sum(counts)

    async def _count_before(self, table: Table, bound_ms: int) -> int:
        ((count,),) = await self._clickhouse.query(
            f"SELECT count() FROM {table.name} WHERE room != '' AND at_ms < {{bound_ms:Int64}}", {"bound_ms": bound_ms}
        )
        return int(count)

    # --- reading --------------------------------------------------------------------------------------------

    async def timeline(
        self, room: str, from_ms: int, to_ms: int, resolve: Resolve, *, participant: str | None = None
    ) -> Sequence[Line]:
        """Return what was measured in a room in [from_ms, to_ms), by everybody or by one participant.

        Raises:
            Lacking: ClickHouse did not answer; it has what is in the log.
        """
        return await self._timelines([room], (from_ms, to_ms), resolve, participant)

    async def timelines(self, rooms: Collection[str], from_ms: int, to_ms: int, resolve: Resolve) -> Sequence[Line]:
        """Return what was measured in rooms in [from_ms, to_ms), by everybody.

        Raises:
            Lacking: ClickHouse did not answer; it has what is in the log.
        """
        return await self._timelines(rooms, (from_ms, to_ms), resolve, None) if rooms else []

    async def _timelines(
        self, rooms: Collection[str], span_ms: tuple[int, int], resolve: Resolve, participant: str | None
    ) -> Sequence[Line]:
        async with self._log.moment() as moment:
            batches = [each async for _, some in moment.batches(rooms) for each in some]
            logged = await asyncio.to_thread(_lines_of, batches, resolve)
            new = [Line(series, samples.within(*span_ms)) for series, samples in logged if series.room in rooms]
            try:
                stored = await self._stored(moment, rooms, span_ms, participant)
            except StoreFailed as error:
                raise Lacking(f"{error}; what is settled is missing", _together(new, participant)) from error
        return _together([*stored, *new], participant)

    async def _stored(
        self, moment: Moment, rooms: Collection[str], span_ms: tuple[int, int], participant: str | None
    ) -> list[Line]:
        found = await Settled(self._clickhouse, moment).of_rooms(rooms, span_ms, participant)
        known = await who.in_rooms(self._clickhouse, rooms)
        return [Line(known.get(place, Series(*place)), samples) for place, samples in found.items()]

    async def lines(self, wanted: Wanted, resolve: Resolve) -> AsyncGenerator[Line]:
        """Yield what was measured, however much that is, in slices that fit into memory.

        Raises:
            Lacking: ClickHouse did not answer; what is in the log was yielded.
        """
        async with self._log.moment() as moment:
            # The log first: it is read in a moment, and lets go of what was settled some minutes ago.
            async for lines in _gathered(moment):
                for series, samples in await asyncio.to_thread(lambda: list(lines.take(resolve))):  # noqa: B023
                    within = samples.within(wanted.from_ms, wanted.to_ms)
                    if within.count and wanted.is_about(series):
                        yield Line(series, within)
            try:
                async for line in Settled(self._clickhouse, moment).lines(wanted):
                    yield line
            except StoreFailed as error:
                raise Lacking(f"{error}; not all that is settled was told", ()) from error

    async def values(self, metric: str, from_ms: int, to_ms: int, resolve: Resolve) -> AsyncGenerator[RoomValues]:
        """Yield the values of one metric, of all rooms, in slices that fit into memory.

        Raises:
            Lacking: ClickHouse did not answer; what is in the log was yielded.
        """
        async with aclosing(self.lines(Wanted(from_ms, to_ms, only=metric), resolve)) as lines:
            async for some in values_in_lines(lines, metric):
                yield some

    async def estimate(self, wanted: Wanted) -> int:
        """Return about how many samples there are in ClickHouse; what is in the log is little beside them."""
        async with self._log.moment() as moment:
            return await Settled(self._clickhouse, moment).count(wanted)


def _days_of(
    table: Table, columns_of: Callable[[Sequence[Line], int], Columns], lines: Sequence[Line], number: int
) -> dict[int, Columns]:
    """Return the rows of each day, with the mark of a segment."""
    by_day = days_of(columns_of(lines, number))
    return {day: marked(table, columns, number, day) for day, columns in by_day.items()}


def _lines_of(batches: Sequence[Batch], resolve: Resolve) -> list[Line]:
    lines = Lines()
    for batch in batches:
        lines.add(batch)
    return list(lines.take(resolve))


async def _gathered(moment: Moment) -> AsyncIterator[Lines]:
    """Return what is in the log, as much at a time as fits into memory."""
    lines = Lines()
    async for _, batches in moment.batches():
        for batch in batches:
            lines.add(batch)
        if lines.count >= SAMPLES_A_SLICE:
            yield lines
            lines = Lines()
    yield lines


def _together(lines: Sequence[Line], participant: str | None) -> list[Line]:
    """Return a line for each participant, of one or of everybody, in the order of rooms and people."""
    parts: dict[Place, list[Samples]] = {}
    series: dict[Place, Series] = {}
    for line in lines:
        place = Place(line.series.room, line.series.participant)
        if participant in (None, place.participant):
            parts.setdefault(place, []).append(line.samples)
            series[place] = united(series[place], line.series) if place in series else line.series
    together = (Line(series[place], joined(parts[place])) for place in sorted(parts))
    return [line for line in together if line.samples.count]

"""How are the samples read that are settled, of one moment of the log, without having all of them in memory?

By whoever measured them, a page of people at a time, and of these some days of each: what one person measured on one
day is never cut.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from monitor.history.samples import Samples
from monitor.store.clickhouse import series as who
from monitor.store.clickhouse.client import Client, Columns
from monitor.store.clickhouse.columns import DAY_MS, LEVEL_COLUMNS, LEVELS, MEDIA, WHO, media_fields, named, opened
from monitor.store.ports import Line, Place, Wanted
from monitor.store.segments import Moment

SAMPLES_A_SLICE = 50_000  # eight megabytes
SERIES_A_PAGE = 512

_NOBODY = Place("", "")
_WITHIN = (
    "at_ms >= {from_ms:Int64} AND at_ms < {to_ms:Int64}"
    " AND segment < {before:UInt64} AND NOT has({unsettled:Array(UInt64)}, segment)"
)
_DAY = f"intDiv(at_ms, {DAY_MS})"
_ORDER = "ORDER BY room, participant, at_ms, segment, n"


class _Unit(NamedTuple):
    """What one participant measured on one day, and how many samples that is."""

    place: Place
    day: int
    samples: int


class Settled:
    """The samples in ClickHouse that were settled at a moment of the log."""

    def __init__(self, clickhouse: Client, moment: Moment) -> None:
        self._clickhouse = clickhouse
        self._moment = moment

    async def lines(self, wanted: Wanted) -> AsyncIterator[Line]:
        """Yield those that are wanted, by rooms and participants.

        Raises:
            StoreFailed: ClickHouse did not answer.
        """
        after = _NOBODY
        while known := await who.page(self._clickhouse, wanted, after, SERIES_A_PAGE):
            for units in _slices(await self._units(wanted, known)):
                for place, samples in (await self._slice(wanted, units)).items():
                    yield Line(known[place], samples)
            after = max(known)

    async def count(self, wanted: Wanted) -> int:
        """Return how many those are that are wanted."""
        those, values = who.about(wanted)
        found = await self._clickhouse.query(
            f"SELECT count() FROM ({_samples(wanted, those)})",
            {**values, **self._values((wanted.from_ms, wanted.to_ms))},
        )
        ((count,),) = found
        return int(count)

    async def of_rooms(
        self, rooms: Collection[str], span_ms: tuple[int, int], participant: str | None
    ) -> dict[Place, Samples]:
        """Return what was measured in rooms in a time, by one participant or by everybody."""
        where, values = "room IN {rooms:Array(String)}", {"rooms": list(rooms)}
        if participant is None:
            return await self._read(where, values, span_ms)
        return await self._read(
            f"{where} AND participant = {{participant:String}}", {**values, "participant": participant}, span_ms
        )

    async def _units(self, wanted: Wanted, places: Collection[Place]) -> list[_Unit]:
        found = await self._clickhouse.query(
            f"SELECT room, participant, day, count() FROM ({_samples(wanted, '{places:Array(Tuple(String, String))}')})"
            " GROUP BY room, participant, day ORDER BY room, participant, day",
            {**self._values((wanted.from_ms, wanted.to_ms)), "places": [tuple(place) for place in places]},
        )
        rows = zip(*found, strict=True)
        return [_Unit(Place(room, participant), day, count) for room, participant, day, count in rows]

    async def _slice(self, wanted: Wanted, units: Sequence[_Unit]) -> dict[Place, Samples]:
        days = [unit.day for unit in units]
        span_ms = max(wanted.from_ms, min(days) * DAY_MS), min(wanted.to_ms, (max(days) + 1) * DAY_MS)
        where = f"(room, participant, {_DAY}) IN {{units:Array(Tuple(String, String, Int64))}}"
        return await self._read(where, {"units": [(*unit.place, unit.day) for unit in units]}, span_ms, wanted.only)

    async def _read(
        self, where: str, values: Mapping[str, Any], span_ms: tuple[int, int], only: str = ""
    ) -> dict[Place, Samples]:
        values, fields = {**values, **self._values(span_ms)}, media_fields(only)
        media = await self._clickhouse.query(
            f"SELECT {', '.join((*WHO, *map(named, fields)))} FROM {MEDIA.name} FINAL"
            f" WHERE {where} AND {_WITHIN} {_ORDER}",
            values,
        )
        levels: Columns = ()
        if not only:
            levels = await self._clickhouse.query(
                f"SELECT {', '.join((*WHO, *LEVEL_COLUMNS))} FROM {LEVELS.name} FINAL"
                f" WHERE {where} AND {_WITHIN} {_ORDER}",
                values,
                in_bytes=("stats",),
            )
        return await asyncio.to_thread(opened, media, fields, levels)

    def _values(self, span_ms: tuple[int, int]) -> dict[str, Any]:
        from_ms, to_ms = span_ms
        unsettled = sorted(self._moment.unsettled)
        return {"from_ms": from_ms, "to_ms": to_ms, "before": self._moment.before, "unsettled": unsettled}


def _samples(wanted: Wanted, places: str) -> str:
    """Return a query for the room, the participant and the day of each sample of some places."""
    return " UNION ALL ".join(
        f"SELECT room, participant, {_DAY} AS day FROM {table.name} FINAL"
        f" WHERE (room, participant) IN ({places}) AND {_WITHIN}"
        for table in ((MEDIA,) if wanted.only else (MEDIA, LEVELS))
    )


def _slices(units: Sequence[_Unit]) -> Iterator[list[_Unit]]:
    """Return days of participants, some at a time: as many as fit into memory, or one."""
    some: list[_Unit] = []
    count = 0
    for unit in units:
        if some and count + unit.samples > SAMPLES_A_SLICE:
            yield some
            some, count = [], 0
        some.append(unit)
        count += unit.samples
    if some:
        yield some

"""Where are the rollups, in ClickHouse?

Each segment that is settled adds rows, which ClickHouse adds up: in the background, and in every answer.  What the log
still has is added up here, and beside it; the numbers of segments that are among the rows (`rollup_writing`) say which
of it counts already.

A question is answered a page of keys at a time, so that no answer has to fit into memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from monitor.history.answers import Selection, Unanswerable
from monitor.history.counters import NONE
from monitor.history.people import KEPT, NOBODY
from monitor.history.rollup_rows import Part, Row, packed
from monitor.history.rollups import HOUR_MS, METRICS, NO_ROLLUPS, OTHER, ROOM, Key, Rollups, bounded, merged, selected
from monitor.store.answering import Answering
from monitor.store.clickhouse.client import Client, Columns
from monitor.store.clickhouse.columns import DAY_MS
from monitor.store.clickhouse.partitions import drop_days, kept_since
from monitor.store.clickhouse.rebuilding import rebuild_day
from monitor.store.clickhouse.rollup_columns import (
    COUNTED,
    COUNTS_TABLE,
    MARK,
    MASKED,
    PEOPLE_TABLE,
    SKETCHED,
    SKETCHES_TABLE,
    counted,
    sketched,
    there,
    without_marks,
)
from monitor.store.clickhouse.rollup_writing import completed, known_values, rolled_up
from monitor.store.lines import Lines
from monitor.store.ports import Lacking, Resolve, StoreFailed
from monitor.store.scopes import Scopes
from monitor.store.segments import Moment, SegmentedLog

HOURS_A_PAGE = 20_000  # of all keys
MOST_KEYS_A_PAGE = 500
MOST_LOOKS = 20

T = TypeVar("T")

_Logged = Mapping[int | None, Rollups]  # what each segment in the log adds up to; None: what is not sealed
_Marks = frozenset[tuple[int, int]]  # segments that are among the rows, each with a day


class ClickHouseRollups(Answering):
    """What samples add up to, in ClickHouse (`monitor.store.ports.RollupStore`)."""

    def __init__(self, clickhouse: Client, log: SegmentedLog, scopes: Scopes, turn: asyncio.Lock) -> None:
        super().__init__(scopes)
        self._clickhouse = clickhouse
        self._log = log
        self._turn = turn
        self._sealed: dict[int | None, Rollups] = {}  # of segments that are not settled: they do not change

    async def _fold(self, selection: Selection, part: Part, resolve: Resolve, fold: Callable[[Iterator[Row]], T]) -> T:
        loop = asyncio.get_running_loop()
        question = _Question(self._clickhouse, selection, part, lambda: self._look(selection, resolve))
        try:
            return await asyncio.to_thread(lambda: fold(question.rows(loop)))
        except StoreFailed as error:
            async with self._log.moment() as moment:
                told = _about(await self._in_log(moment, resolve, is_away=True), selection)
            rows = _in_order(merged(list(_bounded(told, {}).values())))
            raise Lacking(f"{error}; what is settled is missing", fold(iter(rows))) from error

    async def _look(self, selection: Selection, resolve: Resolve) -> "_Look":
        async with self._log.moment() as moment:
            logged = _about(await self._in_log(moment, resolve), selection)
            known = await known_values(self._clickhouse, merged(list(logged.values())))
            return _Look(moment.before, sorted(moment.unsettled), _bounded(logged, known))

    async def _in_log(self, moment: Moment, resolve: Resolve, *, is_away: bool = False) -> _Logged:
        """Return what the log adds up to; while ClickHouse is away nobody is known who has not told all of it."""
        found: dict[int | None, Rollups] = {}
        async for number, batches in moment.batches():
            if number in self._sealed:
                found[number] = self._sealed[number]
                continue
            lines = Lines()
            for batch in batches:
                lines.add(batch)
            told = await asyncio.to_thread(lambda: list(lines.take(resolve)))  # noqa: B023  # it is awaited
            whole = told if is_away else await completed(self._clickhouse, told, self.scopes)
            more = await asyncio.to_thread(rolled_up, whole, self.scopes)
            found[number] = merged([found.get(number, NO_ROLLUPS), more])
        if not is_away:
            self._sealed = {number: rollups for number, rollups in found.items() if number is not None}
        return found

    async def rebuild(self, from_ms: int, to_ms: int) -> int:
        """Add up the samples of whole hours anew; return how many they were.

        Raises:
            Unanswerable: the samples of that time are not all there any more.
            StoreFailed: a segment is settled in part; once it is settled, this can be done.
        """
        whole = Selection(ROOM, from_ms, to_ms).checked()
        async with self._turn, self._log.moment() as moment:
            raw_since_ms = await kept_since(self._clickhouse)
            if whole.from_ms < raw_since_ms:
                raise Unanswerable(
                    f"from_ms: expected {raw_since_ms} or later, since when samples are kept whole, got {from_ms}"
                )
            return sum([await rebuild_day(self._clickhouse, moment, *each, self.scopes) for each in _by_days(whole)])

    async def drop_before(self, bound_ms: int) -> int:
        """Drop the rollups of days that were over before; return how many rows went."""
        async with self._turn:
            tables = (COUNTS_TABLE, SKETCHES_TABLE, PEOPLE_TABLE)
            return sum([await drop_days(self._clickhouse, table.name, bound_ms) for table in tables])


def _by_days(whole: Selection) -> Iterator[tuple[int, int]]:
    """Return the time, cut at midnight."""
    from_ms = whole.from_ms
    while from_ms < whole.to_ms:
        to_ms = min(whole.to_ms, (from_ms // DAY_MS + 1) * DAY_MS)
        yield from_ms, to_ms
        from_ms = to_ms


# --- what is in the log -----------------------------------------------------------------------------------


def _about(logged: _Logged, selection: Selection) -> _Logged:
    return {number: selected(rollups, selection.is_about) for number, rollups in logged.items()}


def _bounded(logged: _Logged, known: dict[tuple[str, int], set[str]]) -> _Logged:
    """Return rollups with `other` for values that are too many, as if one segment had been settled after another."""
    found = {}
    for number, rollups in logged.items():
        found[number] = bounded(rollups, known)
        for scope, key, from_ms in found[number].keys:
            if scope != ROOM and key != OTHER:
                known.setdefault((scope, from_ms), set()).add(key)
    return found


# --- a page at a time -------------------------------------------------------------------------------------


class _Look(NamedTuple):
    """What the log had of the rollups that are asked for, at a moment (`monitor.store.segments.Moment`)."""

    before: int
    unsettled: Sequence[int]
    logged: _Logged


class _Moved(Exception):  # it is a fact
    """Something that the log had when it was looked at, not sealed as yet, is among the rows by now."""


class _Question:
    """Rows of a part that are asked for, with what the log has beside them."""

    def __init__(
        self, clickhouse: Client, selection: Selection, part: Part, look: Callable[[], Awaitable[_Look]]
    ) -> None:
        self._clickhouse = clickhouse
        self._selection = selection
        self._part = part
        self._look_again = look

    def rows(self, loop: asyncio.AbstractEventLoop) -> Iterator[Row]:
        """Yield rows on a thread of their own, page after page from the loop, in the order of keys and hours."""
        look = asyncio.run_coroutine_threadsafe(self._looked(), loop).result()
        after: str | None = self._selection.after
        while after is not None:
            look, rows, after = asyncio.run_coroutine_threadsafe(self._page(look, after), loop).result()
            yield from rows

    async def _looked(self) -> _Look:
        return await self._look_again()

    async def _page(self, look: _Look, after: str) -> tuple[_Look, list[Row], str | None]:
        """Return the rows of the next keys, and the last of these keys, or None if there are no more."""
        most = self._keys_a_page()
        keys = await self._keys(after, most)
        last = keys[-1] if len(keys) == most else None
        for _ in range(MOST_LOOKS):
            try:
                return look, _in_order(merged(await self._found(look, after, last))), last
            except _Moved:
                look = await self._look_again()
        raise StoreFailed(f"ClickHouse: expected a moment between two segments, got none in {MOST_LOOKS} looks")

    async def _found(self, look: _Look, after: str, last: str | None) -> list[Rollups]:
        if self._part == "sketches":
            return await self._sketches(look, after, last)
        return [*await self._minutes(look, after, last), *await self._people(look, after, last)]

    def _keys_a_page(self) -> int:
        hours = (self._selection.to_ms - self._selection.from_ms) // HOUR_MS
        return max(1, min(MOST_KEYS_A_PAGE, HOURS_A_PAGE // hours))

    async def _keys(self, after: str, most: int) -> list[str]:
        table = SKETCHES_TABLE if self._part == "sketches" else COUNTS_TABLE
        where, values = self._within(after, None)
        sql = f"SELECT DISTINCT key FROM {table.name} WHERE {where} ORDER BY key LIMIT {{most:UInt32}}"
        found = await self._clickhouse.query(sql, {**values, "most": most})
        return list(found[0]) if found else []

    async def _sketches(self, look: _Look, after: str, last: str | None) -> list[Rollups]:
        maps = ", ".join(f"sumMap({each})" for each in SKETCHED)
        columns, marks = await self._marked(f"scope, key, at_ms, {maps}", SKETCHES_TABLE.name, look, after, last)
        return [sketched(columns, METRICS), *self._counters(look.logged, after, last, marks)]

    async def _minutes(self, look: _Look, after: str, last: str | None) -> list[Rollups]:
        sums = ", ".join(f"sum({each})" for each in COUNTED)
        columns, marks = await self._marked(f"scope, key, at_ms, {sums}", COUNTS_TABLE.name, look, after, last)
        return [counted(columns, HOUR_MS), *self._counters(look.logged, after, last, marks)]

    async def _people(self, look: _Look, after: str, last: str | None) -> list[Rollups]:
        where, values = self._within(after, last)
        masks = ", ".join(f"groupBitOr({each})" for each in MASKED)
        columns = await self._clickhouse.query(
            f"SELECT scope, key, at_ms, person, {masks} FROM people WHERE {where} GROUP BY scope, key, at_ms, person"
            " ORDER BY scope, key, at_ms, person LIMIT {kept:UInt32} BY scope, key, at_ms",
            {**values, "kept": KEPT},
        )
        of_log = [_in_page(rollups, after, last) for rollups in look.logged.values()]
        return [there(columns), *(Rollups(each.keys, NONE, each.people) for each in of_log)]

    async def _marked(
        self, wanted: str, table: str, look: _Look, after: str, last: str | None
    ) -> tuple[Columns, _Marks]:
        """Return rows, and the segments that are among them: of one look, so that one is true of the other."""
        where, values = self._within(after, last)
        marks = (
            "scope = {mark:String} AND (key IN {segments:Array(String)} OR toUInt64OrZero(key) >= {before:UInt64})"
            " AND at_ms >= {from_day_ms:Int64} AND at_ms < {to_ms:Int64}"
        )
        found = await self._clickhouse.query(
            f"SELECT {wanted} FROM {table} WHERE ({where}) OR ({marks}) GROUP BY scope, key, at_ms",
            {
                **values,
                "mark": MARK,
                "segments": [str(number) for number in look.unsettled],
                "before": look.before,
                "from_day_ms": self._selection.from_ms // DAY_MS * DAY_MS,
            },
        )
        columns, told = without_marks(found)
        marked = frozenset(told)
        if any(number >= look.before for number, _ in marked):
            raise _Moved
        return columns, marked

    def _counters(self, logged: _Logged, after: str, last: str | None, marks: _Marks) -> Iterator[Rollups]:
        """Return what the log has counted and the rows do not have."""
        for number, rollups in logged.items():
            in_page = _in_page(Rollups(rollups.keys, rollups.counters, NOBODY), after, last)
            days = {day for segment, day in marks if segment == number}
            yield selected(in_page, lambda key: key.from_ms // DAY_MS not in days)  # noqa: B023  # it is done at once

    def _within(self, after: str, last: str | None) -> tuple[str, dict[str, Any]]:
        conditions = [
            "scope = {scope:String}",
            "key > {after:String}",
            "at_ms >= {from_ms:Int64}",
            "at_ms < {to_ms:Int64}",
        ]
        values: dict[str, Any] = {
            "scope": self._selection.scope,
            "after": after,
            "from_ms": self._selection.from_ms,
            "to_ms": self._selection.to_ms,
        }
        if last is not None:
            conditions.append("key <= {last:String}")
            values["last"] = last
        if self._selection.keys is not None:
            conditions.append("key IN {keys:Array(String)}")
            values["keys"] = list(self._selection.keys)
        return " AND ".join(conditions), values


def _in_page(rollups: Rollups, after: str, last: str | None) -> Rollups:
    def is_in(key: Key) -> bool:
        return after < key.key and (last is None or key.key <= last)

    return selected(rollups, is_in)


def _in_order(rollups: Rollups) -> list[Row]:
    return sorted(packed(rollups), key=attrgetter("key", "from_ms"))

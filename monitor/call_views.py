"""How do the lanes and the story of a call come about, of all that the store holds?

What was measured is read from the call's beginning, since levels hold until the next; it is laid out on a thread, which
lets others run between one participant and the next.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

import msgspec
from msgspec.structs import replace

from alerts.model import Incident
from monitor.entities import Room
from monitor.history.grids import Grid
from monitor.store.lacking import as_far_as_there
from monitor.store.ports import Call, Changed, Happening, Lacking, Line, Resolve, Store
from monitor.store.turns import Turns
from monitor.story.lanes import COLUMNS, grid_for, lanes_view
from monitor.story.material import Material
from monitor.story.missing import Inputs
from monitor.story.people import People
from monitor.story.shapes import LanesView
from monitor.story.telling import story_of

EARLIER_MS = 60_000  # what comes just before a call belongs to it
MOST_HAPPENINGS = 20_000

Span = tuple[int, int]

_encode = msgspec.json.Encoder().encode


class Measured(msgspec.Struct, frozen=True):
    """What was measured in a call, and the connections that were told of, from its beginning to a moment.

    `lacking` says what may be missing of what was measured.
    """

    call: Call
    lines: Sequence[Line]
    happenings: Sequence[Happening]
    lacking: str = ""

    @property
    def room(self) -> Room:
        """Return the room."""
        return self.call.room


class CallViews:
    """Looks calls up for their page.

    Args:
        store: what is on record.
        resolve: who had a name at some moment.
        now_ms: what time it is.
        kept_since_ms: since when samples are kept: older ones were dropped.
    """

    def __init__(
        self, store: Store, resolve: Resolve, now_ms: Callable[[], int], kept_since_ms: Callable[[], int] = lambda: 0
    ) -> None:
        self._store = store
        self._resolve = resolve
        self._now_ms = now_ms
        self.kept_since_ms = kept_since_ms

    async def measured(self, call: Call, to_ms: int) -> Measured:
        """Return what was measured in a call up to a moment."""
        room = call.room
        span_ms = began_ms(room, to_ms), to_ms
        lines, lacking = await as_far_as_there(self._store.samples.timeline(room.history_key, *span_ms, self._resolve))
        happenings = await self._store.log.happenings(
            room.history_key, *span_ms, MOST_HAPPENINGS, kinds=("connection",)
        )
        return Measured(call, lines, happenings, lacking)

    async def lanes(self, call: Call, span_ms: Span, points: int, columns: Collection[str] = COLUMNS) -> bytes:
        """Return the lanes of a call as JSON, on a grid of at most so many steps."""
        told = await self.measured(call, span_ms[1])
        seen_ms = self.until_now(span_ms)
        return await asyncio.to_thread(lanes_json, told, grid_for(told.lines, seen_ms, points), seen_ms, columns)

    def until_now(self, span_ms: Span) -> Span:
        """Return as much of a time as can be known."""
        return span_ms[0], max(span_ms[0] + 1, min(span_ms[1], self._now_ms()))

    async def story(self, call: Call, span_ms: Span, limit: int) -> bytes:
        """Return the story of a call as JSON."""
        material, inputs = await self.material(call, span_ms)
        return await asyncio.to_thread(lambda: _encode(story_of(material, inputs, limit)))

    async def people(self, call: Call) -> People:
        """Return everybody who is known of in a call.

        Raises:
            Lacking: there may be somebody whom only what was measured names.
        """
        to_ms = max(self._now_ms(), call.room.ended_at_ms or 0) + EARLIER_MS
        told = await self.measured(call, to_ms)
        if told.lacking:
            raise Lacking(told.lacking, ())
        return People(call.room, told.lines, await self.happened(call.room, to_ms))

    async def material(self, call: Call, span_ms: Span) -> tuple[Material, Inputs]:
        """Return what the story of a call is told from, which is all of it, since what lasts began earlier."""
        to_ms = max(span_ms[1], call.room.ended_at_ms or 0) + EARLIER_MS
        told = await self.measured(call, to_ms)
        happenings = await self.happened(call.room, to_ms)
        alerts, incidents = await self.alerts(call)
        people = People(call.room, told.lines, happenings)
        return (
            Material(call, people, happenings, alerts, incidents, span_ms),
            Inputs(call, people, happenings, self.kept_since_ms(), self._now_ms(), told.lacking),
        )

    async def happened(self, room: Room, to_ms: int) -> list[Happening]:
        """Return what happened, also by the word of those who knew no SID of the room, as they did not get in."""
        span_ms, keys = (began_ms(room, to_ms), to_ms), [room.history_key]
        if room.name is not None and span_ms[0] and room.history_key != f"name:{room.name}":
            keys.append(f"name:{room.name}")
        happenings = self._store.log.happenings
        found = [each for key in keys for each in await happenings(key, *span_ms, MOST_HAPPENINGS)]
        return sorted(found, key=lambda each: each.at_ms)

    async def alerts(self, call: Call) -> tuple[Sequence[Changed], Sequence[Incident]]:
        """Return what became of the alerts of a call, and the incidents that they may have been part of."""
        alerts = await self._store.archive.alerts(call)
        groups = {group for each in alerts for group in each.alert.groups}
        if not groups:
            return alerts, ()
        began_s = min(each.transition.at for each in alerts)
        return alerts, await self._store.incidents.incidents_of(groups, began_s, float("inf"))


def lanes_json(told: Measured, grid: Grid, span_ms: Span, columns: Collection[str] = COLUMNS) -> bytes:
    """Return lanes as JSON, lane by lane, so that nobody waits for all of it: work for a thread."""
    view, turns = lanes_of(told, grid, span_ms, columns), Turns()
    head = _encode(replace(view, lanes=(), lacking=told.lacking))
    lanes = []
    for lane in view.lanes:
        turns.give_way()
        lanes.append(_encode(lane))
    return head.removesuffix(b"[]}") + b"[" + b",".join(lanes) + b"]}"  # `lanes` is the last field


def lanes_of(told: Measured, grid: Grid, span_ms: Span, columns: Collection[str] = COLUMNS) -> LanesView:
    """Return lanes: work for a thread."""
    people = People(told.room, told.lines, told.happenings)
    return lanes_view(told.room, people, told.happenings, grid, span_ms, columns, Turns().give_way)


def began_ms(room: Room, at_most_ms: int) -> int:
    """Return from when on anything in a call may be on record."""
    moments = [each.joined_at_ms for each in room.people() if each.joined_at_ms]
    began = room.created_at_ms or min(moments, default=None)
    return 0 if began is None else min(began - EARLIER_MS, at_most_ms - 1)

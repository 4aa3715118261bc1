"""How does a verdict come about, of all that the store holds?

First the room itself: who was there, what they measured, what happened.  Then the other rooms of the same time, for
what many have in common: of a long call only the worst half hour is compared, with so many rooms, for so many seconds.
Whatever was not looked at by then is left out, and how many rooms were looked at is told.

The work is done on threads, one verdict at a time: what people ask must not keep the doors waiting.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from collectors.events import Trouble
from monitor.causes.case import Case
from monitor.causes.verdicts import Verdict
from monitor.entities import Room
from monitor.evidence import troubles
from monitor.evidence.gathering import SAID, SUMMARIES, evidence_of
from monitor.evidence.stretches import worst_stretch
from monitor.evidence.surroundings import Neighbours
from monitor.evidence.symptoms import symptoms_of
from monitor.live import Live
from monitor.store.ports import Happening, Lacking, Line, Resolve, Store
from monitor.verdict import decide

OTHER_ROOMS = 200
OTHERS_MS = 1_800_000
OTHERS_S = 5.0
ROOMS_A_TIME = 50  # a few megabytes of samples
HELD_MS = 3_600_000  # so long before the window may something have begun that still holds in it
HAPPENINGS, HAPPENINGS_ELSEWHERE = 20_000, 1_000
_EVER_MS = 2**62

Span = tuple[int, int]


class Finding(Struct, frozen=True):
    """A verdict, and what it rests on.

    `compared_ms` is the part of the window in which other rooms were looked at, `other_rooms` how many of them;
    `are_other_rooms_cut` says that there were more.
    """

    case: Case
    verdict: Verdict
    compared_ms: Span
    other_rooms: int
    are_other_rooms_cut: bool


class Inquiry:
    """Finds out whose fault a bad call was.

    Args:
        store: what is on record.
        live: the picture, which knows what troubles there are now.
        resolve: who had a name at some moment.
        others_s: for how long other rooms may be looked at.
        steady_s: a clock that only ever goes forward.
    """

    def __init__(
        self,
        store: Store,
        live: Live,
        resolve: Resolve,
        *,
        others_s: float = OTHERS_S,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._live = live
        self._resolve = resolve
        self._others_s = others_s
        self._steady_s = steady_s
        self._turn = asyncio.Lock()

    async def look_into(self, room: Room, span_ms: Span) -> Finding:
        """Return whose fault it was that a room was bad during a window of time.

        Raises:
            Lacking: a part of what was measured in it is away, and half the evidence makes a wrong verdict.
        """
        async with self._turn:
            case = await self._case(room, span_ms)
            compared_ms = worst_stretch(case.symptoms, span_ms, OTHERS_MS)
            neighbours, is_cut = await self._look_around(room, compared_ms)
            around = neighbours.surroundings(is_twilio_unreachable=await self._is_unreachable(span_ms))
            case = replace(case, evidence=replace(case.evidence, surroundings=around))
            verdict = await asyncio.to_thread(decide, case)
        return Finding(case, verdict, compared_ms, neighbours.rooms, is_cut)

    # --- the room itself ------------------------------------------------------------------------------------

    async def _case(self, room: Room, span_ms: Span) -> Case:
        from_ms, to_ms = span_ms
        began_ms = min(room.created_at_ms or from_ms, from_ms)
        lines = await self._store.samples.timeline(room.history_key, began_ms, to_ms, self._resolve)
        happened = await self._happened(room, (began_ms, to_ms), HAPPENINGS)
        happened += await self._said_by_name(room, span_ms)

        def prepare() -> Case:
            evidence = evidence_of(room, lines, happened, span_ms)
            return Case(evidence, symptoms_of(evidence))

        return await asyncio.to_thread(prepare)

    async def _happened(self, room: Room, span_ms: Span, limit: int) -> list[Happening]:
        happenings, key = self._store.log.happenings, room.history_key
        said = await happenings(key, *span_ms, limit, kinds=SAID)
        return [*said, *await happenings(key, span_ms[0], _EVER_MS, limit, kinds=SUMMARIES)]

    async def _said_by_name(self, room: Room, span_ms: Span) -> Sequence[Happening]:
        """Return what those said who knew no SID of the room, such as whoever could not join."""
        if room.name is None:
            return ()
        return await self._store.log.happenings(f"name:{room.name}", *span_ms, HAPPENINGS, kinds=SAID)

    # --- what went on around it -----------------------------------------------------------------------------

    async def _look_around(self, room: Room, span_ms: Span) -> tuple[Neighbours, bool]:
        """Return what went on in other rooms, and whether there were more than were looked at."""
        until_s = self._steady_s() + self._others_s
        found = await self._store.archive.overlapping(*span_ms, OTHER_ROOMS + 2)  # itself, and one to know of more
        others = [each for each in found if each.key != room.key]
        wanted, neighbours = others[:OTHER_ROOMS], Neighbours()
        for first in range(0, len(wanted), ROOMS_A_TIME):
            if self._steady_s() >= until_s:
                break
            try:
                await self._meet(neighbours, wanted[first : first + ROOMS_A_TIME], span_ms, until_s)
            except Lacking:  # how others fared is not known then: as if there had been no time to look
                break
        return neighbours, neighbours.rooms < len(others)

    async def _meet(self, neighbours: Neighbours, rooms: Sequence[Room], span_ms: Span, until_s: float) -> None:
        since_ms, to_ms = span_ms[0] - HELD_MS, span_ms[1]
        keys = {each.history_key for each in rooms}
        lines = _by_room(await self._store.samples.timelines(keys, since_ms, to_ms, self._resolve), keys)
        happened = {each.key: await self._happened(each, (since_ms, to_ms), HAPPENINGS_ELSEWHERE) for each in rooms}

        def count() -> None:
            for each in rooms:
                if self._steady_s() >= until_s:
                    return
                neighbours.add(evidence_of(each, lines[each.history_key], happened[each.key], span_ms))
                time.sleep(0)  # so that whoever waits for the interpreter gets it

        await asyncio.to_thread(count)

    async def _is_unreachable(self, span_ms: Span) -> bool:
        """Return whether Twilio's REST API was out of reach: it is now, and was then, or it was told then."""
        since_ms = (account.troubles.get(Trouble.UNREACHABLE) for account in self._live.accounts.values())
        if any(since is not None and since < span_ms[1] for since in since_ms):
            return True
        happened = await self._store.log.happenings(
            "", span_ms[0] - HELD_MS, span_ms[1], HAPPENINGS, kinds=troubles.KINDS
        )
        return troubles.was_unreachable(happened, span_ms[0])


def _by_room(lines: Iterable[Line], rooms: Collection[str]) -> Mapping[str, Sequence[Line]]:
    found: dict[str, list[Line]] = {room: [] for room in rooms}
    for line in lines:
        found[line.series.room].append(line)
    return found

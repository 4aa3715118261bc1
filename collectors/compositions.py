"""Which compositions are not finished, and what became of those that were not?

The lists of enqueued and processing compositions show who is still waiting.  Those that we know and that neither list
shows are looked for (`collectors.missing`), and so are those that a hook owes.  REST has neither a failure's reason nor
progress: only callbacks do.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from collectors.base import Known
from collectors.events import CompositionSeen, CompositionsListed, CompositionStatus, Event, Source
from collectors.lists import Pages, abreast, all_of
from collectors.missing import Search
from collectors.rest.twilio import Twilio, or_none, to_int, to_ms, understood
from collectors.soundness import sound

PAGE_SIZE = 100  # Twilio's maximum for this resource


class Compositions:
    """The unfinished compositions of one account (`collectors.base.Collector`)."""

    resource = "compositions"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield the compositions that somebody waits for, and what became of the others."""
        account_sid = self._twilio.account_sid
        missing = dict(known.compositions_in_doubt(account_sid))
        for status in ("enqueued", "processing"):  # in the order of their life, so that none slips through between
            async for page in self._list(now_ms, status=status):
                yield page
                for composition in page:
                    missing.pop(composition.composition_sid, None)
        search = Search(partial(self._completed, now_ms), partial(self._fetch, now_ms), lambda it: it.composition_sid)
        async for found in search.find(missing):
            yield found
        # One that was made quickly has been in neither list.
        async for told in abreast(partial(self._of_room, now_ms), known.rooms_owed_a_composition(account_sid, now_ms)):
            yield told

    async def _of_room(self, now_ms: int, room_sid: str) -> list[Event]:
        seen = await all_of(self._list(now_ms, room_sid=room_sid)) or []
        listed = CompositionsListed(now_ms, Source.POLL, room_sid, self._twilio.account_sid, len(seen))
        return [*seen, listed]

    def _completed(self, now_ms: int, since: datetime, until: datetime, limit: int) -> Pages[CompositionSeen]:
        return self._list(now_ms, limit, status="completed", date_created_after=since, date_created_before=until)

    def _list(self, now_ms: int, limit: int | None = None, **filters: Any) -> Pages[CompositionSeen]:
        first = self._twilio.video.compositions.page_async(page_size=self._page_size, **filters)
        return Pages(self.resource, first, partial(to_event, now_ms=now_ms), limit=limit)

    async def _fetch(self, now_ms: int, composition_sid: str) -> CompositionSeen:
        with understood(self.resource):
            composition = await or_none(self._twilio.video.compositions(composition_sid).fetch_async())
            return self._deleted(composition_sid, now_ms) if composition is None else to_event(composition, now_ms)

    def _deleted(self, composition_sid: str, now_ms: int) -> CompositionSeen:
        status, account_sid = CompositionStatus.DELETED, self._twilio.account_sid
        return CompositionSeen(now_ms, Source.POLL, composition_sid, status, account_sid)


def to_event(composition: Any, now_ms: int) -> CompositionSeen:
    """Return what Twilio's composition object tells."""
    return sound(
        CompositionSeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            composition_sid=composition.sid,
            status=CompositionStatus(composition.status),
            account_sid=composition.account_sid,
            room_sid=composition.room_sid,
            created_at_ms=to_ms(composition.date_created),
            completed_at_ms=to_ms(composition.date_completed),
            duration_s=to_int(composition.duration),
            size_bytes=to_int(composition.size),
        )
    )

"""Which compositions are not finished, and what became of those that were not?

The lists of enqueued and processing compositions show who is still waiting.  One that we know and that neither list
shows is asked for by its SID.  REST has neither a failure's reason nor progress: only callbacks do.
"""

from collections.abc import Sequence
from typing import Any

from collectors.base import Known
from collectors.events import CompositionSeen, CompositionStatus, Event, Source
from collectors.twilio import Twilio, or_none, to_int, to_ms, understood

PAGE_SIZE = 100  # Twilio's maximum for this resource; the client library would ask for more
MAX_FETCHES = 50


class Compositions:
    """The unfinished compositions of one account (`collectors.base.Collector`)."""

    resource = "compositions"

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    async def collect(self, known: Known, now_ms: int) -> Sequence[Event]:
        """Return the compositions that somebody waits for, and what became of the others."""
        compositions = self._twilio.video.compositions
        with understood(self.resource):
            seen: list[CompositionSeen] = []
            for status in ("enqueued", "processing"):
                listed = await compositions.list_async(status=status, page_size=PAGE_SIZE)
                seen += [to_event(composition, now_ms) for composition in listed]
            shown = {composition.composition_sid for composition in seen}
            missing = [sid for sid in known.open_compositions(self._twilio.account_sid) if sid not in shown]
            for sid in missing[:MAX_FETCHES]:
                composition = await or_none(compositions(sid).fetch_async())
                deleted = CompositionSeen(now_ms, Source.POLL, sid, CompositionStatus.DELETED)
                seen.append(deleted if composition is None else to_event(composition, now_ms))
        return seen


def to_event(composition: Any, now_ms: int) -> CompositionSeen:
    """Return what Twilio's composition object tells."""
    return CompositionSeen(
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

"""Who was in the rooms that ended while nobody was looking?

The Log Analyzer knows every stay in an ended room: when it began and ended, and why.  That is a request a room, of no
use to anybody who pages people now, so it is asked for with what the budget leaves over.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import Any

from collectors.base import Known
from collectors.events import Event, ParticipantSummarySeen, Source, StaysListed
from collectors.lists import PAGE_SIZE, Pages, abreast, all_of
from collectors.rest.twilio import Twilio, to_int, to_ms
from collectors.soundness import sound

# The documents say that the SDK's name and version are told, but not under which names.
_SDK_NAMES = ("sdk_name", "sdk_type", "name", "type")
_SDK_VERSIONS = ("sdk_version", "version")


class Stays:
    """The Log Analyzer's participant summaries of one account (`collectors.base.Collector`)."""

    resource = "stays"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield, room by room, the stays of which nobody else can tell."""
        due = known.stays_to_summarise(self._twilio.account_sid, now_ms)
        async for told in abreast(partial(self._ask, now_ms), due):
            yield told

    async def _ask(self, now_ms: int, room_sid: str) -> list[Event]:
        first = self._twilio.client.insights.v1.rooms(room_sid).participants.page_async(page_size=self._page_size)
        told = await all_of(Pages(self.resource, first, partial(to_event, now_ms=now_ms)))
        stays = told or []
        listed = StaysListed(
            seen_at_ms=now_ms,
            source=Source.POLL,
            room_sid=room_sid,
            account_sid=self._twilio.account_sid,
            stays=len(stays),
            is_known=told is not None,
        )
        return [*stays, listed]


def to_event(stay: Any, now_ms: int) -> ParticipantSummarySeen:
    """Return what the Log Analyzer's participant object tells."""
    return sound(
        ParticipantSummarySeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            room_sid=stay.room_sid,
            participant_sid=stay.participant_sid,
            account_sid=stay.account_sid,
            identity=stay.participant_identity,
            joined_at_ms=to_ms(stay.join_time),
            left_at_ms=to_ms(stay.leave_time),
            duration_s=to_int(stay.duration_sec),
            end_reason=stay.end_reason,
            error_code=to_int(stay.error_code) or None,  # 0 stands for no error
            media_region=stay.media_region,
            edge_location=stay.edge_location,
            sdk=sdk_of(stay.publisher_info or {}),
        )
    )


def sdk_of(publisher_info: Mapping[str, object]) -> str | None:
    """Return the name and version of the SDK, as far as they are told."""
    given = (_first(publisher_info, names) for names in (_SDK_NAMES, _SDK_VERSIONS))
    return " ".join(word for word in given if word) or None


def _first(given: Mapping[str, object], names: Sequence[str]) -> str:
    return next((str(given[name]) for name in names if given.get(name)), "")

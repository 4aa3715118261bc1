"""What does the Log Analyzer say of the rooms that have ended?

Some minutes after its end, thirty at most, a room has a summary: why it ended, how many stays there were, how long
they were in all.  It is kept for seven days, and it is the only word on rooms that ended while nobody was looking.
"""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any

from collectors.base import Known, Summaries
from collectors.events import Event, RoomSummarySeen, Source, SummariesListed
from collectors.lists import PAGE_SIZE, Pages, moment
from collectors.rest.twilio import Twilio, to_int, to_ms
from collectors.soundness import sound

KEPT_MS = 7 * 24 * 3_600_000  # Twilio forgets what is older


class RoomSummaries:
    """The Log Analyzer's room summaries of one account (`collectors.base.Collector`)."""

    resource = "summaries"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield the summaries that are wanted page by page, then that there are no others."""
        wanted = known.rooms_to_summarise(self._twilio.account_sid, now_ms)
        if wanted is None:
            return
        from_ms, to_ms = max(wanted.created_from_ms, now_ms - KEPT_MS), wanted.created_to_ms
        rooms = 0
        if from_ms <= to_ms:
            async for page in self._list(Summaries(from_ms, to_ms), now_ms):
                told = [summary for summary in page if summary is not None]
                rooms += len(told)
                yield told
        yield (SummariesListed(now_ms, Source.POLL, self._twilio.account_sid, *wanted, rooms),)

    def _list(self, wanted: Summaries, now_ms: int) -> Pages[RoomSummarySeen | None]:
        first = self._twilio.client.insights.v1.rooms.page_async(
            created_after=moment(wanted.created_from_ms),
            created_before=moment(
                wanted.created_to_ms + 1000
            ),  # rooms created before, and parts of a second are cut off
            page_size=self._page_size,
        )
        return Pages(self.resource, first, partial(to_event, now_ms=now_ms))


def to_event(room: Any, now_ms: int) -> RoomSummarySeen | None:
    """Return what the Log Analyzer's room object tells, or None while the room goes on: then nothing is final."""
    if room.room_status == "in_progress":
        return None
    return sound(
        RoomSummarySeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            room_sid=room.room_sid,
            account_sid=room.account_sid,
            room_name=None if room.room_name == room.room_sid else room.room_name,
            created_at_ms=to_ms(room.create_time),
            ended_at_ms=to_ms(room.end_time),
            end_reason=room.end_reason,
            duration_s=to_int(room.duration_sec),
            unique_participants=to_int(room.unique_participants),
            unique_identities=to_int(room.unique_participant_identities),
            concurrent_participants=to_int(room.concurrent_participants),
            participants_duration_s=to_int(room.total_participant_duration_sec),
            recordings_duration_s=to_int(room.total_recording_duration_sec),
            room_type=room.room_type and room.room_type.replace("_", "-"),  # as everywhere else at Twilio
            media_region=room.media_region,
            edge_location=room.edge_location,
            processing_state=room.processing_state,
        )
    )

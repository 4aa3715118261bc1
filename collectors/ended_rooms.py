"""Who was in a room that is over, and is what was recorded there safe?

The list of an ended room's participants is final: it tells of those whom no callback announced and no look found.
Its recordings become complete some time after its end, so they are listed until none is processing any more.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial
from operator import call
from typing import Any

from collectors.base import Known, Unsettled
from collectors.events import Event, RecordingSeen, RecordingsListed, RecordingStatus, RoomLooked, Source
from collectors.lists import PAGE_SIZE, Pages, abreast, all_of
from collectors.participants import to_event as to_participant
from collectors.rest.twilio import Twilio, to_int, to_ms
from collectors.soundness import sound

Question = Callable[[], Awaitable[list[Event]]]


class EndedRooms:
    """The rooms of one account that are over but not yet known in full (`collectors.base.Collector`)."""

    resource = "ended_rooms"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield, room by room, who was in it and what was recorded, where that is not settled."""
        due = known.rooms_to_settle(self._twilio.account_sid, now_ms)
        questions = [question for room in due for question in self._questions(room, now_ms)]
        async for told in abreast(call, questions):
            yield told

    def _questions(self, room: Unsettled, now_ms: int) -> list[Question]:
        wanted = ((room.participants, self._participants), (room.recordings, self._recordings))
        return [partial(ask, room.room_sid, now_ms) for is_wanted, ask in wanted if is_wanted]

    async def _participants(self, room_sid: str, now_ms: int) -> list[Event]:
        first = self._twilio.video.rooms(room_sid).participants.page_async(page_size=self._page_size)
        seen = await all_of(Pages(self.resource, first, partial(to_participant, now_ms=now_ms)))
        listed = seen or []
        looked = RoomLooked(
            seen_at_ms=now_ms,
            source=Source.POLL,
            room_sid=room_sid,
            account_sid=self._twilio.account_sid,
            participants=len(listed),
            is_final=True,
            is_known=seen is not None,
        )
        return [*listed, looked]

    async def _recordings(self, room_sid: str, now_ms: int) -> list[Event]:
        first = self._twilio.video.rooms(room_sid).recordings.page_async(page_size=self._page_size)
        seen = await all_of(Pages(self.resource, first, partial(to_event, now_ms=now_ms)))
        recordings = seen or []
        listed = RecordingsListed(
            seen_at_ms=now_ms,
            source=Source.POLL,
            room_sid=room_sid,
            account_sid=self._twilio.account_sid,
            recordings=len(recordings),
            open=sum(recording.status is RecordingStatus.PROCESSING for recording in recordings),
            is_known=seen is not None,
        )
        return [*recordings, listed]


def to_event(recording: Any, now_ms: int) -> RecordingSeen:
    """Return what Twilio's object of a room's recording tells."""
    return sound(
        RecordingSeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            recording_sid=recording.sid,
            status=RecordingStatus(recording.status),
            room_sid=recording.room_sid,
            account_sid=recording.account_sid,
            participant_sid=(recording.grouping_sids or {}).get("participant_sid"),
            kind=recording.type,
            created_at_ms=to_ms(recording.date_created),
            duration_s=to_int(recording.duration),
            size_bytes=to_int(recording.size),
        )
    )

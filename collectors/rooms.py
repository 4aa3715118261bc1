"""Which rooms are in progress, and which have ended since we last asked?

One sweep lists the rooms in progress.  A room that we believe is live and that the sweep did not show is asked for by
its SID, and so is a room that an unfinished composition waits for.
"""

from collections.abc import Sequence
from typing import Any

from collectors.base import Known
from collectors.events import Event, RoomSeen, RoomStatus, Source
from collectors.twilio import Twilio, or_none, to_int, to_ms, understood

PAGE_SIZE = 500
MAX_FETCHES = 50  # one by one and inside the budget; what is left over is asked for next time


class Rooms:
    """The rooms of one account (`collectors.base.Collector`)."""

    resource = "rooms"

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    async def collect(self, known: Known, now_ms: int) -> Sequence[Event]:
        """Return the rooms in progress, and those that no longer are."""
        account_sid = self._twilio.account_sid
        with understood(self.resource):
            listed = await self._twilio.video.rooms.list_async(status="in-progress", page_size=PAGE_SIZE)
            seen = [to_event(room, now_ms) for room in listed]
            shown = {room.room_sid for room in seen}
            missing = [sid for sid in known.live_rooms(account_sid) if sid not in shown]
            missing += known.rooms_of_unknown_end(account_sid)
            for sid in missing[:MAX_FETCHES]:
                room = await or_none(self._twilio.video.rooms(sid).fetch_async())
                if room is not None:  # else it belongs to another account, though its telemetry reached us
                    seen.append(to_event(room, now_ms))
        return seen


def to_event(room: Any, now_ms: int) -> RoomSeen:
    """Return what Twilio's room object tells."""
    return RoomSeen(
        seen_at_ms=now_ms,
        source=Source.POLL,
        room_sid=room.sid,
        status=RoomStatus(room.status),
        account_sid=room.account_sid,
        room_name=None if room.unique_name == room.sid else room.unique_name,
        created_at_ms=to_ms(room.date_created),
        ended_at_ms=to_ms(room.end_time),
        duration_s=to_int(room.duration),
        max_participants=to_int(room.max_participants),
        media_region=room.media_region,
    )

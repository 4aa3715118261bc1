"""Which rooms are in progress, and which have ended since we last asked?

One sweep lists the rooms in progress.  A room that we believed live before the sweep, and that it did not show, has
ended; so may one that an unfinished composition waits for.  Those are looked for (`collectors.missing`).
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from collectors.base import Known
from collectors.events import Event, RoomSeen, RoomStatus, Source
from collectors.lists import PAGE_SIZE, Pages
from collectors.missing import Search, Strangers
from collectors.rest.twilio import Twilio, or_none, to_int, to_ms, understood
from collectors.soundness import sound


class Rooms:
    """The rooms of one account (`collectors.base.Collector`)."""

    resource = "rooms"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size
        self._strangers = Strangers()

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield the rooms in progress page by page, then those that no longer are."""
        account_sid = self._twilio.account_sid
        believed = dict(known.live_rooms(account_sid))  # before the sweep: what opens meanwhile is not missing
        shown: set[str] = set()
        async for page in self._in_progress(now_ms):
            shown.update(room.room_sid for room in page)
            self._strangers.discard(shown)
            yield page
        believed |= {sid: believed.get(sid) for sid in known.rooms_in_doubt(account_sid)}
        self._strangers.discard(shown)
        self._strangers.forget(now_ms)
        missing = {sid: at_ms for sid, at_ms in believed.items() if sid not in shown and sid not in self._strangers}
        search = Search(partial(self._completed, now_ms), partial(self._fetch, now_ms), lambda room: room.room_sid)
        async for found in search.find(missing):
            yield found

    def _in_progress(self, now_ms: int) -> Pages[RoomSeen]:
        rooms = self._twilio.video.rooms
        first = rooms.page_async(status="in-progress", page_size=self._page_size)
        return Pages(self.resource, first, partial(to_event, now_ms=now_ms))

    def _completed(self, now_ms: int, since: datetime, until: datetime, limit: int) -> Pages[RoomSeen]:
        first = self._twilio.video.rooms.page_async(
            status="completed", date_created_after=since, date_created_before=until, page_size=self._page_size
        )
        return Pages(self.resource, first, partial(to_event, now_ms=now_ms), limit=limit)

    async def _fetch(self, now_ms: int, room_sid: str) -> RoomSeen | None:
        with understood(self.resource):
            room = await or_none(self._twilio.video.rooms(room_sid).fetch_async())
            if room is None:
                self._strangers.add(room_sid, now_ms)
            return None if room is None else to_event(room, now_ms)


def to_event(room: Any, now_ms: int) -> RoomSeen:
    """Return what Twilio's room object tells."""
    empty_timeout_min = to_int(room.empty_room_timeout)
    return sound(
        RoomSeen(
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
            max_participant_duration_s=to_int(room.max_participant_duration),
            empty_timeout_s=None if empty_timeout_min is None else empty_timeout_min * 60,
            is_recorded=room.record_participants_on_connect,
            media_region=room.media_region,
        )
    )

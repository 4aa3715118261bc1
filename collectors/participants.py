"""Who is in the rooms, and who has left?

The list of a live room shows who is connected.  Somebody whom it does not show may be reconnecting, so whoever is
missing is asked for before being declared gone: by SID, or by lists of the other statuses when many are missing.
"""

from collections.abc import AsyncGenerator, Awaitable, Sequence
from functools import partial
from typing import Any

from collectors.base import Known
from collectors.events import Event, ParticipantSeen, ParticipantStatus, RoomLooked, Source
from collectors.lists import PAGE_SIZE, Pages, abreast, all_of
from collectors.missing import FEW
from collectors.rest.twilio import Twilio, or_none, to_ms, understood
from collectors.soundness import sound


class Participants:
    """The participants of one account's live rooms (`collectors.base.Collector`)."""

    resource = "participants"

    def __init__(self, twilio: Twilio, page_size: int = PAGE_SIZE) -> None:
        self._twilio = twilio
        self._page_size = page_size

    async def collect(self, known: Known, now_ms: int) -> AsyncGenerator[Sequence[Event], None]:
        """Yield who is in each room that is due for a look, and who no longer is."""
        async for told in abreast(partial(self._look, known, now_ms), self._due(known, now_ms)):
            yield told

    def _due(self, known: Known, now_ms: int) -> Sequence[str]:
        return known.rooms_to_look_at(self._twilio.account_sid, now_ms)

    async def _look(self, known: Known, now_ms: int, room_sid: str) -> list[Event]:
        missing = set(known.connected_participants(room_sid))  # before the list: who joins meanwhile is not missing
        seen = await all_of(self._list(room_sid, now_ms))
        if seen is None:
            return [RoomLooked(now_ms, Source.POLL, room_sid, self._twilio.account_sid, is_known=False)]
        missing -= {one.participant_sid for one in seen}
        seen += await self._find(room_sid, missing, now_ms)
        there = sum(one.status is not ParticipantStatus.DISCONNECTED for one in seen)
        return [*seen, RoomLooked(now_ms, Source.POLL, room_sid, self._twilio.account_sid, there)]

    async def _find(self, room_sid: str, missing: set[str], now_ms: int) -> list[ParticipantSeen]:
        found: list[ParticipantSeen] = []
        for status in ("disconnected", "reconnecting"):
            if len(missing) > FEW:
                listed = await all_of(self._list(room_sid, now_ms, status=status)) or []
                found += [one for one in listed if one.participant_sid in missing]
                missing = missing - {one.participant_sid for one in listed}
        return found + [await self._fetch(room_sid, sid, now_ms) for sid in sorted(missing)]

    def _list(self, room_sid: str, now_ms: int, **status: str) -> Pages[ParticipantSeen]:
        participants = self._twilio.video.rooms(room_sid).participants
        first: Awaitable[Any] = participants.page_async(page_size=self._page_size, **status)
        return Pages(self.resource, first, partial(to_event, now_ms=now_ms))

    async def _fetch(self, room_sid: str, participant_sid: str, now_ms: int) -> ParticipantSeen:
        with understood(self.resource):
            participant = await or_none(self._twilio.video.rooms(room_sid).participants(participant_sid).fetch_async())
            if participant is None:
                return ParticipantSeen(now_ms, Source.POLL, room_sid, participant_sid, ParticipantStatus.DISCONNECTED)
            return to_event(participant, now_ms)


class Reconciliation(Participants):
    """The same, in rooms where nothing hints at a change: slowly, in turn, in case that somebody told nothing."""

    resource = "reconciliation"

    def _due(self, known: Known, now_ms: int) -> Sequence[str]:
        return known.rooms_to_reconcile(self._twilio.account_sid, now_ms)


def to_event(participant: Any, now_ms: int) -> ParticipantSeen:
    """Return what Twilio's participant object tells."""
    return sound(
        ParticipantSeen(
            seen_at_ms=now_ms,
            source=Source.POLL,
            room_sid=participant.room_sid,
            participant_sid=participant.sid,
            status=ParticipantStatus(participant.status),
            account_sid=participant.account_sid,
            identity=participant.identity,
            joined_at_ms=to_ms(participant.start_time),
            left_at_ms=to_ms(participant.end_time),
        )
    )

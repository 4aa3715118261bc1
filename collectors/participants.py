"""Who is in the rooms, and who has left?

The list of a live room shows who is connected.  Somebody whom it does not show may be reconnecting, so whoever is
missing is asked for by SID before being declared gone.
"""

from collections.abc import Sequence
from typing import Any

from collectors.base import Known
from collectors.events import Event, ParticipantSeen, ParticipantStatus, Source
from collectors.twilio import Twilio, or_none, to_ms, understood

PAGE_SIZE = 100  # rooms hold 50


class Participants:
    """The participants of one account's live rooms (`collectors.base.Collector`)."""

    resource = "participants"

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    async def collect(self, known: Known, now_ms: int) -> Sequence[Event]:
        """Return who is in each live room, and who no longer is."""
        seen: list[ParticipantSeen] = []
        with understood(self.resource):
            for room_sid in known.live_rooms(self._twilio.account_sid):
                seen += await self._collect_room(room_sid, known.connected_participants(room_sid), now_ms)
        return seen

    async def _collect_room(self, room_sid: str, known: Sequence[str], now_ms: int) -> list[ParticipantSeen]:
        participants = self._twilio.video.rooms(room_sid).participants
        listed = await or_none(participants.list_async(page_size=PAGE_SIZE))
        if listed is None:  # a room of another account, though its telemetry reached us
            return []
        seen = [to_event(participant, now_ms) for participant in listed]
        shown = {participant.participant_sid for participant in seen}
        for sid in known:
            if sid not in shown:
                participant = await or_none(participants(sid).fetch_async())
                gone = ParticipantSeen(now_ms, Source.POLL, room_sid, sid, ParticipantStatus.DISCONNECTED)
                seen.append(gone if participant is None else to_event(participant, now_ms))
        return seen


def to_event(participant: Any, now_ms: int) -> ParticipantSeen:
    """Return what Twilio's participant object tells."""
    return ParticipantSeen(
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

"""Which sources are there?  One line for each that is pulled; pushed ones are called by the door they come in by."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from collectors.base import Collector
from collectors.compositions import Compositions
from collectors.ended_rooms import EndedRooms
from collectors.hooks import CompositionHooks
from collectors.participants import Participants, Reconciliation
from collectors.rest.budget import Priority
from collectors.rest.twilio import Twilio
from collectors.rooms import Rooms
from collectors.stays import Stays
from collectors.summaries import RoomSummaries
from collectors.usage import Usage


class Pulled(NamedTuple):
    """A source that is asked: how its collector is made, and whose requests go before its own."""

    build: Callable[[Twilio], Collector]
    priority: Priority


SOURCES: Mapping[str, Pulled] = {
    Compositions.resource: Pulled(Compositions, Priority.COMPOSITIONS),
    Rooms.resource: Pulled(Rooms, Priority.LIVE),
    Participants.resource: Pulled(Participants, Priority.LIVE),
    EndedRooms.resource: Pulled(EndedRooms, Priority.ENDED),
    Reconciliation.resource: Pulled(Reconciliation, Priority.ENDED),  # beside those, so that neither starves
    RoomSummaries.resource: Pulled(RoomSummaries, Priority.SUMMARIES),
    CompositionHooks.resource: Pulled(CompositionHooks, Priority.SUMMARIES),
    Usage.resource: Pulled(Usage, Priority.USAGE),
    Stays.resource: Pulled(Stays, Priority.BACKFILL),
}

"""Which sources are there?  One line for each that is pulled; pushed ones are called by the door they come in by."""

from collections.abc import Callable, Mapping

from collectors.base import Collector
from collectors.compositions import Compositions
from collectors.participants import Participants
from collectors.rooms import Rooms
from collectors.twilio import Twilio

SOURCES: Mapping[str, Callable[[Twilio], Collector]] = {
    Rooms.resource: Rooms,
    Participants.resource: Participants,
    Compositions.resource: Compositions,
}

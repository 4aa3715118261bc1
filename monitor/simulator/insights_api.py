"""What does insights.twilio.com answer?  The Log Analyzer's summaries of rooms, some minutes after they ended."""

from aiohttp import web

from monitor.simulator.entities import Room
from monitor.simulator.errors import not_found
from monitor.simulator.listing import choice, moment
from monitor.simulator.site import Site, sid_of

ROOM_TYPES = ("go", "peer_to_peer", "group", "group_small")
DAY_S = 24 * 3600
MANY = 1000


class InsightsApi:
    """The Insights product over one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """Return the route table."""
        room = "/v1/Video/Rooms/{room}"
        return [
            web.get("/v1/Video/Rooms", self.list_rooms),
            web.get(room, self.fetch_room),
            web.get(f"{room}/Participants", self.list_participants),
            web.get(f"{room}/Participants/{{participant}}", self.fetch_participant),
        ]

    async def list_rooms(self, request: web.Request) -> web.Response:
        """List ended rooms: those of the last day unless dates are given."""
        query = request.query
        rooms = [room for room in self._site.world.rooms.values() if self._is_summarized(room)]
        after, before = moment(query, "CreatedAfter"), moment(query, "CreatedBefore")
        if after is None and before is None:
            day_ago = self._site.clock() - DAY_S
            rooms = [room for room in rooms if (room.ended_at or 0.0) >= day_ago]
        types = set(query.getall("RoomType", []))
        choice(query, "RoomType", ROOM_TYPES)
        codecs = set(query.getall("Codec", []))
        wanted = (
            room
            for room in rooms
            if (after is None or room.created_at >= after)
            and (before is None or room.created_at <= before)
            and (not types or "group" in types)
            and codecs <= {"VP8", "opus"}
            and query.get("RoomName") in (None, room.name)
        )
        return self._site.answer_list(request, "rooms", wanted, sid_of, self._site.shapes(request).room_summary, MANY)

    async def fetch_room(self, request: web.Request) -> web.Response:
        """Fetch the summary of one room."""
        return self._site.answer(self._site.shapes(request).room_summary(self._room(request)))

    async def list_participants(self, request: web.Request) -> web.Response:
        """List the summaries of all stays in one room."""
        return self._site.answer_list(
            request,
            "participants",
            self._room(request).participants.values(),
            lambda stay: (stay.joined_at, stay.sid),
            self._site.shapes(request).participant_summary,
            MANY,
        )

    async def fetch_participant(self, request: web.Request) -> web.Response:
        """Fetch the summary of one stay."""
        stay = self._room(request).participants.get(request.match_info["participant"])
        if stay is None:
            raise not_found(request.path)
        return self._site.answer(self._site.shapes(request).participant_summary(stay))

    def _room(self, request: web.Request) -> Room:
        room = self._site.world.rooms.get(request.match_info["room"])
        if room is None or not self._is_summarized(room):
            raise not_found(request.path)
        return room

    def _is_summarized(self, room: Room) -> bool:
        ended_at = room.ended_at
        return ended_at is not None and self._site.clock() >= ended_at + self._site.policy.summaries_after_s

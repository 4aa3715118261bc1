"""What does video.twilio.com answer?  Rooms, participants, tracks, recordings, compositions and their hooks."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from aiohttp import web

from monitor.simulator import forms
from monitor.simulator.entities import Participant, Room
from monitor.simulator.errors import TwilioError, invalid, not_found
from monitor.simulator.listing import Query, choice, within
from monitor.simulator.shapes import Json
from monitor.simulator.site import Site, sid_of

T = TypeVar("T")
ROOM_STATUSES = ("in-progress", "completed", "failed")
PARTICIPANT_STATUSES = ("connected", "disconnected", "reconnecting")
RECORDING_STATUSES = ("processing", "completed", "deleted", "failed")
COMPOSITION_STATUSES = ("enqueued", "processing", "completed", "deleted", "failed")
MEDIA_TYPES = ("audio", "video", "data")
FEW = 100  # the largest page of recordings and compositions
MANY = 1000  # the largest page of anything else


class VideoApi:
    """The Video product over one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._ledger = site.world.ledger

    def routes(self) -> list[web.RouteDef]:
        """Return the route table."""
        room, who = "/v1/Rooms/{room}", "/v1/Rooms/{room}/Participants/{participant}"
        return [
            web.get("/v1/Rooms", self.list_rooms),
            web.post("/v1/Rooms", self.create_room),
            web.get(room, self.fetch_room),
            web.post(room, self.update_room),
            web.get(f"{room}/Participants", self.list_participants),
            web.get(who, self.fetch_participant),
            web.get(f"{who}/PublishedTracks", self.list_published_tracks),
            web.get(f"{who}/SubscribedTracks", self.list_subscribed_tracks),
            web.get(f"{room}/Recordings", self.list_room_recordings),
            web.get(f"{room}/Recordings/{{recording}}", self.fetch_room_recording),
            web.get("/v1/Recordings", self.list_recordings),
            web.get("/v1/Recordings/{recording}", self.fetch_recording),
            web.get("/v1/Compositions", self.list_compositions),
            web.post("/v1/Compositions", self.create_composition),
            web.get("/v1/Compositions/{composition}", self.fetch_composition),
            web.delete("/v1/Compositions/{composition}", self.delete_composition),
            web.get("/v1/CompositionHooks", self.list_hooks),
            web.post("/v1/CompositionHooks", self.create_hook),
            web.get("/v1/CompositionHooks/{hook}", self.fetch_hook),
        ]

    # --- rooms ---------------------------------------------------------------------------------------

    async def list_rooms(self, request: web.Request) -> web.Response:
        """List rooms: those in progress unless a status is asked for."""
        query = request.query
        status = choice(query, "Status", ROOM_STATUSES) or "in-progress"
        in_window = within(query, "DateCreatedAfter", "DateCreatedBefore")
        pool = self._ledger.live if status == "in-progress" else self._ledger.rooms
        rooms = (
            room
            for room in pool.values()
            if room.status == status and in_window(room.created_at) and _is(query, "UniqueName", room.name)
        )
        return self._site.answer_list(request, "rooms", rooms, sid_of, self._site.shapes(request).room, MANY)

    async def create_room(self, request: web.Request) -> web.Response:
        """Create a room; a name that is in use is refused."""
        form = await request.post()
        name = forms.text(form, "UniqueName") or ""
        if any(room.name == name for room in self._ledger.live.values()):
            raise TwilioError(400, 53113, "Room exists")
        room = self._ledger.open_room(self._site.clock(), name, created_method="rest", **forms.room_options(form))
        return self._site.answer(self._site.shapes(request).room(room), 201)

    async def fetch_room(self, request: web.Request) -> web.Response:
        """Fetch a room by SID, or by name while it is in progress."""
        return self._site.answer(self._site.shapes(request).room(self._room(request)))

    async def update_room(self, request: web.Request) -> web.Response:
        """End a room, which is the only update there is."""
        room = self._room(request)
        status = (await request.post()).get("Status")
        if status != "completed":
            raise invalid("Status", str(status), "completed")
        if room.is_live:
            self._ledger.end_room(self._site.clock(), room, "room_ended_via_api")
        return self._site.answer(self._site.shapes(request).room(room), 202)

    # --- participants and tracks ---------------------------------------------------------------------

    async def list_participants(self, request: web.Request) -> web.Response:
        """List participants: the connected ones of a live room, everybody of an ended one."""
        room, query = self._room(request), request.query
        by_default = "connected" if room.is_live else "disconnected"
        status = choice(query, "Status", PARTICIPANT_STATUSES) or by_default
        in_window = within(query, "DateCreatedAfter", "DateCreatedBefore")
        people = (
            who
            for who in room.participants.values()
            if who.status == status and in_window(who.joined_at) and _is(query, "Identity", who.identity)
        )
        shape = self._site.shapes(request).participant
        return self._site.answer_list(
            request, "participants", people, lambda who: (who.joined_at, who.sid), shape, MANY
        )

    async def fetch_participant(self, request: web.Request) -> web.Response:
        """Fetch a participant by SID, or by identity while it is in the room."""
        return self._site.answer(self._site.shapes(request).participant(self._participant(request)))

    async def list_published_tracks(self, request: web.Request) -> web.Response:
        """List the tracks a participant publishes just now."""
        tracks = self._participant(request).tracks.values()
        shape = self._site.shapes(request).published_track
        return self._site.answer_list(
            request, "published_tracks", tracks, lambda track: (track.published_at, track.sid), shape, MANY
        )

    async def list_subscribed_tracks(self, request: web.Request) -> web.Response:
        """List the tracks of all others, to which a participant is subscribed."""
        me = self._participant(request)
        others = [who for who in me.room.present if who is not me] if me.is_here else []
        tracks = [track for who in others for track in who.tracks.values()]
        shapes = self._site.shapes(request)
        return self._site.answer_list(
            request,
            "subscribed_tracks",
            tracks,
            lambda track: (track.published_at, track.sid),
            lambda track: shapes.subscribed_track(track, me),
            MANY,
        )

    # --- recordings ----------------------------------------------------------------------------------

    async def list_room_recordings(self, request: web.Request) -> web.Response:
        """List the recordings of one room."""
        shape = self._site.shapes(request).room_recording
        return self._list_recordings(request, self._room(request).recordings, shape, MANY)

    async def fetch_room_recording(self, request: web.Request) -> web.Response:
        """Fetch one recording of one room."""
        recording = _get(self._room(request).recordings, request, "recording")
        return self._site.answer(self._site.shapes(request).room_recording(recording))

    async def list_recordings(self, request: web.Request) -> web.Response:
        """List the recordings of the account."""
        return self._list_recordings(request, self._ledger.recordings, self._site.shapes(request).recording, FEW)

    async def fetch_recording(self, request: web.Request) -> web.Response:
        """Fetch a recording by SID."""
        recording = _get(self._ledger.recordings, request, "recording")
        return self._site.answer(self._site.shapes(request).recording(recording))

    def _list_recordings(
        self, request: web.Request, pool: dict[str, Any], shape: Callable[[Any], Json], largest: int
    ) -> web.Response:
        query = request.query
        status = choice(query, "Status", RECORDING_STATUSES)
        media_type = choice(query, "MediaType", MEDIA_TYPES)
        grouping_sids = set(query.getall("GroupingSid", []))
        in_window = within(query, "DateCreatedAfter", "DateCreatedBefore")
        recordings = (
            recording
            for recording in pool.values()
            if status in (None, recording.status)
            and media_type in (None, recording.track.kind)
            and _is(query, "SourceSid", recording.track.sid)
            and grouping_sids <= {recording.room.sid, recording.track.participant.sid}
            and in_window(recording.created_at)
        )
        return self._site.answer_list(request, "recordings", recordings, sid_of, shape, largest)

    # --- compositions --------------------------------------------------------------------------------

    async def list_compositions(self, request: web.Request) -> web.Response:
        """List compositions of every status unless one is asked for."""
        query = request.query
        status = choice(query, "Status", COMPOSITION_STATUSES)
        in_window = within(query, "DateCreatedAfter", "DateCreatedBefore")
        compositions = (
            composition
            for composition in self._ledger.compositions.values()
            if status in (None, composition.status)
            and in_window(composition.created_at)
            and _is(query, "RoomSid", composition.room.sid)
        )
        shape = self._site.shapes(request).composition
        return self._site.answer_list(request, "compositions", compositions, sid_of, shape, FEW)

    async def create_composition(self, request: web.Request) -> web.Response:
        """Wish for a composition; work on it begins when its room has ended."""
        form = await request.post()
        room = self._ledger.rooms.get(str(form.get("RoomSid")))
        if room is None:
            raise invalid("RoomSid", str(form.get("RoomSid")), "the SID of a room")
        composition = self._ledger.enqueue_composition(self._site.clock(), room, **forms.composition_options(form))
        return self._site.answer(self._site.shapes(request).composition(composition), 201)

    async def fetch_composition(self, request: web.Request) -> web.Response:
        """Fetch a composition by SID."""
        composition = _get(self._ledger.compositions, request, "composition")
        return self._site.answer(self._site.shapes(request).composition(composition))

    async def delete_composition(self, request: web.Request) -> web.Response:
        """Delete a composition; one that failed stays."""
        composition = _get(self._ledger.compositions, request, "composition")
        if composition.status == "failed":
            raise invalid("Sid", composition.sid, "a composition that did not fail")
        del self._ledger.compositions[composition.sid]
        return web.Response(status=204)

    # --- composition hooks ---------------------------------------------------------------------------

    async def list_hooks(self, request: web.Request) -> web.Response:
        """List composition hooks; in `FriendlyName`, stars stand for anything."""
        query = request.query
        enabled = choice(query, "Enabled", ("true", "false", "True", "False"))
        in_window = within(query, "DateCreatedAfter", "DateCreatedBefore")
        pattern = query.get("FriendlyName", "*")
        hooks = (
            hook
            for hook in self._ledger.hooks.values()
            if (enabled is None or hook.enabled is (enabled.lower() == "true"))
            and in_window(hook.created_at)
            and fnmatchcase(hook.friendly_name, pattern)
        )
        shape = self._site.shapes(request).hook
        return self._site.answer_list(request, "composition_hooks", hooks, sid_of, shape, MANY)

    async def create_hook(self, request: web.Request) -> web.Response:
        """Place a standing order for compositions."""
        form = await request.post()
        enabled, name = forms.flag(form, "Enabled", default=True), forms.text(form, "FriendlyName")
        if name is None:
            raise invalid("FriendlyName", "", "a name")
        hook = self._ledger.add_hook(self._site.clock(), name, enabled=enabled, **forms.composition_options(form))
        return self._site.answer(self._site.shapes(request).hook(hook), 201)

    async def fetch_hook(self, request: web.Request) -> web.Response:
        """Fetch a composition hook by SID."""
        return self._site.answer(self._site.shapes(request).hook(_get(self._ledger.hooks, request, "hook")))

    # --- finding -------------------------------------------------------------------------------------

    def _room(self, request: web.Request) -> Room:
        key = request.match_info["room"]
        room = self._ledger.rooms.get(key)
        if room is None:
            room = next((room for room in self._ledger.live.values() if room.name == key), None)
        if room is None:
            raise not_found(request.path)
        return room

    def _participant(self, request: web.Request) -> Participant:
        room, key = self._room(request), request.match_info["participant"]
        participant = room.participants.get(key)
        if participant is None:
            participant = next((who for who in room.present if who.identity == key), None)
        if participant is None:
            raise not_found(request.path)
        return participant


def _get(pool: dict[str, T], request: web.Request, name: str) -> T:
    found = pool.get(request.match_info[name])
    if found is None:
        raise not_found(request.path)
    return found


def _is(query: Query, name: str, value: str) -> bool:
    return query.get(name) in (None, value)

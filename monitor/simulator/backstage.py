"""What does a benchmark get to see that Twilio would never tell?

`GET /-/tally` says how many requests came and what they were answered; `GET /-/truth` says how the world is just now,
and what happened in it lately.  Neither asks for credentials, spends a budget or is counted: looking changes nothing.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from monitor.simulator.entities import Happening, Room
from monitor.simulator.world import World

PREFIX = "/-/"
KEPT_HAPPENINGS = 5000


class RequestTally:
    """How many requests came in, how they were answered, and which resources they were for."""

    def __init__(self) -> None:
        self.requests = 0
        self.by_status: Counter[str] = Counter()
        self.by_path: Counter[str] = Counter()

    def came(self, request: web.Request) -> None:
        """Count a request by the path of its route, in which SIDs have no part; `other` is none of Twilio's."""
        resource = request.match_info.route.resource
        self.requests += 1
        self.by_path[resource.canonical if resource is not None else "other"] += 1

    def answered(self, status: int) -> None:
        """Count an answer."""
        self.by_status[str(status)] += 1

    def as_json(self) -> dict[str, Any]:
        """Return everything that was counted."""
        return {"requests": self.requests, "by_status": dict(self.by_status), "by_path": dict(self.by_path)}


class Backstage:
    """The simulator's own answers about itself."""

    def __init__(self, world: World, clock: Callable[[], float], tally: RequestTally) -> None:
        self._world = world
        self._clock = clock
        self._tally = tally
        self._happenings: deque[dict[str, Any]] = deque(maxlen=KEPT_HAPPENINGS)

    def routes(self) -> list[web.RouteDef]:
        """Return the route table."""
        return [web.get(f"{PREFIX}tally", self.tell_tally), web.get(f"{PREFIX}truth", self.tell_truth)]

    def hear(self, happening: Happening) -> None:
        """Remember what happened."""
        participant, composition = happening.participant, happening.composition
        self._happenings.append(
            {
                "at": happening.at,
                "event": happening.event,
                "room_sid": happening.room.sid,
                "participant_sid": None if participant is None else participant.sid,
                "composition_sid": None if composition is None else composition.sid,
            }
        )

    async def tell_tally(self, _: web.Request) -> web.Response:
        """Say what was asked, and what was answered."""
        return _json(self._tally.as_json())

    async def tell_truth(self, _: web.Request) -> web.Response:
        """Say who is where, and what happened lately; times are seconds since the epoch."""
        rooms = {room.sid: _room(room) for room in self._world.live_rooms}
        return _json({"now": self._clock(), "rooms": rooms, "happenings": list(self._happenings)})


def _room(room: Room) -> dict[str, Any]:
    people = [participant.sid for participant in room.present]
    return {"name": room.name, "created_at": room.created_at, "participants": people}


def _json(body: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")

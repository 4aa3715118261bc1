"""How do Event Streams tell of an ended room?

Some time after its end one delivery is posted to the sink: an array of CloudEvents, the summary of the room and those
of all stays in it.  The hash of the body is a part of the address, and the address is what is signed.  A sink that
fails gets it again, a few times; overrides in the fragment of its address mean nothing here.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urldefrag, urlsplit

import aiohttp
import orjson
from twilio.request_validator import RequestValidator

from monitor.simulator.callbacks import iso_ms
from monitor.simulator.courier import Courier
from monitor.simulator.delivery import HARD_LIMIT, RETRY_EVERY_S, TIMEOUT, Tally
from monitor.simulator.entities import Happening, Room
from monitor.simulator.shapes import Json, Shapes
from monitor.simulator.sids import hex_digits

WORKERS = 4
INSIGHTS = "com.twilio.video.insights"
INSIGHTS_URL = "https://insights.twilio.com"
NOT_STREAMED = ("url", "links", "status_callback", "status_callback_method")


def cloud_events(room: Room, shapes: Shapes, at: float) -> list[Json]:
    """Return the events that tell of `room`, which has ended."""
    stays = [shapes.participant_summary(stay) for stay in room.participants.values()]
    return [
        _event(f"{INSIGHTS}.room-summary.complete", room.sid, shapes.room_summary(room), at),
        *(_event(f"{INSIGHTS}.participant-summary.complete", stay["participant_sid"], stay, at) for stay in stays),
    ]


class StreamDelivery:
    """Posts the summaries of ended rooms to a sink."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        pushed_after_s: float,
        account_sid: str,
        auth_token: str,
        sink_url: str,
        signing_url: str | None,
    ) -> None:
        self._session = session
        self._pushed_after_s = pushed_after_s
        self._validator = RequestValidator(auth_token)
        self._shapes = Shapes(INSIGHTS_URL, account_sid, None)
        self._sink_url = urldefrag(sink_url).url
        self._signing_url = urldefrag(signing_url or sink_url).url
        self._courier = Courier(workers=WORKERS, limit=HARD_LIMIT)
        self.tally = Tally()

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._courier.run()

    def hear(self, happening: Happening) -> None:
        """Tell of a room that ended, later."""
        if happening.event == "room-ended":
            parcel = _Parcel(self, happening.room, happening.at + self._pushed_after_s)
            self.tally.lost += not self._courier.send(parcel.attempt, self._pushed_after_s)

    async def post(self, room: Room, at: float) -> bool:
        """Post the summaries of `room` once; return whether they were taken."""
        body = orjson.dumps(cloud_events(room, self._shapes, at))
        digest = sha256(body).hexdigest()
        signature = self._validator.compute_signature(_with_hash(self._signing_url, digest), {})
        headers = {"X-Twilio-Signature": str(signature), "Content-Type": "application/json"}
        try:
            async with self._session.post(
                _with_hash(self._sink_url, digest), data=body, headers=headers, timeout=TIMEOUT
            ) as answer:
                await answer.read()
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False


class _Parcel:
    """One delivery on its way; it tells the same at every attempt."""

    def __init__(self, delivery: StreamDelivery, room: Room, at: float) -> None:
        self._delivery = delivery
        self._room = room
        self._at = at
        self._waits_s: Iterator[float] = iter(RETRY_EVERY_S)

    async def attempt(self) -> float | None:
        """Post, and return the seconds until the next attempt; None once it was taken or given up."""
        if await self._delivery.post(self._room, self._at):
            self._delivery.tally.delivered += 1
            return None
        wait_s = next(self._waits_s, None)
        self._delivery.tally.lost += wait_s is None
        return wait_s


def _event(kind: str, about: str, summary: Json, at: float) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": kind,
        "source": about,
        "id": "EZ" + hex_digits(kind, about),
        "dataschema": "https://events-schemas.twilio.com/VideoInsights/2",
        "datacontenttype": "application/json",
        "time": iso_ms(at),
        "data": {name: value for name, value in summary.items() if name not in NOT_STREAMED},
    }


def _with_hash(url: str, digest: str) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}bodySHA256={digest}"

"""Who speaks to the daemon while it is being killed: browsers in rooms, and Twilio.  They keep book of every answer."""

import asyncio
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator

from collectors.callbacks import dedup_key
from tests.builders import ACCOUNT, AUTH_TOKEN, INGEST_KEY, packed

GIVES_UP = 0.05  # of the posts that nobody answered: a tab was closed
REPEATS = 0.1  # of the posts that were answered: an answer was lost further away
NEVER_MENTIONED = 0.2  # of the rooms: the callback that began them was lost
_BEGAN_MS = int(time.time() * 1000) - 600_000  # what is much older would be taken for history


class Ledger:
    """What was sent under which key, and which of it the daemon said it had stored."""

    def __init__(self) -> None:
        self.sent: dict[str, bytes] = {}
        self.accepted: set[str] = set()
        self.unanswered = 0
        self.repeated = 0


class Post:
    """The way to one door: sends until it is answered, whether the daemon lives or not."""

    def __init__(self, http: aiohttp.ClientSession, url: str, yes: int, ledger: Ledger, chance: random.Random) -> None:
        self._http = http
        self._url = url
        self._yes = yes
        self._ledger = ledger
        self._chance = chance

    async def deliver(self, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send, and send again while no answer comes; now and then although one came."""
        self._ledger.sent[key] = body
        while not await self._is_answered(key, body, headers):
            self._ledger.unanswered += 1
            if self._chance.random() < GIVES_UP:
                return
            await asyncio.sleep(self._chance.uniform(0.01, 0.05))
        if self._chance.random() < REPEATS:
            self._ledger.repeated += await self._is_answered(key, body, headers)

    async def _is_answered(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            async with self._http.post(self._url, data=body, headers=headers) as answer:
                await answer.read()
        except (aiohttp.ClientError, OSError):
            return False
        assert answer.status in (self._yes, 503), f"expected {self._yes}, got {answer.status} for {body!r}"
        if answer.status == self._yes:
            self._ledger.accepted.add(key)
        return answer.status == self._yes


class Call:
    """A room with people in it, who come and go, and what each of them and Twilio say about it."""

    def __init__(self, name: str, public: str, http: aiohttp.ClientSession, ledger: Ledger, seed: str) -> None:
        self._name = name
        self._chance = random.Random(seed)
        self._telemetry = Post(http, f"{public}/v1/telemetry", 202, ledger, self._chance)
        self._callback_url = f"{public}/callbacks/twilio"
        self._callbacks = Post(http, self._callback_url, 204, ledger, self._chance)
        self._at_ms = _BEGAN_MS
        self._begin()

    def _begin(self) -> None:
        self._room_sid = self._sid("RM")
        self._people = [self._sid("PA") for _ in range(3)]
        self._seqs = dict.fromkeys(self._people, 0)

    def _sid(self, prefix: str) -> str:
        return f"{prefix}{self._chance.getrandbits(128):032x}"

    async def go_on_until(self, over: asyncio.Event) -> None:
        """Say one thing after the other."""
        if self._chance.random() > NEVER_MENTIONED:
            await self._call_back("room-created")
        while not over.is_set():
            await self._say_something()
            await asyncio.sleep(self._chance.uniform(0.0, 0.01))

    async def _say_something(self) -> None:
        what = self._chance.choices((self._speak, self._come, self._go, self._compose, self._end), (88, 4, 3, 3, 2))[0]
        await what()

    async def _speak(self) -> None:
        speaker = self._chance.choice(self._people)
        await self._report(speaker, *(self._observation() for _ in range(self._chance.randint(1, 4))))

    def _observation(self) -> dict[str, Any]:
        level, subject = self._chance.randint(-1, 5), self._chance.choice(self._people)
        return self._chance.choice(
            (
                {"type": "network_quality", "level": level},
                {"type": "network_quality", "level": level, "subject": subject},
                {"type": "media_stats", "rtt_ms": self._chance.randint(1, 900), "up": {"loss_ratio": 0.01}},
                {"type": "connection", "state": self._chance.choice(("reconnecting", "reconnected"))},
                {"type": "track", "state": "switched_off", "kind": "video", "subject": subject},
            )
        )

    async def _come(self) -> None:
        newcomer = self._sid("PA")
        self._people.append(newcomer)
        self._seqs[newcomer] = 0
        await self._call_back("participant-connected", ParticipantSid=newcomer, ParticipantIdentity=newcomer[-5:])

    async def _go(self) -> None:
        if len(self._people) < 2:
            return
        leaver = self._people.pop(self._chance.randrange(len(self._people)))
        if self._chance.random() < 0.5:
            await self._report(leaver, {"type": "connection", "state": "disconnected"})
        else:
            await self._call_back("participant-disconnected", ParticipantSid=leaver, ParticipantDuration="9")

    async def _compose(self) -> None:
        event = self._chance.choice(("composition-enqueued", "composition-started", "composition-available"))
        await self._call_back(event, CompositionSid=self._sid("CJ"))

    async def _end(self) -> None:
        await self._call_back("room-ended", RoomDuration="60", RoomStatus="completed")
        self._begin()

    async def _report(self, reporter: str, *observations: dict[str, Any]) -> None:
        self._seqs[reporter] += 1
        seq = self._seqs[reporter]
        self._let_time_pass()
        body = {
            "v": 1,
            "session": f"s-{reporter[2:]}",
            "seq": seq,
            "room_sid": self._room_sid,
            "room_name": self._name,
            "participant_sid": reporter,
            "events": [{"at": self._at_ms, **each} for each in observations],
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {INGEST_KEY}"}
        await self._telemetry.deliver(f"t:s-{reporter[2:]}:{seq}", packed(body), headers)

    def _let_time_pass(self) -> None:
        """Go on by up to two seconds, but not far past the present: nobody tells of what is yet to come."""
        self._at_ms += self._chance.randint(1, 2000 if self._at_ms < time.time() * 1000 else 2)

    async def _call_back(self, event: str, **given: str) -> None:
        self._let_time_pass()
        moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self._at_ms)
        form = {
            "AccountSid": ACCOUNT,
            "RoomSid": self._room_sid,
            "RoomName": self._name,
            "StatusCallbackEvent": event,
            "Timestamp": moment.isoformat(timespec="milliseconds"),
            **given,
        }
        signature = RequestValidator(AUTH_TOKEN).compute_signature(self._callback_url, form)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        await self._callbacks.deliver(dedup_key(form), urlencode(form).encode(), headers)

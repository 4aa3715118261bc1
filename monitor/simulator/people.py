"""Who posts the telemetry?  Everybody in a room, each on a beat of their own, as patiently as a browser should.

A post that was refused with 429 or 503 is sent again, unchanged, after the time the daemon asked for; so is one that
found nobody listening.  Meanwhile a browser keeps a bounded number of posts, and gives up the oldest first.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import aiohttp
import orjson

from monitor.simulator.account import SimulatedAccount
from monitor.simulator.courier import Courier
from monitor.simulator.entities import Happening, Newcomer, Participant, Room
from monitor.simulator.scenarios import TelemetryPolicy
from monitor.simulator.telemetry import Reporter, join_failure

KEPT_POSTS = 20
URGENT_AFTER_S = 0.5
SHORTEST_BEAT_S = 0.1
BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
GOODBYE_S = 60.0  # how long somebody who has left tries to get the last posts through
TIMEOUT = aiohttp.ClientTimeout(total=10.0, connect=3.0)
HARD_LIMIT = 50_000
WORKERS = 32

Clock = Callable[[], float]


@dataclass(slots=True)
class Tally:
    """How posts fared: accepted by a 202, told to wait, refused for good, given up; and those that found no daemon."""

    accepted: int = 0
    told_to_wait: int = 0
    refused: int = 0
    given_up: int = 0
    unreachable: int = 0

    def settles(self, status: int | None) -> bool:
        """Count an answer, None where there was none, and say whether its post is over."""
        if status is None:
            self.unreachable += 1
        elif status in (429, 503):
            self.told_to_wait += 1
        else:
            self.accepted += status == 202
            self.refused += status != 202
            return True
        return False


class People:
    """The browsers of all participants."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        policy: TelemetryPolicy,
        clock: Clock,
        *,
        telemetry_url: str,
        account: SimulatedAccount,
        ingest_key: str | None,
        started_at: float,
        seed: int,
    ) -> None:
        self.policy = policy
        self.clock = clock
        self.tally = Tally()
        self._session = session
        self._url = telemetry_url
        self._account = account
        self._ingest_key = ingest_key
        self._started_at = started_at
        self._rng = Random(f"{seed} people")
        self._courier = Courier(workers=WORKERS, limit=HARD_LIMIT)
        self._browsers: defaultdict[str, list[Browser]] = defaultdict(list)  # by room SID

    async def run(self) -> None:
        """Post until cancelled."""
        await self._courier.run()

    def hear(self, happening: Happening) -> None:
        """Let everybody in the room notice what happened; somebody who joined begins to post."""
        room_sid = happening.room.sid
        if happening.newcomer is not None:
            self._send_away(happening, happening.newcomer)
        if happening.event == "participant-connected" and happening.participant is not None:
            self._welcome(happening.participant)
        for browser in self._browsers.get(room_sid, ()):
            browser.reporter.hear(happening)
            if browser.reporter.is_urgent and not browser.hurries:
                browser.hurries = self._courier.send(browser.hurry, URGENT_AFTER_S)
        if happening.event == "participant-disconnected":
            self._retire(room_sid)
        elif happening.event == "room-ended":
            self._browsers.pop(room_sid, None)

    def join_in(self, room: Room) -> None:
        """Let those who are in `room` already begin to post."""
        for participant in room.present:
            self._welcome(participant)

    @property
    def are_silent(self) -> bool:
        """Whether nobody posts just now."""
        silent = self.policy.silent
        return silent is not None and silent.is_on(self.clock() - self._started_at)

    async def post(self, body: bytes, token: str) -> tuple[int | None, float | None]:
        """Post once; return the status, None where nobody answered, and the seconds the daemon asks to wait."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers, timeout=TIMEOUT) as answer:
                await answer.read()
                return answer.status, _seconds(answer.headers.get("Retry-After"))
        except (aiohttp.ClientError, TimeoutError):
            return None, None

    def _welcome(self, participant: Participant) -> None:
        token = self._ingest_key or self._account.participant_token(participant.identity, participant.room.name)
        browser = Browser(self, Reporter(participant, since=self.clock()), token)
        self._browsers[participant.room.sid].append(browser)
        self._courier.send(browser.beat, self._rng.uniform(0.0, self.policy.post_every_s))

    def _send_away(self, happening: Happening, newcomer: Newcomer) -> None:
        """Let the browser of somebody who could not join say so."""
        room = happening.room
        body = orjson.dumps(join_failure(room, newcomer, happening.code or 0, happening.at))
        token = self._ingest_key or self._account.participant_token(newcomer.identity, room.name)
        self._courier.send(Complaint(self, body, token).attempt, 0.0)

    def _retire(self, room_sid: str) -> None:
        """Let those who have left hear nothing more."""
        staying = [browser for browser in self._browsers[room_sid] if browser.reporter.participant.is_here]
        self._browsers[room_sid] = staying


class Browser:
    """One participant's outgoing posts."""

    def __init__(self, people: People, reporter: Reporter, token: str) -> None:
        self.reporter = reporter
        self.hurries = False
        self._people = people
        self._token = token
        self._outbox: deque[bytes] = deque()
        self._failures = 0
        self._not_before = 0.0
        self._is_posting = False

    async def beat(self) -> float | None:
        """Report, post, and return the seconds until the next beat; None once everything is said."""
        await self._report_and_post()
        return self._next_beat_s()

    async def hurry(self) -> None:
        """Report between two beats, because something happened."""
        self.hurries = False
        await self._report_and_post()

    async def _report_and_post(self) -> None:
        if self._is_posting:
            return
        self._is_posting = True
        try:
            self._report()
            await self._post_all()
        finally:
            self._is_posting = False

    def _report(self) -> None:
        if self._people.are_silent:
            self.reporter.forget()
            return
        body = self.reporter.report(self._people.clock())
        if body is not None:
            self._outbox.append(orjson.dumps(body))
        while len(self._outbox) > KEPT_POSTS:
            self._outbox.popleft()
            self._people.tally.given_up += 1

    async def _post_all(self) -> None:
        while self._outbox and self._people.clock() >= self._not_before:
            status, retry_after_s = await self._people.post(self._outbox[0], self._token)
            if self._people.tally.settles(status):
                self._failures = 0
                self._outbox.popleft()
            else:
                self._not_before = self._people.clock() + self._wait_s(retry_after_s)

    def _wait_s(self, retry_after_s: float | None) -> float:
        backoff_s = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        self._failures += 1
        return backoff_s if retry_after_s is None else retry_after_s

    def _next_beat_s(self) -> float | None:
        left_at = self.reporter.participant.left_at
        beat_s = max(SHORTEST_BEAT_S, self._people.policy.post_every_s)
        if left_at is None:
            return beat_s
        if not self._outbox or self._people.clock() > left_at + GOODBYE_S:
            self._people.tally.given_up += len(self._outbox)
            return None
        return max(SHORTEST_BEAT_S, min(beat_s, self._not_before - self._people.clock()))


class Complaint:
    """The one post of somebody who could not join."""

    def __init__(self, people: People, body: bytes, token: str) -> None:
        self._people = people
        self._body = body
        self._token = token
        self._backoff_s = iter(BACKOFF_S)

    async def attempt(self) -> float | None:
        """Post, and return the seconds until the next attempt; None once it was taken, refused or given up."""
        status, retry_after_s = await self._people.post(self._body, self._token)
        if self._people.tally.settles(status):
            return None
        wait_s = next(self._backoff_s, None)
        self._people.tally.given_up += wait_s is None
        return wait_s if wait_s is None or retry_after_s is None else retry_after_s


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After header; one that holds a date is treated as if it were absent."""
    try:
        return float(retry_after or "")
    except ValueError:
        return None

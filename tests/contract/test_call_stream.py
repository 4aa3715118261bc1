"""Whoever looks at a call sees it go on, and nobody waits for those who look."""

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from collectors.observations import Direction, MediaStats
from monitor.story.feeding import Feed
from monitor.streaming import MOST_WATCHES, Stream
from tests.asking import TOKEN, ask, happen
from tests.builders import ALICE, ROOM, batch, connection, level, participant, room
from tests.conftest import Running, Start

STEP_MS = 1_000
NAME = "acme:class:1"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture
async def call(start: Start) -> Running:
    """A call that goes on, with one person in it."""
    daemon = await start(private={"port": 0, "access_token": TOKEN})
    at_ms = now_ms() - 60_000
    await happen(
        daemon,
        room(at_ms=at_ms, room_name=NAME, created_at_ms=at_ms),
        participant(ALICE, identity="alice", at_ms=at_ms, joined_at_ms=at_ms),
        post(at_ms + 1_000, 70.0),
    )
    return daemon


def post(at_ms: int, rtt_ms: float) -> Any:
    seen = MediaStats(at_ms, STEP_MS, rtt_ms, Direction(loss_ratio=0.0, bitrate_bps=8e5, freezes=1))
    return batch(seen, level(4, at_ms=at_ms), at_ms=at_ms, identity="alice")


class Listening:
    """What a stream said so far."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.last_id = ""

    async def event(self, *wanted: str) -> tuple[str, Any]:
        """Return the next event of these names."""
        async with asyncio.timeout(30):
            while True:
                name, data = await self._next()
                if name in wanted:
                    return name, data

    async def until(self, name: str, words: Any) -> Any:
        """Return the next event of a name of which something is true."""
        while True:
            _, data = await self.event(name)
            if words(data):
                return data

    async def _next(self) -> tuple[str, Any]:
        fields: dict[str, str] = {}
        while line := (await self._response.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        return fields.get("event", ""), json.loads(fields.get("data", "null"))


@asynccontextmanager
async def looking(call: Running, headers: dict[str, str] | None = None, **query: Any) -> AsyncIterator[Listening]:
    url = f"{call.private}/api/v1/rooms/{ROOM}/stream"
    query = {"step_ms": STEP_MS, **query}
    async with call.http.get(url, params=query, headers=WITH_TOKEN | (headers or {}), read_bufsize=2**22) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield Listening(response)


async def nobody_looks(call: Running) -> None:
    async with asyncio.timeout(30):
        while call.daemon.call_watches.count:
            await asyncio.sleep(0.01)


async def test_what_happens_is_told_to_those_who_look(call: Running) -> None:
    async with looking(call, since=now_ms()) as page:
        _, state = await page.event("call")
        assert (state["status"], state["people"]) == ("in-progress", 1)
        await page.event("story")
        at_ms = now_ms()
        await call.daemon.pipeline.offer(post(at_ms, 321.0))
        lanes = await page.until("lanes", lambda data: 321 in (data["lanes"][0]["columns"].get("rtt_ms") or []))
        step = (at_ms - lanes["from_ms"]) // lanes["step_ms"]
        assert lanes["step_ms"] == STEP_MS
        assert lanes["lanes"][0]["columns"]["rtt_ms"][step] == 321
        await call.daemon.pipeline.offer(batch(connection("reconnecting", at_ms=now_ms(), code=53405)))
        story = await page.until("story", lambda data: any(e["kind"] == "reconnecting" for e in data["entries"]))
        assert [each["kind"] for each in story["entries"]] == ["reconnecting"], "what was known is told again"


async def test_what_a_stream_says_fits_what_was_asked_before(call: Running) -> None:
    for number in range(5):
        await call.daemon.pipeline.offer(post(now_ms() - 5_000 + number * STEP_MS, 100.0 + number))
    _, asked = await ask(call, f"/rooms/{ROOM}/lanes", points=2_000)
    async with looking(call, step_ms=asked["step_ms"], since=now_ms()) as page:
        _, told = await page.event("lanes")
    first = (told["from_ms"] - asked["from_ms"]) // asked["step_ms"]
    rtts = asked["lanes"][0]["columns"]["rtt_ms"]
    for step, value in enumerate(told["lanes"][0]["columns"]["rtt_ms"]):
        if value is not None and first + step < len(rtts):
            assert rtts[first + step] == value
    assert told["lanes"][0]["level"][-1] == 4, "a level from before is forgotten"


async def test_a_stream_ends_with_its_call(call: Running) -> None:
    async with looking(call) as page:
        await page.event("story")
        ended_ms = now_ms()
        await call.daemon.pipeline.offer(room("completed", at_ms=ended_ms, ended_at_ms=ended_ms))
        story = await page.until("story", lambda data: any(e["words"] == "The room ended." for e in data["entries"]))
        assert story["missing"] is not None
        assert (await page.event("end"))[1] == {"why": "ended"}
    await nobody_looks(call)


async def test_a_call_that_is_over_answers_with_what_was_missed_and_ends(call: Running) -> None:
    ended_ms = now_ms()
    await happen(call, room("completed", at_ms=ended_ms, ended_at_ms=ended_ms))
    async with looking(call, {"Last-Event-ID": str(ended_ms - 1_000)}) as page:
        _, story = await page.event("story")
        assert "The room ended." in [each["words"] for each in story["entries"]]
        await page.event("end")


async def test_whoever_comes_back_begins_where_they_were(call: Running) -> None:
    async with looking(call) as page:
        await page.event("lanes")
        before = page.last_id
    at_ms = now_ms()
    await call.daemon.pipeline.offer(post(at_ms, 321.0))
    async with looking(call, {"Last-Event-ID": before}) as page:
        _, lanes = await page.event("lanes")
        assert 321 in lanes["lanes"][0]["columns"]["rtt_ms"]


async def test_whoever_was_away_for_ever_is_told_of_as_much_as_fits_a_page(call: Running) -> None:
    async with looking(call, since=0) as page:
        _, lanes = await page.event("lanes")
        assert lanes["steps"] <= 2_100


async def test_a_stop_does_not_wait_for_those_who_look(call: Running) -> None:
    async with looking(call) as page:
        await page.event("story")
        began_s = time.monotonic()
        stopping = asyncio.ensure_future(call.stop())
        assert (await page.event("end"))[1] == {"why": "restarting"}
    await stopping
    assert time.monotonic() - began_s < 4


async def test_there_are_so_many_streams_and_not_more(call: Running) -> None:
    known = call.daemon.live.room(ROOM)
    assert known is not None
    watches = call.daemon.call_watches
    taken = [watches.open(known) for _ in range(MOST_WATCHES)]
    url = f"{call.private}/api/v1/rooms/{ROOM}/stream"
    async with call.http.get(url, headers=WITH_TOKEN) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
    for each in taken:
        watches.shut(each)
    async with looking(call) as page:
        await page.event("call")


async def test_where_nobody_looks_nothing_is_kept(call: Running) -> None:
    watches = call.daemon.call_watches
    known = call.daemon.live.room(ROOM)
    assert known is not None
    events = watches.open(known)
    await call.daemon.pipeline.offer(post(now_ms(), 1.0))
    assert len(events) == 1
    watches.shut(events)
    await call.daemon.pipeline.offer(post(now_ms() + 1, 1.0))
    assert len(events) == 1


@pytest.fixture
def no_search_for_circles() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_search_for_circles")
async def test_what_was_told_of_a_call_is_let_go_with_those_who_looked(call: Running) -> None:
    for _ in range(3):
        async with looking(call) as page:
            await page.event("call")
        await call.daemon.pipeline.offer(post(now_ms(), 70.0))  # there is something to say, and nobody to say it to
        await nobody_looks(call)
    async with looking(call) as page:
        await page.event("call")
        await call.daemon.pipeline.offer(room("completed", at_ms=now_ms(), ended_at_ms=now_ms()))
        await page.event("end")
    await nobody_looks(call)
    await asyncio.sleep(0.1)  # in which the last of them is taken apart
    assert [each for each in gc.get_objects() if isinstance(each, Stream | Feed)] == []


@pytest.mark.parametrize("query", ["step_ms=1", "since=yesterday"])
async def test_a_stream_that_cannot_be_meant_is_refused(call: Running, query: str) -> None:
    status, refused = await ask(call, f"/rooms/{ROOM}/stream?{query}")
    assert status == 400
    assert "expected" in refused["error"]
    assert (await ask(call, "/rooms/nowhere/stream"))[0] == 404

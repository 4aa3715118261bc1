"""Requests through the official client and our transport, against servers on loopback that behave badly."""

import asyncio
import base64
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from email.utils import formatdate

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from collectors.base import CollectError
from collectors.rest import usage_records
from collectors.rest.breaker import Circuit
from collectors.rest.budget import Budget, BudgetState, Limits, Priority
from collectors.rest.outcome import Outcome
from collectors.rest.twilio import Credentials, Twilio, connect, or_none, resource_of

ACCOUNT_SID = "AC" + "0" * 32
ROOM_SID = "RM" + "1" * 32
OLD = Credentials(ACCOUNT_SID, "SK" + "a" * 32, "old-s3cret")
NEW = Credentials(ACCOUNT_SID, "SK" + "b" * 32, "new-s3cret")
QUICK = {
    "requests_per_s": 1000.0,
    "burst_requests": 1000,
    "backoff_base_s": 0.02,
    "breaker_failures": 100,
    "breaker_delay_s": 0.15,
    "auth_delay_s": 0.15,
}
ROOM = {"sid": ROOM_SID, "status": "in-progress"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Told:
    """What the observer was told."""

    requests: list[tuple[str, str]] = field(default_factory=list)
    retries: list[tuple[str, str]] = field(default_factory=list)
    throttled: list[float | None] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    clock_offsets_s: list[float] = field(default_factory=list)

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((resource, code))

    def on_retry(self, resource: str, kind: str) -> None:
        self.retries.append((resource, kind))

    def on_throttled(self, resource: str, retry_after_s: float | None) -> None:
        assert resource == "rooms"
        self.throttled.append(retry_after_s)

    def on_key_changed(self, account_sid: str, now_using: str) -> None:
        self.keys.append((account_sid, now_using))

    def on_server_date(self, server_s: float, at_s: float) -> None:
        self.clock_offsets_s.append(server_s - at_s)

    @property
    def codes(self) -> list[str]:
        return [code for _, code in self.requests]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Serve one handler for every path and return its base URL; what it is asked does not outlive the test."""
    servers: list[TestServer] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return f"http://127.0.0.1:{servers[-1].port}"

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def ask(told: Told) -> AsyncIterator[Callable[..., Twilio]]:
    opened: list[Twilio] = []

    def connected(base_url: str, *, timeout_s: float = 5, following: Credentials | None = None, **limits) -> Twilio:
        budget = Budget(Limits(**{**QUICK, **limits}))
        opened.append(connect(OLD, budget, told, timeout_s=timeout_s, next_credentials=following, base_url=base_url))
        return opened[-1]

    yield connected
    for twilio in opened:
        assert twilio.budget.in_flight == 0, "a slot was not given back"
        assert not any(twilio.waiting().values())
        await twilio.close()


def fetch(twilio: Twilio):
    return twilio.video.rooms(ROOM_SID).fetch_async()


async def refused(twilio: Twilio) -> str:
    """Return the kind of error that fetching a room ends with."""
    with pytest.raises(CollectError) as caught:
        await fetch(twilio)
    assert "s3cret" not in f"{caught.value!r} {caught.value}"
    return caught.value.kind


def in_turn(*statuses: int, **headers: str) -> Handler:
    """Answer with one status after the other, the last one again and again."""
    left = list(statuses)

    async def answer(_: web.Request) -> web.Response:
        status = left.pop(0) if len(left) > 1 else left[0]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(ROOM, status=status, headers=named if status >= 400 else {})

    return answer


# --- what passes is asked again ---


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_get_that_failed_for_a_moment_is_sent_again(serve, ask, told: Told, status: int) -> None:
    room = await fetch(ask(await serve(in_turn(status, 200))))
    assert room.sid == ROOM_SID
    assert told.codes == [str(status), "200"]
    assert told.retries == [("rooms", "throttled" if status == 429 else "server")]


async def test_three_times_is_enough(serve, ask, told: Told) -> None:
    assert await refused(ask(await serve(in_turn(500)))) == "server"
    assert told.codes == ["500"] * 3


async def test_a_lost_connection_is_tried_again(serve, ask, told: Told) -> None:
    broken = 0

    async def break_off_twice(request: web.Request) -> web.Response:
        nonlocal broken
        broken += 1
        if broken <= 2:  # once for aiohttp, which takes the first for a kept connection that has gone stale
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(ROOM)

    assert (await fetch(ask(await serve(break_off_twice)))).sid == ROOM_SID
    assert told.codes == ["network", "200"]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_no_is_not_asked_twice(serve, ask, told: Told, status: int) -> None:
    await refused(ask(await serve(in_turn(status))))
    assert told.codes == [str(status)]


async def test_what_twilio_does_not_know_is_none(serve, ask) -> None:
    assert await or_none(fetch(ask(await serve(in_turn(404))))) is None


async def test_a_change_is_not_repeated_after_a_500(serve, ask, told: Told) -> None:
    twilio = ask(await serve(in_turn(500)))
    with pytest.raises(CollectError):
        await twilio.video.rooms(ROOM_SID).update_async(status="completed")
    assert told.codes == ["500"]


async def test_a_change_is_repeated_after_a_429_as_nothing_was_done(serve, ask, told: Told) -> None:
    twilio = ask(await serve(in_turn(429, 200)))
    await twilio.video.rooms(ROOM_SID).update_async(status="completed")
    assert told.codes == ["429", "200"]


async def test_a_spent_quota_ends_all_retries(serve, ask, told: Told) -> None:
    twilio = ask(await serve(in_turn(500)))
    twilio.budget.retry_quota.restore(5)
    await refused(twilio)
    await refused(twilio)
    assert told.codes == ["500"] * 3


async def test_a_redirect_is_an_answer(serve, ask) -> None:
    assert (await fetch(ask(await serve(in_turn(302))))).sid == ROOM_SID


# --- too fast ---


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_is_kept_by_everybody(serve, ask, told: Told, form: str) -> None:
    left = [429]

    async def throttle_once(_: web.Request) -> web.Response:
        if not left:
            return web.json_response(ROOM)
        asked = {"Retry-After": "1" if form == "seconds" else formatdate(2, usegmt=True), "Date": formatdate(1)}
        return web.json_response({"code": 20429}, status=left.pop(), headers=asked)

    twilio, started_s = ask(await serve(throttle_once)), time.monotonic()
    throttled = asyncio.create_task(fetch(twilio))
    while not told.throttled:
        await asyncio.sleep(0.01)
    await fetch(twilio.at(Priority.COMPOSITIONS))
    assert time.monotonic() - started_s > 0.9
    await throttled
    assert told.throttled == [1.0]
    assert told.codes == ["429", "200", "200"]


async def test_a_long_pause_is_told_at_once_and_nobody_waits_for_it(serve, ask, told: Told) -> None:
    twilio = ask(await serve(in_turn(429, Retry_After="600")))
    async with asyncio.timeout(30):
        with pytest.raises(CollectError, match="rooms: expected 200, got 429") as caught:
            await fetch(twilio)
        assert caught.value.retry_after_s == 600
        assert await refused(twilio) == "throttled"
    assert told.codes == ["429"]
    assert twilio.budget_remaining() == 0


async def test_after_a_429_less_is_sent_and_it_is_known_since_when(serve, ask) -> None:
    twilio = ask(await serve(in_turn(429)), most_attempts=1)
    await refused(twilio)
    assert twilio.rate_per_s() < 1000
    assert twilio.concurrency_limit() == 3
    assert twilio.last_at_s[Outcome.THROTTLED] == pytest.approx(time.time(), abs=5)


async def test_no_more_are_under_way_than_the_limit_allows(serve, ask) -> None:
    under_way, most = 0, 0

    async def count(_: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        return web.json_response(ROOM)

    twilio = ask(await serve(count), start_concurrency=2, most_concurrency=3)
    await asyncio.gather(*(fetch(twilio) for _ in range(12)))
    assert most == 3


async def test_the_urgent_overtake_those_who_came_before(serve, ask) -> None:
    order = []

    async def note(request: web.Request) -> web.Response:
        order.append(request.path.split("/")[2])
        await asyncio.sleep(0.02)
        return web.json_response({"sid": "x"})

    twilio = ask(await serve(note), start_concurrency=1, most_concurrency=1)
    backfill, urgent = twilio.at(Priority.BACKFILL), twilio.at(Priority.COMPOSITIONS)
    asked = [asyncio.create_task(fetch(backfill)) for _ in range(3)]
    await asyncio.sleep(0.01)
    asked.append(asyncio.create_task(urgent.video.compositions("CJ" + "1" * 32).fetch_async()))
    await asyncio.gather(*asked)
    assert order == ["Rooms", "Compositions", "Rooms", "Rooms"]


# --- no answer ---


@pytest.mark.parametrize("sends_headers", [False, True])
async def test_no_request_waits_for_ever(serve, ask, told: Told, sends_headers: bool) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        if sends_headers:
            await response.prepare(request)
            await response.write(b'{"sid": ')
        await asyncio.sleep(3)
        return response

    twilio = ask(await serve(hang), timeout_s=0.1)
    async with asyncio.timeout(30):
        with pytest.raises(CollectError, match=r"rooms: expected an answer in 0\.1 s"):
            await fetch(twilio)
    assert told.codes == ["timeout"] * 3


async def test_callers_of_a_twilio_that_hangs_do_not_pile_up(serve, ask, told: Told) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    twilio = ask(await serve(hang), timeout_s=0.1, breaker_failures=5, breaker_delay_s=60.0)
    async with asyncio.timeout(30):
        kinds = await asyncio.gather(*(refused(twilio) for _ in range(50)))
    assert set(kinds) == {"timeout", "breaker"}
    assert len(told.codes) < 15, "most were never sent"


# --- the breaker ---


async def test_the_breaker_opens_lets_one_probe_through_and_closes(serve, ask, told: Told) -> None:
    is_up = False

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(0.02)
        return web.json_response(ROOM, status=200 if is_up else 500)

    twilio = ask(await serve(answer), breaker_failures=2, breaker_delay_s=0.5, most_attempts=1)
    assert [await refused(twilio) for _ in range(3)] == ["server", "server", "breaker"]
    assert twilio.circuit is Circuit.OPEN
    assert len(told.codes) == 2, "what the breaker refuses is not sent"

    await asyncio.sleep(0.55)
    assert sorted(await asyncio.gather(*(refused(twilio) for _ in range(4)))) == ["breaker"] * 3 + ["server"]

    is_up = True
    await asyncio.sleep(1.1)
    assert (await fetch(twilio)).sid == ROOM_SID
    assert twilio.circuit is Circuit.CLOSED


async def test_nobody_there_opens_the_breaker_and_the_first_error_is_the_one_told(ask, told: Told) -> None:
    twilio = ask("http://127.0.0.1:9", breaker_failures=2)
    assert await refused(twilio) == "network", "and not that the third attempt was refused by the breaker"
    assert told.codes == ["network"] * 2
    assert await refused(twilio) == "breaker"


async def test_an_open_breaker_and_a_lower_rate_survive_a_restart(serve, ask) -> None:
    twilio = ask(await serve(in_turn(429, 500)), breaker_failures=2, breaker_delay_s=60.0)
    await refused(twilio)
    state: BudgetState = twilio.budget.state(time.time())
    after = ask(await serve(in_turn(200)), breaker_failures=2, breaker_delay_s=60.0)
    after.budget.restore(state, time.time())
    assert await refused(after) == "breaker"
    assert after.rate_per_s() == pytest.approx(twilio.rate_per_s())


# --- keys ---


def opened_by(*keys: Credentials) -> Handler:
    """Answer those who come with one of these keys; the list may change."""

    async def answer(request: web.Request) -> web.Response:
        given = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if given in {f"{key.username}:{key.password}" for key in keys}:
            return web.json_response(ROOM)
        return web.json_response({"code": 20003}, status=401)

    return answer


async def test_the_next_key_takes_over_and_says_so_once(serve, ask, told: Told) -> None:
    twilio = ask(await serve(opened_by(NEW)), following=NEW)
    await fetch(twilio)
    await fetch(twilio)
    assert told.codes == ["401", "200", "200"]
    assert told.keys == [(ACCOUNT_SID, "next")]
    assert not twilio.auth_lost


async def test_the_old_key_is_used_as_long_as_it_opens(serve, ask, told: Told) -> None:
    await fetch(ask(await serve(opened_by(OLD, NEW)), following=NEW))
    assert told.codes == ["200"]
    assert told.keys == []


async def test_many_requests_change_the_key_together(serve, ask, told: Told) -> None:
    twilio = ask(await serve(opened_by(NEW)), following=NEW)
    await asyncio.gather(*(fetch(twilio) for _ in range(20)))
    assert told.keys == [(ACCOUNT_SID, "next")]


async def test_an_account_that_no_key_opens_is_left_alone_and_comes_back_by_itself(serve, ask, told: Told) -> None:
    keys: list[Credentials] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        return await opened_by(*keys)(request)

    twilio = ask(await serve(answer), following=NEW)
    assert [await refused(twilio) for _ in range(10)] == ["auth"] * 10
    assert told.codes == ["401", "401"], "each key once"
    assert twilio.auth_lost

    keys.append(OLD)
    await asyncio.sleep(0.16)
    await fetch(twilio)
    assert not twilio.auth_lost
    assert told.keys == []


async def test_a_key_that_may_not_do_one_thing_is_not_lost(serve, ask) -> None:
    async def forbid(_: web.Request) -> web.Response:
        return web.json_response({"code": 20403}, status=403)

    twilio = ask(await serve(forbid), following=NEW)
    assert await refused(twilio) == "auth"
    assert not twilio.auth_lost


# --- going away ---


async def test_whoever_is_cancelled_gives_back_slot_and_connection(serve, ask) -> None:
    came, go_on = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        came.set()
        await go_on.wait()
        return web.json_response(ROOM)

    twilio = ask(await serve(hang), start_concurrency=1, most_concurrency=1)
    under_way, waiting = asyncio.create_task(fetch(twilio)), asyncio.create_task(fetch(twilio))
    await came.wait()
    under_way.cancel()
    waiting.cancel()
    await asyncio.wait([under_way, waiting])
    go_on.set()
    assert (await fetch(twilio)).sid == ROOM_SID
    assert twilio.circuit is Circuit.CLOSED


async def test_closing_one_view_closes_all_and_leaves_nothing_open(serve, ask) -> None:
    twilio = ask(await serve(in_turn(200)))
    views = [twilio.at(priority) for priority in Priority]
    await asyncio.gather(*(fetch(view) for view in views))
    await views[0].close()
    assert twilio.exchange._session.closed
    del views
    gc.collect()  # an unclosed session would complain, and a complaint is an error here


def refusals() -> list[CollectError]:
    """Return those in memory, of which other tests may have left some behind."""
    return [each for each in gc.get_objects() if isinstance(each, CollectError)]


async def test_a_request_that_was_refused_is_let_go(serve, ask) -> None:
    twilio = ask(await serve(in_turn(404)))
    gc.collect()
    gc.disable()  # what holds itself in a circle waits for the collector, for hours
    before = refusals()
    try:
        for _ in range(3):
            assert await or_none(fetch(twilio)) is None
        assert [each for each in refusals() if not any(each is other for other in before)] == []
    finally:
        gc.enable()


# --- addresses ---


async def test_every_product_is_asked_inside_the_base_url(serve, ask, told: Told) -> None:
    paths = []

    async def note(request: web.Request) -> web.Response:
        paths.append(request.path)
        page = {"meta": {"key": "things", "next_page_url": None}, "things": [], "usage_records": [], "alerts": []}
        return web.json_response(page)

    twilio = ask(await serve(note) + "/proxy/")
    await twilio.video.rooms.list_async(page_size=5)
    await twilio.insights.rooms.list_async(page_size=5)
    await usage_records.first_page(twilio, date(2026, 11, 1), date(2026, 11, 2), 5)
    await twilio.monitor.alerts.list_async(page_size=5)
    assert paths == [
        "/proxy/v1/Rooms",
        "/proxy/v1/Video/Rooms",
        f"/proxy/2010-04-01/Accounts/{ACCOUNT_SID}/Usage/Records/Daily.json",
        "/proxy/v1/Alerts",
    ]
    assert [resource for resource, _ in told.requests] == ["rooms", "summaries", "usage", "alerts"]


async def test_the_next_page_is_asked_for_inside_the_base_url_with_its_query(serve, ask) -> None:
    queries = []

    async def page(request: web.Request) -> web.Response:
        queries.append(dict(request.query))
        following = "https://video.twilio.com/v1/Rooms?PageToken=a%2Fb&Page=1" if len(queries) == 1 else None
        return web.json_response({"meta": {"key": "rooms", "next_page_url": following}, "rooms": [ROOM]})

    twilio = ask(await serve(page))
    assert len(await twilio.video.rooms.list_async(page_size=1)) == 2
    assert queries[1] == {"PageToken": "a/b", "Page": "1"}


async def test_twilios_clock_is_told(serve, ask, told: Told) -> None:
    await fetch(ask(await serve(in_turn(200))))
    assert told.clock_offsets_s == [pytest.approx(0, abs=5)]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("video.twilio.com/v1/Rooms?Status=in-progress", "rooms"),
        (f"video.twilio.com/v1/Rooms/{ROOM_SID}", "rooms"),
        ("video.twilio.com/v1/Rooms/Participants", "rooms"),  # a room of that name
        (f"video.twilio.com/v1/Rooms/{ROOM_SID}/Participants/PA1", "participants"),
        (f"video.twilio.com/v1/Rooms/{ROOM_SID}/Recordings", "recordings"),
        ("video.twilio.com/v1/Recordings/RT1", "recordings"),
        ("video.twilio.com/v1/Compositions/CJ1/Media", "compositions"),
        ("video.twilio.com/v1/CompositionHooks/HK1", "composition_hooks"),
        ("insights.twilio.com/v1/Video/Rooms", "summaries"),
        (f"insights.twilio.com/v1/Video/Rooms/{ROOM_SID}/Participants", "summaries"),
        ("api.twilio.com/2010-04-01/Accounts/AC1/Usage/Records.json", "usage"),
        ("monitor.twilio.com/v1/Alerts", "alerts"),
        ("api.twilio.com/2010-04-01/Accounts/AC1.json", "other"),
        ("", "other"),
    ],
)
def test_a_resource_is_named_for_the_last_thing_in_its_address(path: str, resource: str) -> None:
    assert resource_of(f"https://{path}") == resource

"""Do callbacks and telemetry reach a daemon, signed and authorized, however unwell the daemon is?

The daemon here is a web server that keeps what it gets and answers as it is told.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import jwt
import orjson
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from collectors.event_streams import decode as decode_delivery
from monitor.simulator.scenarios import (
    CallbackPolicy,
    CompositionPlan,
    Episode,
    JoinFailures,
    RoomPlan,
    Scenario,
    TelemetryPolicy,
)
from monitor.simulator.simulator import Simulator

QUICK = TelemetryPolicy(post_every_s=0.3)
LIVELY = Scenario(
    "lively",
    "",
    rooms=2,
    participants_per_room=2,
    arrives_within_s=0.4,
    callbacks=CallbackPolicy(repeat_ratio=0.0, late_ratio=0.0, spread_s=0.05),
    telemetry=QUICK,
)


class Listener:
    """A stand-in for the daemon's public side."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.callback_headers: list[dict[str, str]] = []
        self.deliveries: list[tuple[str, str, str]] = []  # path, body and signature of each of Event Streams
        self.bodies: list[dict] = []
        self.tokens: list[str] = []
        self.telemetry_answers: list[tuple[int, dict[str, str]]] = []  # what to say first; afterwards 202
        self.callback_answers: list[int] = []  # what to say first; afterwards 204
        self.delivery_answers: list[int] = []  # what to say first; afterwards 204
        self.url = ""

    async def telemetry(self, request: web.Request) -> web.Response:
        if self.telemetry_answers:
            status, headers = self.telemetry_answers.pop(0)
            await request.read()
            return web.Response(status=status, headers=headers)
        self.tokens.append(request.headers["Authorization"])
        self.bodies.append(orjson.loads(await request.read()))
        return web.json_response({"accepted": 1, "rejected": []}, status=202)

    async def callback(self, request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            return await self.delivery(request)
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        self.callback_headers.append(dict(request.headers))
        return web.Response(status=self.callback_answers.pop(0) if self.callback_answers else 204)

    async def delivery(self, request: web.Request) -> web.Response:
        status = self.delivery_answers.pop(0) if self.delivery_answers else 204
        self.deliveries.append((request.raw_path, await request.text(), request.headers["X-Twilio-Signature"]))
        return web.Response(status=status)

    def started(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/telemetry", self.telemetry)
        app.router.add_post("/callbacks/twilio", self.callback)
        return web.AppRunner(app, shutdown_timeout=0.5)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    runner = listener.started()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield listener
    await runner.cleanup()


@asynccontextmanager
async def running(scenario: Scenario, **options: object) -> AsyncIterator[Simulator]:
    simulator = Simulator(scenario, **options)
    await simulator.start()
    try:
        yield simulator
    finally:
        async with asyncio.timeout(30):
            await simulator.stop()


async def until(condition: Callable[[], object], *, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


async def test_callbacks_arrive_and_their_signatures_hold(listener):
    async with running(LIVELY, daemon_url=listener.url) as simulator:
        await until(lambda: len(listener.forms) >= 12)
        validator = RequestValidator(simulator.account.auth_token)
        for form, headers in zip(listener.forms, listener.callback_headers, strict=True):
            assert validator.validate(f"{listener.url}/callbacks/twilio", form, headers["X-Twilio-Signature"])
            assert headers["Content-Type"] == "application/x-www-form-urlencoded"
            assert headers["I-Twilio-Idempotency-Token"]
        told = {form["StatusCallbackEvent"] for form in listener.forms}
        assert told >= {"room-created", "participant-connected", "track-added"}


async def test_callbacks_are_signed_for_the_public_url_behind_a_proxy(listener):
    public = "https://calls.example.com/callbacks/twilio"
    async with running(LIVELY, daemon_url=listener.url, signing_url=f"{public}#rc=5") as simulator:
        await until(lambda: listener.forms)
        signature = listener.callback_headers[0]["X-Twilio-Signature"]
        assert RequestValidator(simulator.account.auth_token).validate(public, listener.forms[0], signature)


async def test_a_callback_that_failed_comes_again_under_the_same_token(listener):
    listener.callback_answers = [500]
    async with running(LIVELY, daemon_url=listener.url):
        await until(lambda: len(listener.forms) > 8)
        token = listener.callback_headers[0]["I-Twilio-Idempotency-Token"]
        await until(lambda: [h["I-Twilio-Idempotency-Token"] for h in listener.callback_headers].count(token) == 2)


async def test_without_a_fragment_a_500_is_final(listener):
    listener.callback_answers = [500] * 3
    async with running(LIVELY, daemon_url=listener.url, callback_url=f"{listener.url}/callbacks/twilio") as simulator:
        await until(lambda: simulator.callbacks.tally.lost == 3)
        tokens = Counter(headers["I-Twilio-Idempotency-Token"] for headers in listener.callback_headers)
        assert set(tokens.values()) == {1}


async def test_dropped_callbacks_never_come_and_repeated_ones_come_twice(listener):
    silent = Scenario("silent", "", callbacks=CallbackPolicy(drop_ratio=1.0), telemetry=QUICK)
    async with running(silent, daemon_url=listener.url) as simulator:
        await until(lambda: simulator.callbacks.tally.dropped > 10)
        assert not listener.forms
    echo = CallbackPolicy(repeat_ratio=1.0, late_ratio=0.0, late_s=(0.1, 0.2), spread_s=0.1)
    async with running(Scenario("echo", "", rooms=1, callbacks=echo), daemon_url=listener.url):
        await until(lambda: len(listener.forms) > 4)
        await asyncio.sleep(0.4)
        tokens = Counter(headers["I-Twilio-Idempotency-Token"] for headers in listener.callback_headers)
        assert max(tokens.values()) == 2


async def test_the_story_of_a_composition_is_told_to_its_end(listener):
    plan = RoomPlan("demo", 0.0, 1.0, composition=CompositionPlan(queued_s=(0.1, 0.2), at_least_s=0.5))
    scenario = Scenario(
        "film",
        "",
        arrives_within_s=0.3,
        recording_lag_s=(0.1, 0.2),
        extra_rooms=(plan,),
        callbacks=CallbackPolicy(repeat_ratio=0.0, late_ratio=0.0, spread_s=0.0),
    )
    async with running(scenario, rooms=0, daemon_url=listener.url):
        await until(lambda: any(f["StatusCallbackEvent"] == "composition-available" for f in listener.forms))
        events = [form["StatusCallbackEvent"] for form in sorted(listener.forms, key=lambda f: f["Timestamp"])]
        assert events[0] == "room-created"
        assert events.index("room-ended") < events.index("composition-enqueued") < events.index("composition-started")
        assert events.count("composition-progress") == 9


async def test_a_room_with_a_callback_of_its_own_uses_that(listener):
    async with running(LIVELY, rooms=0, callback_url="http://127.0.0.1:9/nobody") as simulator:
        own = f"{listener.url}/callbacks/twilio"
        simulator.world.ledger.open_room(simulator.clock(), "own", status_callback=own)
        await until(lambda: listener.forms)
        signature = listener.callback_headers[0]["X-Twilio-Signature"]
        assert RequestValidator(simulator.account.auth_token).validate(own, listener.forms[0], signature)


async def test_browsers_post_with_the_access_token_of_their_participant(listener):
    async with running(LIVELY, daemon_url=listener.url) as simulator:
        await until(lambda: len(listener.bodies) > 8)
        for body, header in zip(listener.bodies, listener.tokens, strict=True):
            scheme, _, token = header.partition(" ")
            claims = jwt.decode(token, simulator.account.api_secret, algorithms=["HS256"])
            assert (scheme, claims["iss"], claims["sub"]) == (
                "Bearer",
                simulator.account.api_key,
                simulator.account.account_sid,
            )
            assert claims["grants"]["identity"] == body["identity"]
            assert claims["grants"]["video"]["room"] == body["room_name"]
            assert body["room_sid"] in simulator.world.rooms


async def test_browsers_can_share_an_ingest_key_instead(listener):
    async with running(LIVELY, daemon_url=listener.url, ingest_key="let-me-in"):
        await until(lambda: listener.tokens)
        assert set(listener.tokens) == {"Bearer let-me-in"}


async def test_a_post_told_to_wait_comes_again_unchanged_and_not_too_soon(listener):
    listener.telemetry_answers = [(503, {"Retry-After": "1"}), (429, {"Retry-After": "1"})]
    lonely = Scenario("lonely", "", rooms=1, participants_per_room=1, arrives_within_s=0.2, telemetry=QUICK)
    async with running(lonely, daemon_url=listener.url) as simulator:
        await until(lambda: simulator.people.tally.told_to_wait == 1)
        waited_from = simulator.clock()
        await until(lambda: listener.bodies)
        assert simulator.clock() - waited_from > 1.8
        await until(lambda: len(listener.bodies) > 4)
        assert [body["seq"] for body in listener.bodies] == list(range(1, len(listener.bodies) + 1))


async def test_nobody_listening_yet_is_no_reason_to_lose_anything():
    late = Listener()
    runner = late.started()
    await runner.setup()
    free = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = free.sockets[0].getsockname()[1]
    free.close()
    await free.wait_closed()
    async with running(LIVELY, daemon_url=f"http://127.0.0.1:{port}") as simulator:
        await until(lambda: simulator.people.tally.unreachable > 3)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await until(lambda: late.forms and late.bodies)
        assert min(body["seq"] for body in late.bodies) == 1
        assert simulator.callbacks.tally.lost == 0
    await runner.cleanup()


async def test_silent_browsers_post_nothing_until_they_speak_again(listener):
    mute = Scenario("mute", "", arrives_within_s=0.2, telemetry=TelemetryPolicy(0.2, silent=Episode(0.0, lasts_s=1.5)))
    async with running(mute, daemon_url=listener.url) as simulator:
        await until(lambda: listener.bodies)
        assert simulator.world.elapsed_s(simulator.clock()) >= 1.5


async def test_a_history_is_not_told_but_its_people_post(listener):
    started_at = Simulator(LIVELY).clock() - 100.0
    async with running(LIVELY, daemon_url=listener.url, started_at=started_at) as simulator:
        await until(lambda: len(listener.bodies) > 3)
        assert len(simulator.world.live_rooms) == 2
        assert not [form for form in listener.forms if form["StatusCallbackEvent"] == "room-created"]
        media = [e for body in listener.bodies for e in body["events"] if e["type"] == "media_stats"]
        assert max(event["interval_ms"] for event in media) < 5000


async def test_stopping_is_prompt_and_final(listener):
    loop = asyncio.get_running_loop()
    async with running(LIVELY, daemon_url=listener.url, rooms=20):
        await until(lambda: len(listener.bodies) > 20)
        before = loop.time()
    assert loop.time() - before < 10
    told = len(listener.forms), len(listener.bodies)
    await asyncio.sleep(0.5)
    assert (len(listener.forms), len(listener.bodies)) == told


async def test_without_a_daemon_only_the_rest_api_lives():
    async with running(LIVELY) as simulator:
        assert simulator.people is None
        assert simulator.callbacks is None
        await until(lambda: simulator.world.rooms)


async def test_serving_ends_when_the_simulator_is_stopped():
    simulator = Simulator(LIVELY)
    await simulator.start()
    serving = asyncio.create_task(simulator.serve_forever())
    await asyncio.sleep(0.1)
    await simulator.stop()
    async with asyncio.timeout(30):
        await serving


async def test_summaries_of_an_ended_room_are_pushed_signed_and_again_after_a_failure(listener):
    listener.delivery_answers = [503]
    brief = Scenario("brief", "", room_lasts_s=(1.0, 1.2), arrives_within_s=0.3, summaries_pushed_after_s=0.2)
    async with running(brief, rooms=1, participants_per_room=2, daemon_url=listener.url) as simulator:
        await until(lambda: len(listener.deliveries) >= 2)
        (path, body, signature), (_, again, _) = listener.deliveries[:2]
        assert RequestValidator(simulator.account.auth_token).validate(listener.url + path, body, signature)
        assert again == body
        (room, *stays) = orjson.loads(body)
        assert len(decode_delivery(body.encode(), 1).summaries) == 1 + len(stays) > 1
        assert room["type"] == "com.twilio.video.insights.room-summary.complete"
        truth = simulator.world.rooms[room["data"]["room_sid"]]
        assert {stay["data"]["participant_sid"] for stay in stays} == set(truth.participants)
        assert {event["data"]["account_sid"] for event in (room, *stays)} == {simulator.account.account_sid}


async def test_somebody_who_cannot_join_says_so_even_if_told_to_wait(listener):
    listener.telemetry_answers = [(503, {"Retry-After": "0"})]
    closed = Scenario("closed", "", join_failures=JoinFailures(0.5, every_s=(30.0, 30.0), codes=(20104,)))
    async with running(closed, rooms=1, participants_per_room=0, daemon_url=listener.url) as simulator:
        await until(lambda: listener.bodies)
        (body,) = listener.bodies
        assert simulator.people.tally.told_to_wait == 1
        assert "participant_sid" not in body
        assert [(event["state"], event["code"]) for event in body["events"]] == [("disconnected", 20104)]


async def test_lives_of_rooms_and_beats_of_browsers_can_be_chosen():
    simulator = Simulator(LIVELY, speed=2, room_lasts_s=(120.0, 300.0), post_every_s=20.0)
    assert simulator.world.scenario.room_lasts_s == (60.0, 150.0)
    assert simulator.world.scenario.telemetry.post_every_s == 10.0

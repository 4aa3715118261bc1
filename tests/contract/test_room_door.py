"""What may be asked about calls at the private door, and what the answers look like."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from collectors.observations import ClientInfo, Direction, MediaStats
from tests.asking import TOKEN, ask, happen
from tests.builders import ALICE, BOB, CAROL, RECORDING, ROOM, batch, connection, level, participant, recording, room
from tests.conftest import Running, Start

BEGAN_MS = 1_763_690_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
NAME = "acme:class:1"


@pytest.fixture
async def daemon(start: Start) -> Running:
    # The call is long over: that it looks like one that was forgotten is not what is asked about.
    return await start(private={"port": 0, "access_token": TOKEN}, alerts={"disabled_rules": ["RoomZombie"]})


def media(at_ms: int, rtt_ms: float, **given: Any) -> MediaStats:
    return MediaStats(at_ms, 10_000, rtt_ms, Direction(loss_ratio=0.0, **given), Direction(freezes=1))


@pytest.fixture
async def call(daemon: Running) -> Running:
    """A call of an hour, with three people, of whom one says nothing of itself."""
    about = {"room_name": NAME, "created_at_ms": BEGAN_MS}
    come = {"joined_at_ms": BEGAN_MS, "at_ms": BEGAN_MS}
    posts = [
        batch(
            media(BEGAN_MS + minute * MINUTE_MS, 50.0 + minute, bitrate_bps=800_000.0, limited_by="cpu"),
            level(4, at_ms=BEGAN_MS + minute * MINUTE_MS),
            level(2, at_ms=BEGAN_MS + minute * MINUTE_MS, of=BOB),
            at_ms=BEGAN_MS + minute * MINUTE_MS,
            identity="alice",
            room_name=NAME,
            client=ClientInfo(browser="Chrome 156"),
        )
        for minute in range(60)
    ]
    silent = batch(connection("reconnecting", at_ms=BEGAN_MS + 5, code=53405), reporter=BOB, at_ms=BEGAN_MS + 5)
    await happen(
        daemon,
        room(at_ms=BEGAN_MS, **about),
        participant(ALICE, identity="alice", **come),
        participant(BOB, identity="bob", **come),
        participant(CAROL, identity="carol", **come),
        silent,
        *posts,
        recording(at_ms=BEGAN_MS),
        room("completed", at_ms=BEGAN_MS + HOUR_MS, ended_at_ms=BEGAN_MS + HOUR_MS, **about),
    )
    return daemon


async def test_a_call_is_shown_from_its_beginning_to_its_end_with_everybody_in_it(call: Running) -> None:
    status, shown = await ask(call, f"/rooms/{ROOM}")
    assert status == 200
    assert (shown["room_sid"], shown["room_name"], shown["status"]) == (ROOM, NAME, "completed")
    assert (shown["from_ms"], shown["to_ms"]) == (BEGAN_MS - MINUTE_MS, BEGAN_MS + HOUR_MS + MINUTE_MS)
    alice, bob, carol = shown["people"]
    assert [each["identity"] for each in (alice, bob, carol)] == ["alice", "bob", "carol"]
    assert alice["client"] == {"browser": "Chrome 156"}
    lane = alice["lane"]
    assert lane["after_ms"][:2] == [MINUTE_MS, 2 * MINUTE_MS]
    assert lane["columns"]["rtt_ms"][:3] == [50, 51, 52]
    assert lane["columns"]["up.limited_by"][0] == "cpu"
    assert "up.fps" not in lane["columns"], "a column that nobody told has been made up"
    assert lane["level"]["level"][0] == 4
    assert lane["seen"][BOB]["level"][0] == 2
    assert 1 <= lane["score"][0] <= 4.5
    assert carol["lane"] is None, "nobody has said how carol fared"
    assert [each["recording_sid"] for each in shown["recordings"]] == [RECORDING]
    assert "connection" in [each["kind"] for each in shown["happenings"]]


async def test_a_call_is_found_by_its_name_as_well(call: Running) -> None:
    assert await ask(call, f"/rooms/{NAME}") == await ask(call, f"/rooms/{ROOM}")


async def test_a_part_of_a_call_may_be_asked_for(call: Running) -> None:
    _, shown = await ask(call, f"/rooms/{ROOM}", **{"from": BEGAN_MS + MINUTE_MS, "to": BEGAN_MS + 3 * MINUTE_MS})
    (alice, *_) = shown["people"]
    assert alice["lane"]["after_ms"] == [0, MINUTE_MS]
    assert alice["lane"]["columns"]["rtt_ms"] == [51, 52]


async def test_few_points_show_the_worst_of_what_they_stand_for(call: Running) -> None:
    _, shown = await ask(call, f"/rooms/{ROOM}", points=10)
    lane = shown["people"][0]["lane"]
    assert len(lane["after_ms"]) <= 10 < lane["samples"] == 60
    assert max(lane["columns"]["rtt_ms"]) == 50 + 59
    assert sum(lane["columns"]["down.freezes"]) == 60


async def test_samples_come_in_pages_until_there_are_no_more(call: Running) -> None:
    rtts: list[float] = []
    query: dict[str, Any] = {"participant": "alice", "limit": 25}
    while True:
        status, page = await ask(call, f"/rooms/{ROOM}/samples", **query)
        assert status == 200
        rtts += page["columns"]["rtt_ms"]
        if page["next_from_ms"] is None:
            break
        query["from"] = page["next_from_ms"]
    assert rtts == [50 + minute for minute in range(60)]


async def test_calls_are_found_in_pages(daemon: Running) -> None:
    for number in range(5):
        sid, at_ms = f"RM{number:032x}", BEGAN_MS + number * HOUR_MS
        await happen(daemon, room(sid=sid, at_ms=at_ms, created_at_ms=at_ms, room_name=f"acme:{number}"))
    _, first = await ask(daemon, "/rooms", text="acme:", limit=3)
    assert [each["room_name"] for each in first["rooms"]] == ["acme:4", "acme:3", "acme:2"]
    _, second = await ask(daemon, "/rooms", text="acme:", limit=3, after=first["next"])
    assert [each["room_name"] for each in second["rooms"]] == ["acme:1", "acme:0"]
    assert second["next"] is None


async def test_a_call_that_goes_on_is_shown_as_it_is_now(daemon: Running) -> None:
    await happen(daemon, room(room_name=NAME, created_at_ms=BEGAN_MS))
    await daemon.daemon.pipeline.offer(participant(ALICE, identity="alice"))
    now_ms = daemon.daemon.clock.now_ms()
    _, shown = await ask(daemon, f"/rooms/{NAME}", **{"from": now_ms - HOUR_MS})
    assert (shown["status"], [each["identity"] for each in shown["people"]]) == ("in-progress", ["alice"])


@pytest.mark.parametrize(
    ("path", "query", "status", "error"),
    [
        (f"/rooms/{ROOM}", {}, 404, "room: expected the SID or name of a room on record, got 'RMaaa"),
        ("/rooms", {"limit": "0"}, 400, "limit: expected a whole number from 1 to 500, got '0'"),
        ("/rooms", {"limit": "many"}, 400, "limit: expected a whole number"),
        ("/rooms", {"from": "yesterday"}, 400, "from: expected milliseconds since 1970, a time such as"),
        ("/rooms", {"after": "page 2"}, 400, "after: expected the `next` of a page, got 'page 2'"),
    ],
)
async def test_a_question_that_is_none_is_told_so(
    daemon: Running, path: str, query: dict[str, str], status: int, error: str
) -> None:
    answered, said = await ask(daemon, path, **query)
    assert (answered, said["error"].startswith(error)) == (status, True), said


async def test_what_is_asked_of_a_call_has_its_bounds(call: Running) -> None:
    status, said = await ask(call, f"/rooms/{ROOM}", **{"from": 0})
    assert (status, said["error"].startswith("from, to: expected at most 172800000 ms, got ")) == (400, True)
    assert (await ask(call, f"/rooms/{ROOM}", **{"from": BEGAN_MS, "to": BEGAN_MS}))[0] == 400
    status, said = await ask(call, f"/rooms/{ROOM}/samples", participant="nobody")
    assert (status, said["error"]) == (404, "participant: expected somebody with samples in this time, got 'nobody'")


async def test_the_answers_have_the_shape_that_the_api_describes(call: Running) -> None:
    _, document = await ask(call, "/openapi.json")
    answers = {
        "/api/v1/rooms": "/rooms",
        "/api/v1/rooms/{room}": f"/rooms/{ROOM}",
        "/api/v1/rooms/{room}/samples": f"/rooms/{ROOM}/samples?participant=alice",
    }
    for path, asked in answers.items():
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        _, said = await ask(call, asked)
        Draft202012Validator(schema).validate(said)

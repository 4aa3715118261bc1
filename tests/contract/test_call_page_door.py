"""What the page of a call may ask at the private door, and what it is told."""

from typing import Any

import pytest
from msgspec.structs import replace

from collectors.events import Source, TrackSeen
from collectors.observations import ClientInfo, Direction, Feedback, MediaStats, Speaker, Track
from tests.asking import TOKEN, ask, happen
from tests.builders import ALICE, BOB, CAROL, RECORDING, ROOM, batch, connection, level, participant, recording, room
from tests.conftest import Running, Start

BEGAN_MS = 1_763_690_000_000
STEP_MS = 10_000
MINUTE_MS = 60_000
LASTED_MS = 10 * MINUTE_MS
ENDED_MS = BEGAN_MS + LASTED_MS
NAME = "acme:class:1"


@pytest.fixture
async def daemon(start: Start) -> Running:
    kept = {"path": ":memory:", "raw_days": 10_000, "history_days": 10_000}
    return await start(private={"port": 0, "access_token": TOKEN}, storage=kept)


def media(at_ms: int, rtt_ms: float, bitrate_bps: float = 800_000.0) -> MediaStats:
    way = Direction(loss_ratio=0.0, bitrate_bps=bitrate_bps, freezes=1)
    return MediaStats(at_ms, STEP_MS, rtt_ms, way, way)


def said_by_alice(step: int) -> Any:
    at_ms = BEGAN_MS + step * STEP_MS
    told: list[Any] = [media(at_ms, 50.0 + step)]
    if step % 6 == 0:
        told += [level(4 if step else 5, at_ms=at_ms), level(2, at_ms=at_ms, of=BOB)]
    return batch(*told, at_ms=at_ms, identity="alice", room_name=NAME, client=ClientInfo(browser="Chrome 156"))


def called_back(event: Any, sequence: int) -> Any:
    return replace(event, source=Source.CALLBACK, cause="participant-connected", sequence=sequence)


@pytest.fixture
async def call(daemon: Running) -> Running:
    """A call of ten minutes: alice tells of herself, bob only of events and carol of nothing."""
    about: dict[str, Any] = {"room_name": NAME, "created_at_ms": BEGAN_MS}
    come: dict[str, Any] = {"joined_at_ms": BEGAN_MS, "at_ms": BEGAN_MS}
    of_bob = batch(
        connection("reconnecting", at_ms=BEGAN_MS + 5_000, code=53405),
        connection("reconnected", at_ms=BEGAN_MS + 9_000),
        Track(BEGAN_MS + 20_000, "switched_off", "MT1", "video", ALICE),
        Track(BEGAN_MS + 50_000, "switched_on", "MT1", "video", ALICE),
        Speaker(BEGAN_MS + 30_000, ALICE),
        Speaker(BEGAN_MS + 60_000, None),
        Feedback(BEGAN_MS + 70_000, 2, "I could not see alice"),
        reporter=BOB,
        at_ms=BEGAN_MS + 80_000,
    )
    await happen(
        daemon,
        room(at_ms=BEGAN_MS, **about),
        called_back(participant(ALICE, identity="alice", **come), 1),
        participant(BOB, identity="bob", **come),
        participant(CAROL, identity="carol", **come),
        TrackSeen(BEGAN_MS + 1_000, Source.POLL, ROOM, "added", "MT1", "video", participant_sid=ALICE),
        of_bob,
        *(said_by_alice(step) for step in range(60)),
        recording(at_ms=BEGAN_MS, participant_sid=ALICE, created_at_ms=BEGAN_MS, kind="video"),
        participant(ALICE, "disconnected", at_ms=ENDED_MS, left_at_ms=ENDED_MS),
        room("completed", at_ms=ENDED_MS, ended_at_ms=ENDED_MS, **about),
    )
    return daemon


async def test_everybody_has_a_lane_on_one_grid(call: Running) -> None:
    status, shown = await ask(call, f"/rooms/{ROOM}/lanes")
    assert status == 200
    assert shown["step_ms"] == STEP_MS
    assert shown["from_ms"] % STEP_MS == 0
    alice, bob, carol = shown["lanes"]
    assert [each["key"] for each in (alice, bob, carol)] == [ALICE, BOB, CAROL]
    for lane in shown["lanes"]:
        for array in (lane["level"], lane["score"], lane["idle"], *lane["columns"].values()):
            assert len(array) == shown["steps"]
    first = (BEGAN_MS - shown["from_ms"]) // STEP_MS
    assert alice["columns"]["rtt_ms"][first : first + 3] == [50, 51, 52]
    assert alice["level"][first : first + 7] == [5, 5, 5, 5, 5, 5, 4]
    assert sum(each or 0 for each in alice["columns"]["up.freezes"]) == 60
    assert alice["columns"]["rtt_ms"][first - 1] is None
    assert shown["aggregates"]["up.freezes"] == "sum"
    assert alice["samples"] == 60
    assert alice["every_ms"] == STEP_MS


async def test_who_tells_nothing_is_unknown_and_not_well(call: Running) -> None:
    _, shown = await ask(call, f"/rooms/{ROOM}/lanes")
    *_, bob, carol = shown["lanes"]
    assert {*carol["level"], *carol["score"], *carol["idle"]} == {None}
    assert carol["columns"] == {}
    assert [each["status"] for each in carol["spans"]] == ["silent"]
    assert 2 in bob["level"], "what alice saw of bob is not shown"
    assert [each["status"] for each in bob["spans"]] == ["silent", "reconnecting", "silent"]


async def test_a_good_level_of_somebody_who_sends_nothing_is_shown_as_idle(daemon: Running) -> None:
    posts = [
        batch(media(BEGAN_MS + step * STEP_MS, 50.0, 0.0), level(5, at_ms=BEGAN_MS + step * STEP_MS), at_ms=BEGAN_MS)
        for step in range(6)
    ]
    await happen(daemon, room(at_ms=BEGAN_MS, created_at_ms=BEGAN_MS), *posts)
    _, shown = await ask(daemon, f"/rooms/{ROOM}/lanes", **{"from": BEGAN_MS, "to": BEGAN_MS + MINUTE_MS})
    (lane,) = shown["lanes"]
    assert lane["level"] == [5] * 6
    assert lane["idle"] == [True] * 6
    assert lane["score"] == [None] * 6
    assert lane["spans"][0]["status"] == "idle"


async def test_few_points_show_the_worst_and_only_the_columns_that_were_asked_for(call: Running) -> None:
    _, shown = await ask(call, f"/rooms/{ROOM}/lanes", points=20, columns="rtt_ms")
    assert shown["steps"] <= 20
    alice = shown["lanes"][0]
    assert [*alice["columns"]] == ["rtt_ms"]
    assert max(each or 0 for each in alice["columns"]["rtt_ms"]) == 50 + 59


@pytest.mark.parametrize("asked", [{"points": 3_000}, {"columns": "moon"}, {"from": "yesterday"}])
async def test_what_cannot_be_answered_is_refused_in_words(call: Running, asked: dict[str, Any]) -> None:
    status, refused = await ask(call, f"/rooms/{ROOM}/lanes", **asked)
    assert status == 400
    assert "expected" in refused["error"]


async def test_a_call_that_is_not_on_record_is_not_found(call: Running) -> None:
    for what in ("lanes", "story"):
        status, _ = await ask(call, f"/rooms/nowhere/{what}")
        assert status == 404


async def test_a_story_tells_what_happened_in_words(call: Running) -> None:
    status, story = await ask(call, f"/rooms/{ROOM}/story")
    assert status == 200
    words = {each["words"] for each in story["entries"]}
    assert {
        "The room began.",
        "alice joined.",
        "alice left.",
        "bob lost the connection for 4 s.",
        "alice's video was switched off for bob.",
        "alice: video added.",
        "alice spoke.",
        "bob rated the call 2 of 5.",
        "Callback 1: participant-connected, alice.",
        "alice's video was recorded.",
    } <= words
    assert [each["at_ms"] for each in story["entries"]] == sorted(each["at_ms"] for each in story["entries"])
    (outage,) = (each for each in story["entries"] if each["kind"] == "reconnecting")
    assert (outage["key"], outage["code"], outage["until_ms"]) == (BOB, 53405, BEGAN_MS + 9_000)
    assert outage["code_words"]
    assert outage["remedy"]
    (recorded,) = (each for each in story["entries"] if each["kind"] == "recording")
    assert recorded["sid"] == RECORDING


async def test_an_entry_has_the_same_id_in_every_answer_and_another_than_all_others(call: Running) -> None:
    _, story = await ask(call, f"/rooms/{ROOM}/story")
    _, part = await ask(call, f"/rooms/{ROOM}/story", **{"from": BEGAN_MS + 19_000, "to": BEGAN_MS + 40_000})
    ids = [each["id"] for each in story["entries"]]
    assert len({*ids}) == len(ids)
    assert {each["id"] for each in part["entries"]} < {*ids}
    assert {each["kind"] for each in part["entries"]} >= {"switched_off", "speaker"}


async def test_what_is_missing_is_said_with_how_to_get_it(call: Running) -> None:
    _, story = await ask(call, f"/rooms/{ROOM}/story")
    found = {(each["input"], each["key"]) for each in story["missing"]}
    assert {("telemetry", BOB), ("telemetry", CAROL)} <= found
    assert ("telemetry", ALICE) not in found
    assert ("callbacks", None) not in found
    assert all(each["remedy"] and each["docs"] for each in story["missing"])


async def test_a_cut_story_says_so(call: Running) -> None:
    _, story = await ask(call, f"/rooms/{ROOM}/story", limit=3)
    assert len(story["entries"]) == 3
    assert story["is_cut"]

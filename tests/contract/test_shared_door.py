"""A call is shown to whoever holds a link, without a login, and without anybody's name."""

import json
import re
import time
from typing import Any

import aiohttp
import pytest

from collectors.observations import ClientInfo, Direction, Feedback, MediaStats
from tests.asking import TOKEN, ask, happen
from tests.builders import ACCOUNT, ALICE, BOB, RECORDING, ROOM, batch, connection, level, participant, recording, room
from tests.conftest import Running, Start

BEGAN_MS = int(time.time() * 1000) // 60_000 * 60_000 - 3_600_000
MINUTE_MS = 60_000
NAME = "acme:secret-class:1"
PARTS = ("", "/lanes", "/story", "/verdict")
SECRETS = ("alice", "bob", "secret-class", ALICE, BOB, ROOM, RECORDING, ACCOUNT, "203.0.113", "my voice")


@pytest.fixture
async def call(start: Start) -> Running:
    """A call of ten minutes with two people, of whom one complains."""
    daemon = await start(private={"port": 0, "access_token": TOKEN, "url": "https://roomwatch.example.com"})
    come: dict[str, Any] = {"joined_at_ms": BEGAN_MS, "at_ms": BEGAN_MS}
    posts = [
        batch(
            MediaStats(at_ms, 10_000, 50.0, Direction(loss_ratio=0.2, bitrate_bps=8e5), Direction(loss_ratio=0.0)),
            level(1, at_ms=at_ms),
            level(1, at_ms=at_ms, of=BOB),
            at_ms=at_ms,
            identity="alice",
            room_name=NAME,
            client=ClientInfo(browser="Chrome 156"),
            address="203.0.113.0/24",
        )
        for at_ms in range(BEGAN_MS, BEGAN_MS + 10 * MINUTE_MS, 10_000)
    ]
    said = Feedback(BEGAN_MS + 70_000, 2, "my voice is gone, says alice")
    lost = connection("reconnecting", at_ms=BEGAN_MS + 5_000, code=53405)
    await happen(
        daemon,
        room(at_ms=BEGAN_MS, room_name=NAME, created_at_ms=BEGAN_MS, account_sid=ACCOUNT),
        participant(ALICE, identity="alice", **come),
        participant(BOB, identity="bob", **come),
        batch(said, lost, reporter=BOB, identity="bob", at_ms=BEGAN_MS + 80_000),
        *posts,
        recording(at_ms=BEGAN_MS, participant_sid=ALICE, identity="alice", created_at_ms=BEGAN_MS, kind="video"),
    )
    return daemon


async def tell(running: Running, method: str, path: str, **body: Any) -> tuple[int, Any]:
    """Do an errand at the private door."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{running.private}/api/v1{path}"
    async with running.http.request(method, url, json=body, headers=headers) as response:
        return response.status, await response.json()


async def look(running: Running, path: str) -> tuple[int, str, Any]:
    """Look at something without a login."""
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{running.private}{path}") as response:
        return response.status, await response.text(), response.headers


async def shared(running: Running, **asked: Any) -> Any:
    status, made = await tell(running, "POST", f"/rooms/{ROOM}/shares", **asked)
    assert status == 201, made
    return made


async def test_a_link_shows_the_call_without_a_login_and_names_nobody(call: Running) -> None:
    made = await shared(call)
    assert made["url"] == f"https://roomwatch.example.com/shared/{made['token']}"
    for part in PARTS:
        status, text, _ = await look(call, f"/api/v1/shared/{made['token']}{part}")
        assert status == 200, (part, text)
        assert [each for each in SECRETS if each in text] == [], part


async def test_what_is_shown_has_the_shape_and_the_numbers_of_the_call(call: Running) -> None:
    token = (await shared(call))["token"]
    for part in PARTS:
        _, text, _ = await look(call, f"/api/v1/shared/{token}{part}")
        _, whole = await ask(call, f"/rooms/{ROOM}{part}")
        assert {*whole} <= {*json.loads(text)}, part
    _, text, _ = await look(call, f"/api/v1/shared/{token}/lanes")
    _, whole = await ask(call, f"/rooms/{ROOM}/lanes")
    first, _ = json.loads(text)["lanes"]
    assert first["columns"] == whole["lanes"][0]["columns"]
    assert first["identity"] == "participant 1"


async def test_somebody_is_called_the_same_in_every_answer_of_a_link_and_otherwise_in_the_next(call: Running) -> None:
    token, other = (await shared(call))["token"], (await shared(call))["token"]
    keys = []
    for path in (f"{token}/lanes", f"{other}/lanes"):
        _, text, _ = await look(call, f"/api/v1/shared/{path}")
        keys.append(json.loads(text)["lanes"][1]["key"])
    assert keys[0] != keys[1]
    _, text, _ = await look(call, f"/api/v1/shared/{token}/story")
    story = json.loads(text)
    assert {"participant 2 joined."} == {each["words"] for each in story["entries"] if each["kind"] == "joined"} - {
        "participant 1 joined."
    }
    assert keys[0] in {each["key"] for each in story["entries"]}


async def test_a_link_shows_no_other_time_than_it_is_good_for(call: Running) -> None:
    token = (await shared(call, **{"from": BEGAN_MS + MINUTE_MS, "to": BEGAN_MS + 2 * MINUTE_MS}))["token"]
    _, text, _ = await look(call, f"/api/v1/shared/{token}/lanes?from={BEGAN_MS}&to={BEGAN_MS + 9 * MINUTE_MS}")
    shown = json.loads(text)
    assert shown["from_ms"] >= BEGAN_MS + MINUTE_MS
    assert shown["from_ms"] + shown["steps"] * shown["step_ms"] <= BEGAN_MS + 2 * MINUTE_MS


async def test_nobody_is_told_where_a_link_leads_or_led(call: Running) -> None:
    made = await shared(call)
    await tell(call, "DELETE", f"/shares/{made['id']}")
    for token in (made["token"], "never-was"):
        for part in PARTS:
            status, text, headers = await look(call, f"/api/v1/shared/{token}{part}")
            assert status == 404
            assert ROOM not in text
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "noindex" in headers["X-Robots-Tag"]


async def test_the_page_of_a_link_asks_for_no_login_and_is_in_no_index(call: Running) -> None:
    status, _, headers = await look(call, "/shared/whatever")
    assert status == 200
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


async def test_what_the_page_of_a_link_is_built_of_asks_for_no_login_either(call: Running) -> None:
    _, text, _ = await look(call, "/shared/whatever")
    parts = re.findall(r'(?:src|href)="(/[\w./-]+\.(?:js|css))"', text)
    assert parts
    for part in parts:
        assert (await look(call, part))[0] == 200


async def test_the_token_opens_nothing_else(call: Running) -> None:
    token = (await shared(call))["token"]
    for path in (f"/api/v1/rooms/{ROOM}", "/api/v1/shares", f"/api/v1/shared/{token}/bundle", "/api/v1/live"):
        status, _, _ = await look(call, path)
        assert status == 401, path


async def test_links_are_listed_without_their_tokens_and_ended_by_their_ids(call: Running) -> None:
    made = await shared(call)
    _, listed = await ask(call, "/shares", room=NAME)
    assert [each["id"] for each in listed["shares"]] == [made["id"]]
    assert "token" not in listed["shares"][0]
    assert (await tell(call, "DELETE", f"/shares/{made['id']}"))[0] == 200
    assert (await tell(call, "DELETE", f"/shares/{made['id']}"))[0] == 404
    assert (await ask(call, "/shares"))[1] == {"shares": []}


@pytest.mark.parametrize(
    "asked", [{"redact": False}, {"expires_in_s": 31 * 86_400}, {"expires_in_s": 1}, {"from": 5, "to": 4}, {"moon": 1}]
)
async def test_a_link_that_nobody_can_have_meant_is_refused(call: Running, asked: dict[str, Any]) -> None:
    status, refused = await tell(call, "POST", f"/rooms/{ROOM}/shares", **asked)
    assert status == 400
    assert "error" in refused

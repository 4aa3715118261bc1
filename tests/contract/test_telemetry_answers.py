"""Every row of the answer table of `POST /v1/telemetry`, by both ways in."""

import gzip
import time
from functools import partial
from typing import Any

import pytest

from tests.builders import (
    ACCOUNT,
    ALICE,
    API_KEY,
    INGEST_KEY,
    NOW_MS,
    ROOM,
    access_token,
    packed,
    post,
    quality,
    room,
)
from tests.conftest import Running, Start
from tests.stored import posts

KEY = {"Authorization": f"Bearer {INGEST_KEY}"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=[True, False], ids=["front", "aiohttp"])
def start(start: Start, request: pytest.FixtureRequest) -> Start:
    """Start a daemon where telemetry comes in one way or the other."""
    return partial(start, public={"port": 0, "fast_ingest": request.param})


async def answer(running: Running, body: Any, *, headers: dict[str, str] | None = None, query: str = "") -> Any:
    """Post, and return the status, the answer and its headers."""
    data = body if isinstance(body, bytes) else packed(body)
    async with running.http.post(
        f"{running.public}/v1/telemetry{query}", data=data, headers=JSON | (KEY if headers is None else headers)
    ) as response:
        return response.status, await response.json(), response.headers


async def test_a_good_post_is_accepted_and_stored(running: Running) -> None:
    status, said, _ = await answer(running, post(quality(3), quality(4)))
    assert (status, said) == (202, {"accepted": 2, "rejected": []})
    (stored,) = await posts(running.daemon.store)
    assert [seen.level for seen in stored.observations] == [3, 4]


async def test_a_bad_event_is_named_and_its_neighbours_are_kept(running: Running) -> None:
    status, said, _ = await answer(running, post(quality(1), quality(2), quality(3), quality(9)))
    assert status == 202
    assert said["accepted"] == 3
    assert said["rejected"] == [{"index": 3, "error": "events[3].level: expected 0..5, got 9"}]


async def test_unknown_fields_and_types_are_ignored_and_counted(running: Running) -> None:
    news = {"type": "teleport", "at": NOW_MS}
    status, said, _ = await answer(running, post(quality(4, colour="red"), news, taste="sweet"))
    assert status == 202
    assert said == {"accepted": 1, "rejected": [], "ignored": 1, "ignored_fields": 2}
    assert running.daemon.metrics.total("roomwatch_telemetry_events_ignored_total") == 1


@pytest.mark.parametrize("unknown", [None, -1])
async def test_a_level_of_minus_one_or_null_is_unknown_not_zero(running: Running, unknown: Any) -> None:
    await answer(running, post(quality(unknown)))
    (seen,) = running.daemon.live.participants()
    assert seen.level is None


async def test_a_repeat_gets_the_same_answer_and_is_stored_once(running: Running) -> None:
    body = post(quality(3), session="s1", seq=7)
    first, second = [(await answer(running, body))[:2] for _ in range(2)]  # of the headers, `Date` may be another
    assert first == second == (202, {"accepted": 1, "rejected": []})
    assert len(await posts(running.daemon.store)) == 1
    assert running.daemon.metrics.total("roomwatch_telemetry_repeats_total") == 1


async def test_text_is_accepted_so_that_a_beacon_needs_no_preflight(running: Running) -> None:
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    assert (await answer(running, post(quality()), headers=headers, query=f"?token={INGEST_KEY}"))[0] == 202


async def test_gzip_is_unpacked(running: Running) -> None:
    headers = KEY | {"Content-Encoding": "gzip"}
    status, said, _ = await answer(running, gzip.compress(packed(post(quality()))), headers=headers)
    assert (status, said["accepted"]) == (202, 1)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "body: expected well-formed JSON, got Input data was truncated"),
        (b"hello", "body: expected well-formed JSON"),
        (b"[]", "body: expected object, got []"),
        (post(quality()) | {"v": 2}, "v: expected 1, got 2"),
        ({"v": 1, "events": []}, "room_sid: expected room_sid or room_name, got neither"),
        (
            {"v": 1, "events": [], "room_sid": ROOM},
            "participant_sid: expected participant_sid or identity, got neither",
        ),
        (post() | {"events": 3}, "events: expected array, got 3"),
        (post(room_sid="RM" + "z" * 32), "room_sid: expected RM and 32 hexadecimal digits"),
        ({"v": 1, "room_sid": ROOM, "identity": "a"}, "events: expected a value, got nothing"),
    ],
)
async def test_what_is_not_version_1_is_answered_400_with_the_path_of_the_fault(
    running: Running, body: Any, fault: str
) -> None:
    status, said, _ = await answer(running, body)
    assert status == 400
    assert said["error"].startswith(fault)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not-a-key",
        access_token(secret="another secret of thirty-two bytes"),
        access_token(iss="SK" + "f" * 32),
        access_token(sub="AC" + "f" * 32),
        access_token(header={"cty": "something-else"}),
        access_token(exp=int(time.time()) - 100_000),
        access_token(grants={"identity": "alice"}),
        access_token(grants="all of them"),
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJTSyJ9.",
        "\u0000",
    ],
    ids=["none", "word", "secret", "issuer", "account", "type", "old", "no grant", "odd grant", "alg none", "nul"],
)
async def test_no_token_or_a_bad_one_is_answered_401(running: Running, token: str) -> None:
    async with running.http.post(
        f"{running.public}/v1/telemetry", params={"token": token}, data=packed(post(quality())), headers=JSON
    ) as response:
        assert response.status == 401
        assert API_KEY not in await response.text()


async def test_the_participants_own_access_token_is_enough(running: Running) -> None:
    headers = {"Authorization": f"Bearer {access_token()}"}
    assert (await answer(running, post(quality()), headers=headers))[0] == 202


async def test_a_token_that_ended_during_the_call_is_still_accepted(running: Running) -> None:
    headers = {"Authorization": f"Bearer {access_token(exp=int(time.time()) - 3600)}"}
    assert (await answer(running, post(quality()), headers=headers))[0] == 202


async def test_a_token_by_the_other_signing_key_is_accepted_during_a_rotation(start: Start) -> None:
    new_key, new_secret = "SK" + "b" * 32, "n" * 32
    account = {
        "account_sid": ACCOUNT,
        "auth_token": "t" * 32,
        "signing_keys": [{"api_key": new_key, "api_secret": new_secret}],
    }
    running = await start(accounts=[account | {"base_url": "http://127.0.0.1:9"}])
    headers = {"Authorization": f"Bearer {access_token(secret=new_secret, iss=new_key)}"}
    assert (await answer(running, post(quality()), headers=headers))[0] == 202


@pytest.mark.parametrize(
    "body",
    [
        post(quality(), identity="mallory"),
        post(quality(), room_name="acme:class:2"),
        post(quality(), room_name=None),  # a SID of which nobody knows that it is the token's room
    ],
)
async def test_a_token_for_another_room_or_person_is_answered_403(running: Running, body: Any) -> None:
    status, _, _ = await answer(running, body, headers={"Authorization": f"Bearer {access_token()}"})
    assert status == 403


async def test_a_room_sid_that_is_known_under_another_name_is_answered_403(running: Running) -> None:
    await running.daemon.pipeline.offer(room(room_name="acme:class:2"))
    status, _, _ = await answer(running, post(quality()), headers={"Authorization": f"Bearer {access_token()}"})
    assert status == 403


async def test_the_identity_is_taken_from_the_token_where_the_client_left_it_out(running: Running) -> None:
    await answer(running, post(quality(), identity=None), headers={"Authorization": f"Bearer {access_token()}"})
    (seen,) = running.daemon.live.participants()
    assert (seen.sid, seen.identity) == (ALICE, "alice")


async def test_a_large_body_is_answered_413(running: Running) -> None:
    status, _, _ = await answer(running, b"x" * 300_000)
    assert status == 413


async def test_a_body_that_opens_to_too_much_is_answered_413(running: Running) -> None:
    status, _, _ = await answer(running, gzip.compress(b"0" * 50_000_000), headers=KEY | {"Content-Encoding": "gzip"})
    assert status == 413


async def test_gzip_that_is_cut_short_is_answered_400(running: Running) -> None:
    cut = gzip.compress(packed(post(quality())))[:-9]
    assert (await answer(running, cut, headers=KEY | {"Content-Encoding": "gzip"}))[0] == 400


@pytest.mark.parametrize("headers", [{"Content-Type": "text/html"}, {"Content-Encoding": "br"}])
async def test_neither_json_nor_text_is_answered_415(running: Running, headers: dict[str, str]) -> None:
    assert (await answer(running, post(quality()), headers=KEY | headers))[0] == 415


async def test_a_client_that_sends_too_much_is_answered_429_and_told_when_to_return(start: Start) -> None:
    telemetry = {"ingest_keys": [{"name": "k", "key": INGEST_KEY}], "posts_per_s": 0.5, "burst_posts": 2}
    running = await start(telemetry=telemetry)
    answers = [await answer(running, post(quality(), session="s", seq=n)) for n in range(3)]
    assert [status for status, _, _ in answers] == [202, 202, 429]
    assert 1 <= int(answers[2][2]["Retry-After"]) <= 2
    assert (await answer(running, post(quality(), session="another", seq=1)))[0] == 202


async def test_a_daemon_that_is_behind_answers_503_and_keeps_nothing(start: Start) -> None:
    running = await start(pipeline={"capacity_events": 1})
    running.daemon.pipeline.capacity_events = 0
    status, _, headers = await answer(running, post(quality(), session="s", seq=1))
    assert status == 503
    assert int(headers["Retry-After"]) > 0
    assert await posts(running.daemon.store) == []
    running.daemon.pipeline.capacity_events = 1
    assert (await answer(running, post(quality(), session="s", seq=1)))[0] == 202


async def test_a_browser_may_ask_first_and_is_told_that_any_origin_may_post(running: Running) -> None:
    async with running.http.options(f"{running.public}/v1/telemetry", headers={"Origin": "https://a"}) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


async def test_a_page_of_another_origin_may_read_when_to_come_back(running: Running) -> None:
    url = f"{running.public}/v1/telemetry"
    async with running.http.post(url, headers={"Origin": "https://a", "Content-Type": "text/plain"}) as response:
        assert response.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-Id"


async def test_only_configured_origins_are_allowed_where_some_are_configured(start: Start) -> None:
    running = await start(telemetry={"allowed_origins": ["https://app.example.com"]})
    url = f"{running.public}/v1/telemetry"
    async with running.http.options(url, headers={"Origin": "https://evil.example.com"}) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    async with running.http.options(url, headers={"Origin": "https://app.example.com"}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.com"

"""Who may post, from where, under which name, and when it happened."""

import time
from typing import Any

import pytest

from tests.builders import ACCOUNT, ALICE, BOB, INGEST_KEY, ROOM, access_token, packed, participant, post, quality, room
from tests.conftest import Running, Start
from tests.stored import posts

OWN, SHOP, EVIL = "https://own.example.com", "https://shop.example.com", "https://evil.example.com"
SHOP_KEY = "an-ingest-key-of-the-shop"
KEYS = [
    {"name": "own", "key": INGEST_KEY},
    {"name": "shop", "key": SHOP_KEY, "allowed_origins": [SHOP]},
]
ENOUGH = {"posts_per_s": 10_000, "burst_posts": 10_000}
BEHIND_A_PROXY = {"port": 0, "trusted_proxies": ["127.0.0.0/8"]}
HOUR_MS, TEN_MINUTES = 3_600_000, 600_000


def now_ms() -> int:
    return int(time.time() * 1000)


async def answer(running: Running, body: Any, *, token: str = INGEST_KEY, **headers: str) -> Any:
    """Post, and return the status, the answer and its headers."""
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with running.http.post(f"{running.public}/v1/telemetry", data=packed(body), headers=sent) as response:
        return response.status, await response.json(), response.headers


# --- origins ---


@pytest.fixture
async def shops(start: Start) -> Running:
    """Two keys, each with origins of its own."""
    return await start(telemetry={"allowed_origins": [OWN], "ingest_keys": KEYS, **ENOUGH})


@pytest.mark.parametrize(
    ("token", "origin", "status"),
    [
        (INGEST_KEY, OWN, 202),
        (INGEST_KEY, SHOP, 403),
        (SHOP_KEY, SHOP, 202),
        (SHOP_KEY, OWN, 403),
        (SHOP_KEY, EVIL, 403),
        (SHOP_KEY, "null", 403),
        (access_token(), OWN, 202),
        (access_token(), SHOP, 403),
    ],
)
async def test_a_key_may_be_used_by_the_pages_that_it_is_for(
    shops: Running, token: str, origin: str, status: int
) -> None:
    answered, said, headers = await answer(shops, post(quality()), token=token, Origin=origin)
    assert answered == status
    assert headers.get("Access-Control-Allow-Origin") == (origin if status == 202 else None)
    if status == 403:
        assert said["error"].startswith("Origin: expected")


async def test_what_is_no_page_has_no_origin_and_may_post(shops: Running) -> None:
    assert (await answer(shops, post(quality()), token=SHOP_KEY))[0] == 202


@pytest.mark.parametrize(("origin", "allowed"), [(OWN, OWN), (SHOP, SHOP), (EVIL, None)])
async def test_who_asks_first_shows_no_key_so_the_origins_of_all_keys_may(
    shops: Running, origin: str, allowed: str | None
) -> None:
    async with shops.http.options(f"{shops.public}/v1/telemetry", headers={"Origin": origin}) as response:
        assert response.headers.get("Access-Control-Allow-Origin") == allowed


async def test_a_foreign_page_may_not_read_why_it_was_refused_though_others_may_be_anywhere(start: Start) -> None:
    running = await start(telemetry={"ingest_keys": KEYS, **ENOUGH})
    status, _, headers = await answer(running, post(quality()), token=SHOP_KEY, Origin=EVIL)
    assert (status, headers.get("Access-Control-Allow-Origin")) == (403, None)


# --- whom a token is for ---


async def test_a_token_may_know_its_room_by_the_sid_and_a_post_by_the_name(running: Running) -> None:
    token = access_token(grants={"identity": "alice", "video": {"room": ROOM}})
    assert (await answer(running, post(quality(), room_sid=None), token=token))[0] == 202
    assert [each.sid for each in running.daemon.live.rooms.values()] == [ROOM]


async def test_the_name_of_a_room_that_is_over_still_tells_tokens_apart(running: Running) -> None:
    await running.daemon.pipeline.offer(room("completed", room_name="acme:class:2"))
    assert (await answer(running, post(quality()), token=access_token()))[0] == 403


async def test_nobody_posts_as_a_participant_of_whom_twilio_has_told_that_it_is_another(running: Running) -> None:
    await running.daemon.pipeline.offer(participant(BOB, identity="bob", room_name="acme:class:1"))
    status, said, _ = await answer(running, post(quality(), participant_sid=BOB), token=access_token())
    assert (status, said["error"].partition(":")[0]) == (403, "participant_sid")
    token = access_token(grants={"identity": "bob", "video": {"room": "acme:class:1"}})
    assert (await answer(running, post(quality(), participant_sid=BOB, identity="bob"), token=token))[0] == 202


# --- how much, from where ---


async def test_an_address_that_invents_a_session_for_every_post_is_answered_429(start: Start) -> None:
    limits = {"address_posts_per_s": 0.5, "address_burst_posts": 3}
    running = await start(public=BEHIND_A_PROXY, telemetry={"ingest_keys": KEYS, **ENOUGH, **limits})
    answers = [
        await answer(running, post(quality(), session=f"s{n}", seq=0), X_Forwarded_For="203.0.113.7") for n in range(4)
    ]
    assert [status for status, _, _ in answers] == [202, 202, 202, 429]
    assert 1 <= int(answers[3][2]["Retry-After"]) <= 2
    for elsewhere in ("203.0.113.8", "203.0.113.7, 203.0.113.9"):
        assert (await answer(running, post(quality()), X_Forwarded_For=elsewhere))[0] == 202


async def test_two_people_of_one_session_name_are_told_apart_by_their_addresses(start: Start) -> None:
    telemetry = {"ingest_keys": KEYS, "posts_per_s": 0.1, "burst_posts": 1}
    running = await start(public=BEHIND_A_PROXY, telemetry=telemetry)
    for address, status in (("203.0.113.7", 202), ("203.0.113.8", 202), ("203.0.113.7", 429)):
        assert (await answer(running, post(quality(), session="s"), X_Forwarded_For=address))[0] == status


async def test_who_is_no_proxy_of_ours_cannot_choose_its_address(start: Start) -> None:
    telemetry = {"ingest_keys": KEYS, "posts_per_s": 0.1, "burst_posts": 1}
    running = await start(telemetry=telemetry)
    for address, status in (("203.0.113.7", 202), ("203.0.113.8", 429)):
        assert (await answer(running, post(quality(), session="s"), X_Forwarded_For=address))[0] == status


@pytest.mark.parametrize(
    ("privacy", "kept"),
    [({}, "203.0.113.0/24"), ({"addresses": "whole"}, "203.0.113.7"), ({"addresses": "none"}, None)],
)
async def test_an_address_is_shown_as_far_as_it_may_be_kept(
    start: Start, privacy: dict[str, str], kept: str | None
) -> None:
    running = await start(public=BEHIND_A_PROXY, privacy=privacy)
    await answer(running, post(quality()), X_Forwarded_For="6.6.6.6, 203.0.113.7")
    (shown,) = running.daemon.live.participants()
    assert shown.network_address == kept


# --- when ---


async def test_what_is_too_old_or_yet_to_come_is_named_and_its_neighbours_are_kept(running: Running) -> None:
    events = [quality(3), quality(3, at=now_ms() - 90_000_000), quality(4), quality(3, at=now_ms() + TEN_MINUTES)]
    status, said, _ = await answer(running, post(*events))
    assert (status, said["accepted"]) == (202, 2)
    assert [each["index"] for each in said["rejected"]] == [1, 3]
    assert said["rejected"][0]["error"].startswith("events[1].at: expected at most 86400 s ago, got 900")
    assert said["rejected"][1]["error"].startswith("events[3].at: expected at most 60 s ahead, got ")
    (stored,) = await posts(running.daemon.store)
    assert [seen.level for seen in stored.observations] == [3, 4]


async def test_what_comes_late_lands_at_its_own_time_and_not_in_the_picture(running: Running) -> None:
    at_ms = now_ms() - HOUR_MS
    await answer(running, post({"type": "connection", "at": at_ms, "state": "reconnecting"}))
    assert not running.daemon.live.rooms
    assert [each.at_ms for each in await running.daemon.store.log.happenings(ROOM, at_ms, at_ms + 1, 10)] == [at_ms]
    assert running.daemon.metrics.total("roomwatch_telemetry_late_posts_total") == 1


async def test_what_comes_late_without_a_sid_is_put_down_to_the_room_that_had_the_name_then(running: Running) -> None:
    ended = room("completed", room_name="acme:class:1", ended_at_ms=now_ms() - HOUR_MS, at_ms=now_ms())
    await running.daemon.pipeline.offer(ended)
    begun = room(sid="RM" + "b" * 32, room_name="acme:class:1", created_at_ms=now_ms(), at_ms=now_ms())
    await running.daemon.pipeline.offer(begun)
    at_ms = now_ms() - 2 * HOUR_MS
    await answer(running, post({"type": "connection", "at": at_ms, "state": "reconnecting"}, room_sid=None))
    assert [each.at_ms for each in await running.daemon.store.log.happenings(ROOM, at_ms, at_ms + 1, 10)] == [at_ms]


async def shown(running: Running) -> Any:
    """Return the only participant, as the API shows it."""
    async with running.http.get(f"{running.private}/login?token={running.daemon.doors.login_token}"):
        pass
    async with running.http.get(f"{running.private}/api/v1/live") as response:
        (where,) = (await response.json())["rooms"]
    (who,) = where["participants"]
    return who


@pytest.mark.parametrize("ahead_ms", [TEN_MINUTES, -TEN_MINUTES])
async def test_a_clock_that_is_minutes_off_is_corrected_and_flagged(running: Running, ahead_ms: int) -> None:
    here_ms = now_ms()
    status, said, _ = await answer(
        running, post(quality(1, at=here_ms + ahead_ms), session="s", seq=1, sent_at=here_ms + ahead_ms)
    )
    assert (status, said["rejected"]) == (202, [])
    who = await shown(running)
    assert (who["level"], who["is_clock_wrong"]) == (1, True)
    assert abs(who["clock_offset_ms"] - ahead_ms) < 5_000
    assert abs(who["level_since_ms"] - here_ms) < 5_000
    assert running.daemon.metrics.total("roomwatch_telemetry_wrong_clock_posts_total") == 1
    await answer(running, post(quality(2, at=here_ms + ahead_ms + 1), session="s", seq=2))
    assert (await shown(running))["clock_offset_ms"] == who["clock_offset_ms"]


async def test_a_clock_that_is_right_is_left_alone(running: Running) -> None:
    await answer(running, post(quality(1), session="s", seq=1, sent_at=now_ms() - 50, dropped=7))
    who = await shown(running)
    assert (who["clock_offset_ms"], who["is_clock_wrong"], who["dropped_events"]) == (0, False, 7)


# --- names ---


async def test_a_pseudonym_is_one_person_whoever_tells_of_them(start: Start) -> None:
    running = await start(privacy={"identities": "pseudonym", "pseudonym_key": "k" * 32})
    await running.daemon.pipeline.offer(participant(ALICE, identity="alice", account_sid=ACCOUNT))
    assert (await answer(running, post(quality()), token=access_token()))[0] == 202
    (who,) = running.daemon.live.participants()
    assert who.identity is not None
    assert who.identity.startswith("p-")
    assert (await answer(running, post(quality(), identity="mallory"), token=access_token()))[0] == 403

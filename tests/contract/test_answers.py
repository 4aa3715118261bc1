"""What answers of the private door have in common: tags, links to the next page, times, and limits."""

from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.asking import TOKEN, happen
from tests.builders import ROOM, room
from tests.conftest import Running, Start

BEARER = {"Authorization": f"Bearer {TOKEN}"}
BEGAN_MS = 1_763_690_000_000
HOUR_MS = 3_600_000


@pytest.fixture
async def daemon(start: Start) -> Running:
    quiet = {"disabled_rules": ["RoomZombie"]}  # or what is told of rooms so old changes while it is asked for
    return await start(private={"port": 0, "access_token": TOKEN}, alerts=quiet)


def get(running: Running, path: str, **headers: str) -> Any:
    return running.http.get(URL(running.private + path, encoded=True), headers=BEARER | headers)


async def begin(running: Running, *numbers: int) -> None:
    """Let rooms begin, one an hour."""
    for number in numbers:
        at_ms = BEGAN_MS + number * HOUR_MS
        await happen(
            running, room(sid=f"RM{number:032x}", at_ms=at_ms, created_at_ms=at_ms, room_name=f"acme:{number}")
        )


# --- tags -------------------------------------------------------------------------------------------------


async def test_whoever_has_the_answer_already_is_not_sent_it_again(daemon: Running) -> None:
    await begin(daemon, 1)
    async with get(daemon, "/api/v1/rooms") as first:
        tag = first.headers["ETag"]
        assert tag.startswith('W/"')
        assert first.headers["Cache-Control"] == "private, no-cache"
    async with get(daemon, "/api/v1/rooms", **{"If-None-Match": f'"other", {tag}'}) as again:
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
    await begin(daemon, 2)
    async with get(daemon, "/api/v1/rooms", **{"If-None-Match": tag}) as changed:
        assert (changed.status, changed.headers["ETag"] == tag) == (200, False)


async def test_what_an_errand_came_to_is_not_kept(daemon: Running) -> None:
    asked = {"matchers": "severity=critical"}
    async with daemon.http.post(f"{daemon.private}/api/v1/silences/preview", json=asked, headers=BEARER) as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in response.headers


@pytest.mark.parametrize("tag", ["", "W/", '"', "*, *", "x" * 4000, '"\xff"', "W/\x01"])
async def test_a_tag_that_is_none_is_no_reason_to_refuse(daemon: Running, tag: str) -> None:
    async with get(daemon, "/api/v1/rooms", **({"If-None-Match": tag} if tag.isprintable() else {})) as response:
        assert response.status in (200, 304)


# --- pages ------------------------------------------------------------------------------------------------


async def names(response: aiohttp.ClientResponse) -> list[str]:
    return [each["room_name"] for each in (await response.json())["rooms"]]


async def test_the_link_leads_from_page_to_page_with_the_same_question(daemon: Running) -> None:
    await begin(daemon, 1, 2, 3)
    found, path = [], "/api/v1/rooms?limit=2&text=acme%3A"
    while path:
        async with get(daemon, path) as response:
            found += await names(response)
            path = str(response.links["next"]["url"].relative()) if response.links else ""
    assert found == ["acme:3", "acme:2", "acme:1"]


async def test_what_is_added_meanwhile_neither_shifts_a_page_nor_is_shown_twice(daemon: Running) -> None:
    await begin(daemon, 1, 2, 3, 4)
    async with get(daemon, "/api/v1/rooms?limit=2") as response:
        following = (await response.json())["next"]
    await begin(daemon, 5, 6, 7)
    async with get(daemon, f"/api/v1/rooms?limit=2&after={following}") as response:
        assert await names(response) == ["acme:2", "acme:1"]


async def test_silences_come_in_pages_too(daemon: Running) -> None:
    for hours in (3, 1, 2):
        asked = {"matchers": f"room_name=r{hours}", "author": "ann", "reason": "test", "lasts": f"{hours}h"}
        async with daemon.http.post(f"{daemon.private}/api/v1/silences", json=asked, headers=BEARER) as made:
            assert made.status == 201
    found, after = [], ""
    while after is not None:
        async with get(daemon, f"/api/v1/silences?limit=2&after={after}") as response:
            page = await response.json()
        found += [each["matchers"][0] for each in page["silences"]]
        after = page["next"]
    assert found == ['room_name="r1"', 'room_name="r2"', 'room_name="r3"']


@pytest.mark.parametrize("path", ["rooms", "silences", "incidents", "notifications", "dead-letters", "percentiles"])
@pytest.mark.parametrize(
    "after", ["1763690000000/RM1", "WyJyb29tcyIsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTksIiJd", "%ff%00", "%C3%A9"]
)
async def test_a_cursor_that_is_none_is_refused(daemon: Running, path: str, after: str) -> None:
    async with get(daemon, f"/api/v1/{path}?after={after}") as response:
        said = await response.json(content_type="application/problem+json")
    assert (response.status, said["errors"][0]["path"]) == (400, "after")


# --- times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", [f"from={BEGAN_MS}", "from=2025-11-21T01:53:20Z", "from=2025-11-21T02:53:20+01:00", "from=-9000d"]
)
async def test_a_time_may_be_said_in_several_ways_wherever_there_is_one(daemon: Running, written: str) -> None:
    await begin(daemon, 0)
    async with get(daemon, f"/api/v1/rooms?{written}") as response:
        assert await names(response) == ["acme:0"]
    async with get(daemon, f"/api/v1/rooms?{written}&to={BEGAN_MS}") as response:
        assert response.status in (200, 400)
        assert "acme:0" not in await response.text()


async def test_everything_that_is_wrong_with_a_question_is_told_at_once(daemon: Running) -> None:
    async with get(daemon, "/api/v1/incidents?from=soon&limit=many&open=perhaps") as response:
        said = await response.json(content_type="application/problem+json")
    assert [each["path"] for each in said["errors"]] == ["open", "limit", "from"]
    assert said["detail"].startswith("open: expected true or false, got 'perhaps'; limit: expected")


async def test_a_time_that_ends_before_it_begins_is_refused(daemon: Running) -> None:
    async with get(daemon, "/api/v1/rooms?from=now&to=-1h") as response:
        said = await response.json(content_type="application/problem+json")
    assert (response.status, said["errors"][0]["path"]) == (400, "from, to")


# --- limits -----------------------------------------------------------------------------------------------


@pytest.fixture
async def strict(start: Start) -> Running:
    return await start(
        private={"port": 0, "access_token": TOKEN, "costly_reads_burst": 2, "costly_reads_per_minute": 1.0}
    )


async def test_who_asks_too_often_for_what_is_costly_is_told_when_to_come_back(strict: Running) -> None:
    for left in (1, 0):
        async with get(strict, "/api/v1/coverage") as response:
            assert (response.status, response.headers["RateLimit-Policy"]) == (200, '"costly";q=2;w=120')
            assert response.headers["RateLimit"].startswith(f'"costly";r={left};t=')
    async with get(strict, f"/api/v1/rooms/{ROOM}") as response:
        assert (response.status, response.content_type) == (429, "application/problem+json")
        assert 50 <= int(response.headers["Retry-After"]) <= 60
        assert response.headers["RateLimit"].startswith('"costly";r=0;')


async def test_what_is_not_costly_is_not_counted(strict: Running) -> None:
    for path in ("/api/v1/live", "/api/v1/rooms", "/metrics", "/-/healthy"):
        for _ in range(5):
            async with get(strict, path) as response:
                assert response.status == 200
                assert "RateLimit" not in response.headers


async def test_one_who_asks_too_often_slows_nobody_else_down(strict: Running) -> None:
    for _ in range(4):
        async with get(strict, "/api/v1/coverage") as response:
            status = response.status
    assert status == 429
    async with strict.http.post(f"{strict.private}/login", data={"token": TOKEN}, allow_redirects=False):
        pass
    async with strict.http.get(f"{strict.private}/api/v1/coverage") as response:
        assert response.status == 200

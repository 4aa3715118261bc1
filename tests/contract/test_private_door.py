"""Who gets in by the private door, and what they are shown."""

import pytest
from jsonschema_rs import Draft202012Validator

from collectors.observations import MediaStats
from collectors.registry import SOURCES
from monitor.config import ProblemsFound, build
from tests.builders import ALICE, INGEST_KEY, NOW_MS, ROOM, batch, packed, post, quality
from tests.conftest import Running, Start, settings

HEALTH = ("/-/healthy", "/-/ready")
GUARDED = (
    "/",
    "/app.js",
    "/app.css",
    "/api/v1/live",
    "/api/v1/live/samples",
    "/api/v1/rooms",
    "/api/v1/percentiles",
    "/api/v1/worst-rooms",
    "/api/v1/coverage",
    "/api/v1/minutes",
    "/api/v1/incidents",
    "/api/v1/silences",
    "/api/v1/notifications",
    "/api/v1/dead-letters",
    "/api/v1/explain",
    "/api/v1/rules",
    "/api/v1/openapi.json",
    "/no/such/page",
)
TOKEN = "an-access-token-of-tests"


async def test_metrics_need_no_login_on_loopback(running: Running) -> None:
    async with running.http.get(running.private + "/metrics") as response:
        assert response.status == 200


async def test_behind_a_proxy_they_do(running: Running) -> None:
    async with running.http.get(running.private + "/metrics", headers={"X-Forwarded-For": "192.0.2.1"}) as response:
        assert response.status == 401


@pytest.mark.parametrize("path", HEALTH)
async def test_health_needs_no_login_wherever_it_is_asked_from(running: Running, path: str) -> None:
    for headers in ({}, {"X-Forwarded-For": "192.0.2.1"}, {"Authorization": "Bearer nonsense"}):
        async with running.http.get(running.private + path, headers=headers) as response:
            assert (response.status, await response.text()) == (200, f"{path.removeprefix('/-/')}\n")


@pytest.mark.parametrize("path", GUARDED)
async def test_every_other_path_is_answered_401_without_a_login(running: Running, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Cookie": "roomwatch_session=nonsense"}):
        async with running.http.get(running.private + path, headers=headers) as response:
            assert response.status == 401


async def test_a_browser_without_a_login_is_shown_the_form(running: Running) -> None:
    async with running.http.get(running.private + "/", headers={"Accept": "text/html"}) as response:
        page = await response.text()
        assert response.status == 401
        assert '<form method="post" action="/login"' in page
        assert "style-src 'sha256-" in response.headers["Content-Security-Policy"]


async def test_the_printed_address_logs_in_once(running: Running) -> None:
    address = f"{running.private}/login?token={running.daemon.doors.login_token}"
    async with running.http.get(address) as response:
        assert (response.status, response.url.path) == (200, "/")
    async with running.http.get(running.private + "/api/v1/live") as response:
        assert response.status == 200
    running.http.cookie_jar.clear()
    async with running.http.get(address) as response:
        assert response.status == 401


async def test_a_session_outlives_the_daemon(start: Start, tmp_path) -> None:
    storage = {"path": str(tmp_path / "roomwatch.db")}
    first = await start(storage=storage)
    async with first.http.get(
        f"{first.private}/login?token={first.daemon.doors.login_token}", allow_redirects=False
    ) as said:
        cookie = said.cookies["roomwatch_session"]
    assert cookie["httponly"]
    await first.stop()
    second = await start(storage=storage)
    async with second.http.get(
        second.private + "/api/v1/live", headers={"Cookie": f"roomwatch_session={cookie.value}"}
    ) as response:
        assert response.status == 200


async def test_a_configured_access_token_lets_scripts_and_people_in(start: Start) -> None:
    running = await start(private={"port": 0, "access_token": TOKEN})
    assert running.daemon.doors.login_token is None
    async with running.http.get(
        running.private + "/api/v1/live", headers={"Authorization": f"Bearer {TOKEN}"}
    ) as response:
        assert response.status == 200
    async with running.http.post(running.private + "/login", data={"token": "wrong"}) as response:
        assert response.status == 401
    async with running.http.post(running.private + "/login", data={"token": TOKEN}) as response:
        assert (response.status, response.url.path) == (200, "/")


async def test_an_ingest_key_opens_no_private_path(running: Running) -> None:
    headers = {"Authorization": f"Bearer {INGEST_KEY}"}
    async with running.http.get(running.private + "/api/v1/live", headers=headers) as response:
        assert response.status == 401


async def test_the_private_door_does_not_open_to_the_world_without_a_token() -> None:
    with pytest.raises(ProblemsFound, match="expected a loopback address or an access_token"):
        build(settings(private={"host": "0.0.0.0"}))


async def test_the_public_door_shows_nothing_private(running: Running) -> None:
    for path in (*GUARDED, "/metrics", "/-/ready", "/login"):
        async with running.http.get(running.public + path) as response:
            assert response.status == 404


async def test_the_live_view_shows_who_is_where_and_how_well(running: Running) -> None:
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    await running.http.post(f"{running.public}/v1/telemetry", data=packed(post(quality(1))), headers=headers)
    await running.http.get(f"{running.private}/login?token={running.daemon.doors.login_token}")
    async with running.http.get(running.private + "/api/v1/live") as response:
        view = await response.json()
    (room,) = view["rooms"]
    (alice,) = room["participants"]
    assert (room["room_name"], alice["identity"], alice["level"], alice["rtt_ms"]) == ("acme:class:1", "alice", 1, None)
    assert {source["resource"] for source in view["sources"]} == set(SOURCES)
    assert view["telemetry"]["posts"] == 1


async def test_the_openapi_document_describes_what_is_really_answered(running: Running) -> None:
    await running.http.get(f"{running.private}/login?token={running.daemon.doors.login_token}")
    async with running.http.get(running.private + "/api/v1/openapi.json") as response:
        document = await response.json()
    async with running.http.get(running.private + "/api/v1/live") as response:
        view = await response.json()
    assert document["openapi"] == "3.1.0"
    schema = {"$ref": "#/components/schemas/LiveView", "components": document["components"]}
    Draft202012Validator(schema).validate(view)


async def test_the_last_samples_of_a_participant_are_shown_as_columns(running: Running) -> None:
    await running.http.get(f"{running.private}/login?token={running.daemon.doors.login_token}")
    live = running.daemon.live
    live.apply(batch(MediaStats(NOW_MS, rtt_ms=50.0), MediaStats(NOW_MS + 10_000), identity="alice"))
    for participant in (ALICE, "alice"):
        url = f"{running.private}/api/v1/live/samples"
        async with running.http.get(url, params={"room": ROOM, "participant": participant}) as response:
            assert response.status == 200
            view = await response.json()
        assert (view["at"], view["rtt_ms"]) == ([NOW_MS, NOW_MS + 10_000], [50.0, None])
        assert {len(column) for column in view.values() if isinstance(column, list)} == {2}


@pytest.mark.parametrize("query", ["", "?room=nowhere&participant=alice", f"?room={ROOM}&participant=nobody"])
async def test_samples_of_nobody_are_not_found(running: Running, query: str) -> None:
    await running.http.get(f"{running.private}/login?token={running.daemon.doors.login_token}")
    running.daemon.live.apply(batch(MediaStats(NOW_MS)))
    async with running.http.get(f"{running.private}/api/v1/live/samples{query}") as response:
        assert response.status == 404
        assert (await response.json())["error"].startswith("room, participant: expected")

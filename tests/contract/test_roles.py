"""What each role may do at the private door, by the daemon's real routes."""

import pytest

from monitor.http.permissions import is_listed, is_open, needed_role
from monitor.roles import Role
from tests.conftest import Running, Start

TOKENS = {role: f"token-of-the-{role.value}" for role in Role}
PRIVATE = {
    "port": 0,
    "tokens": {f"one-{role.value}": {"role": role.value, "token": token} for role, token in TOKENS.items()},
}
READING = {"GET", "HEAD"}
CHANGES_NOTHING = {"POST /logout", "POST /api/v1/silences/preview"}


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(private=PRIVATE)


def routes(running: Running) -> list[tuple[str, str]]:
    """Return method and route of everything that the private listener answers."""
    assert running.daemon.doors.private is not None
    return running.daemon.doors.private.routes()


async def asked(running: Running, method: str, route: str, role: Role | None, **headers: str) -> int:
    """Return the status of an answer; it is asked for through a proxy, so that nothing is open."""
    path = route.replace("{", "a-").replace("}", "")
    if role is not None:
        headers["Authorization"] = f"Bearer {TOKENS[role]}"
    headers["X-Forwarded-For"] = "192.0.2.1"
    async with running.http.request(method, running.private + path, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def test_somebody_has_thought_about_every_route(running: Running) -> None:
    assert [each for each in routes(running) if not is_listed(*each)] == []


async def test_no_route_answers_without_a_login_unless_it_is_open(running: Running) -> None:
    for method, route in routes(running):
        if not is_open(method, route):
            assert await asked(running, method, route, None) == 401, (method, route)


async def test_a_viewer_may_change_nothing(running: Running) -> None:
    for method, route in routes(running):
        if method not in READING and not is_open(method, route) and f"{method} {route}" not in CHANGES_NOTHING:
            assert await asked(running, method, route, Role.VIEWER) == 403, (method, route)


@pytest.mark.parametrize("role", Role)
async def test_a_role_that_is_not_enough_is_refused_and_one_that_is_not(running: Running, role: Role) -> None:
    for method, route in routes(running):
        if is_open(method, route) or (method, route) == ("POST", "/logout"):
            continue
        is_refused = await asked(running, method, route, role) == 403
        assert is_refused is not role.covers(needed_role(method, route)), (method, route)


async def test_what_is_not_there_is_not_there_for_a_viewer_either(running: Running) -> None:
    assert await asked(running, "GET", "/no/such/page", Role.VIEWER) == 404
    assert await asked(running, "DELETE", "/api/v1/live", Role.VIEWER) == 405


async def test_a_refusal_says_which_role_it_takes(running: Running) -> None:
    headers = {"Authorization": f"Bearer {TOKENS[Role.VIEWER]}"}
    async with running.http.post(running.private + "/api/v1/silences", json={}, headers=headers) as answer:
        assert answer.status == 403
        assert (await answer.json())["detail"] == "expected the role of operator for this, got viewer"


async def test_a_change_is_written_down_with_who_made_it(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "monitor.audit")
    silence = {"matchers": "severity=info", "reason": "a test", "lasts": "1h"}
    headers = {"Authorization": f"Bearer {TOKENS[Role.OPERATOR]}"}
    async with running.http.post(running.private + "/api/v1/silences", json=silence, headers=headers) as answer:
        assert (await answer.json())["author"] == "one-operator"
    assert await asked(running, "POST", "/-/reload", Role.OPERATOR) == 403
    assert await asked(running, "GET", "/api/v1/live", Role.OPERATOR) == 200
    made, refused = [record for record in caplog.records if record.name == "monitor.audit"]
    assert (made.levelname, made.getMessage()) == ("INFO", "POST /api/v1/silences")
    assert vars(made)["fields"] == {
        "who": "one-operator",
        "role": "operator",
        "way": "token",
        "status": "201",
        "from": "",
    }
    assert (refused.levelname, refused.getMessage()) == ("WARNING", "POST /-/reload")
    assert TOKENS[Role.OPERATOR] not in caplog.text

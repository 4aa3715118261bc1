"""Logging in, staying so, and out again, as a browser does."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.local_access import granted
from tests.conftest import Running, Start

ANN, ADMIN = "the-token-of-ann-herself", "the-token-of-an-admin"
TOKENS = {"ann": {"role": "operator", "token": ANN}}
PAGE = {"Accept": "text/html"}
SAME = {"Sec-Fetch-Site": "same-origin"}
SILENCE = {"matchers": "severity=info", "reason": "a test", "lasts": "1h"}


def private(**given: Any) -> dict[str, Any]:
    return {"port": 0, "access_token": ADMIN, "tokens": TOKENS, **given}


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(private=private())


async def log_in(running: Running, token: str = ANN, **given: str) -> aiohttp.ClientResponse:
    """Send the form; the client keeps the cookie."""
    return await running.http.post(
        running.private + "/login", data={"token": token, **given}, headers=PAGE, allow_redirects=False
    )


async def silence(running: Running, **headers: str) -> int:
    """Make a silence by the cookie alone, and return the status of the answer."""
    async with running.http.post(running.private + "/api/v1/silences", json=SILENCE, headers=headers) as answer:
        return answer.status


async def test_a_session_is_of_whose_token_it_began_with(running: Running) -> None:
    assert (await log_in(running)).status == 303
    async with running.http.get(running.private + "/api/v1/session") as answer:
        session = await answer.json()
    lasts_ms = session.pop("expires_at_ms") - running.daemon.clock.now_ms()
    assert session == {"name": "ann", "role": "operator", "way": "session", "logout_url": ""}
    assert 0 < lasts_ms <= 168 * 3_600_000


async def test_a_token_has_no_session_to_end(running: Running) -> None:
    headers = {"Authorization": f"Bearer {ANN}"}
    async with running.http.get(running.private + "/api/v1/session", headers=headers) as answer:
        session = await answer.json()
    assert (session["name"], session["way"], session["expires_at_ms"]) == ("ann", "token", None)


async def test_one_lands_where_one_wanted_to_go(running: Running) -> None:
    wanted = "/rooms/RM1?at=1763690000123&participant=PA1"
    async with running.http.get(running.private + wanted, headers=PAGE) as answer:
        assert answer.status == 401
        assert 'name="next" value="/rooms/RM1?at=1763690000123&amp;participant=PA1"' in await answer.text()
    answer = await log_in(running, "a wrong token of somebody", next=wanted)
    assert answer.status == 401
    assert "RM1?at=1763690000123&amp;participant=PA1" in await answer.text()
    answer = await log_in(running, next=wanted)
    assert (answer.status, answer.headers["Location"]) == (303, wanted)


@pytest.mark.parametrize("elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example", "/\r\nX: y"])
async def test_one_never_lands_on_another_site(running: Running, elsewhere: str) -> None:
    answer = await log_in(running, next=elsewhere)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_a_one_time_address_may_lead_on(start: Start) -> None:
    running = await start()
    address = f"{running.private}/login?token={running.daemon.doors.login_token}&next=/rooms"
    async with running.http.get(address, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/rooms"


async def test_a_lasting_token_is_not_taken_out_of_an_address(running: Running) -> None:
    async with running.http.get(f"{running.private}/login?token={ANN}", headers=PAGE) as answer:
        assert answer.status == 401


async def test_who_logs_out_is_not_known_any_more(running: Running) -> None:
    await log_in(running)
    (cookie,) = running.http.cookie_jar
    async with running.http.post(running.private + "/logout", headers=PAGE | SAME, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
    stolen = {"Cookie": f"{cookie.key}={cookie.value}"}
    async with running.http.get(running.private + "/api/v1/live", headers=stolen) as answer:
        assert answer.status == 401


async def test_a_session_ends_with_the_token_it_began_with(start: Start, tmp_path: Path) -> None:
    storage = {"path": str(tmp_path / "roomwatch.db")}
    first = await start(storage=storage, private=private())
    (_, cookie), *_ = (await log_in(first)).cookies.items()
    await first.stop()
    headers = {"Cookie": f"{cookie.key}={cookie.value}"}
    for tokens, status in (
        ({"ann": {"role": "viewer", "token": ANN}}, 200),
        ({"ann": {"role": "operator", "token": "another-token-of-ann"}}, 401),
        ({}, 401),
    ):
        running = await start(storage=storage, private=private(tokens=tokens))
        async with running.http.get(running.private + "/api/v1/session", headers=headers) as answer:
            assert answer.status == status
            assert status != 200 or (await answer.json())["role"] == "viewer"
        await running.stop()


# --- pages on other sites ---


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://watch.example.com"}, 201),
        ({}, 201),  # an old browser which says nothing: a page elsewhere cannot declare JSON
    ],
)
async def test_only_pages_of_ours_change_something_by_a_session(
    start: Start, headers: dict[str, str], status: int
) -> None:
    running = await start(private=private(url="https://watch.example.com"))
    cookie = (await log_in(running)).cookies["roomwatch_session"]
    assert await silence(running, Cookie=f"{cookie.key}={cookie.value}", **headers) == status


async def test_our_own_address_is_ours_without_any_configuration(running: Running) -> None:
    await log_in(running)
    assert await silence(running, Origin=running.private) == 201
    assert await silence(running, Origin="http://127.0.0.1:1") == 403


@pytest.mark.parametrize(("headers", "status"), [({}, 403), ({"X-Requested-With": "curl"}, 204)])
async def test_who_says_nothing_at_all_declares_at_least_what_it_sends(
    running: Running, headers: dict[str, str], status: int
) -> None:
    await log_in(running)
    async with running.http.post(f"{running.private}/logout", headers=headers) as answer:
        assert answer.status == status


async def test_a_bearer_token_is_asked_for_no_origin(running: Running) -> None:
    assert await silence(running, Authorization=f"Bearer {ANN}", Origin="https://evil.example") == 201


async def test_no_page_elsewhere_logs_somebody_in(running: Running) -> None:
    form = {"token": ANN}
    headers = PAGE | {"Sec-Fetch-Site": "cross-site"}
    async with running.http.post(running.private + "/login", data=form, headers=headers) as answer:
        assert answer.status == 403
        assert not answer.cookies


async def test_a_page_elsewhere_does_not_reload_what_needs_no_login(running: Running) -> None:
    for headers, status in (({"Origin": "https://evil.example"}, 403), ({}, 200)):
        async with running.http.post(running.private + "/-/reload", headers=headers) as answer:
            assert answer.status == status


# --- wrong tokens ---


async def test_wrong_tokens_are_answered_429_after_a_while(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    wrong = {"Authorization": "Bearer a-guess-of-somebody"}
    statuses = []
    for _ in range(11):
        async with running.http.get(running.private + "/api/v1/live", headers=wrong) as answer:
            statuses.append(answer.status)
    assert statuses == [401] * 10 + [429]
    assert 0 < int(answer.headers["Retry-After"]) <= 10
    right = {"Authorization": f"Bearer {ANN}"}  # not even compared, or guessing would go on
    async with running.http.get(running.private + "/api/v1/live", headers=right) as answer:
        assert answer.status == 429
    answer = await log_in(running)
    assert answer.status == 429
    assert "fewer wrong tokens" in await answer.text()
    assert "a-guess" not in caplog.text


async def test_who_is_logged_in_stays_so_whatever_others_guess(running: Running) -> None:
    await log_in(running)
    for _ in range(12):
        await log_in(running, "a-guess-of-somebody")
    assert await silence(running) == 201


async def test_addresses_behind_a_proxy_of_ours_are_told_apart(start: Start) -> None:
    running = await start(private=private(trusted_proxies=["127.0.0.0/8"]))

    async def status(address: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        async with running.http.get(running.private + "/api/v1/live", headers=headers) as answer:
            return answer.status

    for host in range(11):
        last = await status(f"2001:db8:1:2::{host}", "a-guess-of-somebody")
    assert last == 429
    assert await status("2001:db8:1:2::99", ANN) == 429  # the same /64 is the same client
    assert await status("2001:db8:1:3::1", ANN) == 200


async def test_commands_on_this_machine_cannot_be_locked_out(start: Start, tmp_path: Path) -> None:
    running = await start(storage={"path": str(tmp_path / "roomwatch.db")}, private=private())
    for _ in range(12):
        await log_in(running, "a-guess-of-somebody")
    access = granted(tmp_path / "roomwatch.db")
    assert access is not None
    headers = {"Authorization": f"Bearer {access.token}"}
    async with running.http.get(running.private + "/api/v1/session", headers=headers) as answer:
        assert (answer.status, (await answer.json())["role"]) == (200, "admin")


# --- by the word of a proxy ---

BY_PROXY = {
    "trusted_proxies": ["127.0.0.1/32"],
    "proxy_login": {
        "groups_header": "X-Forwarded-Groups",
        "groups": {"sre": "admin"},
        "default_role": "viewer",
        "logout_url": "https://login.example.com/oauth2/sign_out",
    },
}
ANN_BY_PROXY = {"X-Forwarded-User": "ann", "X-Forwarded-Groups": "all,sre"}


async def test_a_trusted_proxy_says_who_asks(start: Start) -> None:
    running = await start(private=private(**BY_PROXY))
    async with running.http.get(running.private + "/api/v1/session", headers=ANN_BY_PROXY) as answer:
        assert await answer.json() == {
            "name": "ann",
            "role": "admin",
            "way": "proxy",
            "expires_at_ms": None,
            "logout_url": "https://login.example.com/oauth2/sign_out",
        }


async def test_what_is_no_trusted_proxy_says_nothing(start: Start) -> None:
    running = await start(private=private(**{**BY_PROXY, "trusted_proxies": ["192.0.2.0/24"]}))
    headers = ANN_BY_PROXY | {"X-Forwarded-For": "192.0.2.1"}  # a header never makes somebody a proxy
    async with running.http.get(running.private + "/api/v1/session", headers=headers) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"].startswith("X-Forwarded-User counts only from private.trusted_proxies")


async def test_whom_the_proxy_knows_and_we_do_not_is_not_let_in(start: Start) -> None:
    login = {"users": {"ann": "admin"}}
    running = await start(private=private(trusted_proxies=["127.0.0.1/32"], proxy_login=login))
    async with running.http.get(running.private + "/", headers=PAGE | {"X-Forwarded-User": "eve"}) as answer:
        assert answer.status == 403
        assert "eve: expected somebody with a role" in await answer.text()


async def test_a_page_elsewhere_changes_nothing_by_way_of_the_proxy(start: Start) -> None:
    running = await start(private=private(**BY_PROXY))
    assert await silence(running, **ANN_BY_PROXY, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert await silence(running, **ANN_BY_PROXY, **SAME) == 201


async def test_who_came_by_the_proxy_logs_out_there(start: Start) -> None:
    running = await start(private=private(**BY_PROXY))
    headers = PAGE | SAME | ANN_BY_PROXY
    async with running.http.post(running.private + "/logout", headers=headers, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "https://login.example.com/oauth2/sign_out"


async def test_nobody_is_printed_an_address_where_an_admin_can_log_in(start: Start) -> None:
    assert (await start(private=private())).daemon.doors.login_token is None
    assert (await start(private={"port": 0, **BY_PROXY})).daemon.doors.login_token is None
    assert (await start(private={"port": 0, "tokens": TOKENS})).daemon.doors.login_token is not None

"""What every answer says, whoever gives it: all routes of both listeners are asked, and what is no request at all."""

from collections.abc import Mapping

import pytest

from tests.conftest import Running, Start
from tests.raw_http import KEY, RawConnection, head, telemetry

TOKEN = "an-access-token-of-tests"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": ("no-referrer", "same-origin"),
    "content-security-policy": "default-src",
}
OF_AIOHTTP = {
    "server": "roomwatch",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": ("same-origin", "cross-origin"),
}
KEPT_BY_NOBODY_ELSE = ("no-store", "private, no-cache", "no-cache")


def lacking(headers: Mapping[str, str], wanted: Mapping[str, str | tuple[str, ...]]) -> list[str]:
    """Return the headers that do not say what they should."""
    said = {name.lower(): value for name, value in headers.items()}
    return [name for name, value in wanted.items() if not _says(said.get(name, ""), value)]


def _says(said: str, wanted: str | tuple[str, ...]) -> bool:
    return any(each in said for each in ((wanted,) if isinstance(wanted, str) else wanted))


async def walked(running: Running, listener: str) -> list[tuple[str, str, Mapping[str, str]]]:
    """Ask for every route of a listener, with a login and without, and for what is not there."""
    door, address = getattr(running.daemon.doors, listener), getattr(running, listener)
    found = []
    for method, route in {*door.routes(), ("GET", "/no/such"), ("PATCH", "/")}:
        if route.endswith("/stream") or (method, route) in {("POST", "/-/reload"), ("PUT", "/-/reload")}:
            continue
        path = route.replace("{", "a-").replace("}", "").replace(":.*", "")
        for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Authorization": f"Bearer {TOKEN}"}):
            async with running.http.request(method, address + path, headers=headers, allow_redirects=False) as answer:
                found.append((method, route, dict(answer.headers)))
    return found


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(private={"port": 0, "access_token": TOKEN, "costly_reads_burst": 1000})


async def test_every_answer_of_the_private_listener_says_it(running: Running) -> None:
    for method, route, headers in await walked(running, "private"):
        assert lacking(headers, {**EVERYWHERE, **OF_AIOHTTP}) == [], (method, route)
        assert headers["Cache-Control"] in KEPT_BY_NOBODY_ELSE, (method, route)


async def test_every_answer_of_the_public_listener_says_it(running: Running) -> None:
    for method, route, headers in await walked(running, "public"):
        wanted = EVERYWHERE if route == "/v1/telemetry" else {**EVERYWHERE, **OF_AIOHTTP}
        assert lacking(headers, wanted) == [], (method, route)
        is_for_any_site = route.startswith(("/v1/", "/sdk/"))
        expected = "cross-origin" if is_for_any_site else "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == expected, (method, route)
        assert ("no-store" in headers["Cache-Control"]) is not route.startswith(("/sdk/", "/v1/telemetry/schema"))


@pytest.mark.parametrize(
    ("listener", "request_"),
    [
        ("public", b"nonsense\r\n\r\n"),
        ("public", head(KEY, "Content-Length: 99999999")),
        ("public", telemetry("Origin: https://evil.example")),
        ("private", b"nonsense\r\n\r\n"),
        ("private", head("Content-Length: x")),
        ("private", head(*(f"X-{number}: a" for number in range(200)), first="GET / HTTP/1.1")),
        ("private", head("X-Long: " + "a" * 20_000, first="GET / HTTP/1.1")),
    ],
)
async def test_what_is_refused_before_it_is_a_request_is_answered_so_too(
    running: Running, listener: str, request_: bytes
) -> None:
    connection = await RawConnection.open(getattr(running, listener))
    answer = await connection.ask(request_)
    assert lacking(answer.headers, EVERYWHERE) == []
    assert "aiohttp" not in str(answer.headers)
    assert "error" in answer.said or answer.status == 202
    await connection.close()


@pytest.mark.parametrize(("proto", "is_said"), [("https", True), ("http", False), ("https, http", False)])
async def test_hsts_is_said_where_a_proxy_of_ours_was_asked_over_https(
    start: Start, proto: str, *, is_said: bool
) -> None:
    running = await start(private={"port": 0, "access_token": TOKEN, "trusted_proxies": ["127.0.0.0/8"]})
    async with running.http.get(running.private + "/", headers={"X-Forwarded-Proto": proto}) as answer:
        assert ("Strict-Transport-Security" in answer.headers) is is_said


async def test_the_word_of_what_is_no_proxy_of_ours_is_nothing(running: Running) -> None:
    async with running.http.get(running.private + "/", headers={"X-Forwarded-Proto": "https"}) as answer:
        assert "Strict-Transport-Security" not in answer.headers

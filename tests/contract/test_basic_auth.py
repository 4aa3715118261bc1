"""Names and passwords of a web configuration file, at the private door."""

import asyncio
from base64 import b64encode
from pathlib import Path

import bcrypt
import pytest

from tests.conftest import Running, Start

PASSWORDS = {"ann": "a password of ann's", "prometheus": "a password of a scraper"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "web.yml"
    write(file, PASSWORDS)
    return file


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


def write(file: Path, passwords: dict[str, str], more: str = "") -> None:
    hashes = {name: bcrypt.hashpw(each.encode(), bcrypt.gensalt(4)).decode() for name, each in passwords.items()}
    users = (f'  {name}: "{each}"' for name, each in hashes.items())
    file.write_text("\n".join(["basic_auth_users:", *users, more]))


@pytest.fixture
async def running(start: Start, file: Path) -> Running:
    return await start(private={"port": 0, "web_config_file": str(file), "basic_auth_roles": {"ann": "operator"}})


async def asked(running: Running, name: str, password: str, path: str = "/api/v1/session", method: str = "GET") -> int:
    headers = basic(name, password)
    async with running.http.request(method, running.private + path, headers=headers) as answer:
        return answer.status


async def test_who_has_a_password_has_the_role_that_is_configured(running: Running) -> None:
    for name, role in (("ann", "operator"), ("prometheus", "viewer")):
        headers = basic(name, PASSWORDS[name])
        async with running.http.get(running.private + "/api/v1/session", headers=headers) as answer:
            session = await answer.json()
        assert (session["name"], session["role"], session["way"]) == (name, role, "basic")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "wrong"),
        ("nobody", "wrong"),
        ("", ""),
        ("ann", ""),
        ("ann", "a" * 100),
        ("ann", PASSWORDS["prometheus"]),
    ],
)
async def test_a_wrong_one_opens_nothing(running: Running, name: str, password: str) -> None:
    assert await asked(running, name, password) == 401


async def test_what_is_no_name_and_password_opens_nothing(running: Running) -> None:
    for given in ("Basic", "Basic !!!", "Basic /w=="):
        async with running.http.get(running.private + "/api/v1/session", headers={"Authorization": given}) as answer:
            assert answer.status == 401
            assert 'Basic realm="roomwatch"' in answer.headers["WWW-Authenticate"]


async def test_wrong_passwords_are_not_compared_after_a_while(running: Running) -> None:
    assert await asked(running, "prometheus", PASSWORDS["prometheus"]) == 200
    statuses = [await asked(running, "ann", "wrong") for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert await asked(running, "prometheus", PASSWORDS["prometheus"]) == 200, "who was right a moment ago"
    values = running.daemon.metrics.values
    assert values["roomwatch_http_wrong_credentials_total"][("basic",)] == 10
    assert values["roomwatch_http_credentials_not_compared_total"][()] == 1


async def test_more_than_can_be_compared_are_told_to_come_back(running: Running) -> None:
    statuses = await asyncio.gather(*(asked(running, f"nobody-{number}", "wrong") for number in range(60)))
    assert set(statuses) <= {401, 429}
    assert await asked(running, "ann", PASSWORDS["ann"]) in (200, 429)


async def test_a_user_who_was_taken_out_is_one_no_more(running: Running, file: Path) -> None:
    assert await asked(running, "ann", PASSWORDS["ann"]) == 200
    write(file, {"ann": "another password"})
    await running.daemon.doors.look_at_files()
    assert await asked(running, "ann", PASSWORDS["ann"]) == 401
    assert await asked(running, "ann", "another password") == 200


async def test_a_file_that_became_wrong_changes_nothing(running: Running, file: Path) -> None:
    write(file, PASSWORDS, "basic_auth_user: {}")
    await running.daemon.doors.look_at_files()
    assert await asked(running, "ann", PASSWORDS["ann"]) == 200


async def test_headers_of_the_file_go_before_ours(start: Start, file: Path) -> None:
    write(file, PASSWORDS, "http_server_config: { headers: { X-Frame-Options: sameorigin } }")
    running = await start(private={"port": 0, "web_config_file": str(file)})
    async with running.http.get(running.private + "/-/healthy") as answer:
        assert answer.headers["X-Frame-Options"] == "sameorigin"


async def test_a_page_elsewhere_changes_nothing_by_what_a_browser_remembers(running: Running) -> None:
    headers = basic("ann", PASSWORDS["ann"]) | {"Sec-Fetch-Site": "cross-site"}
    silence = {"matchers": "severity=info", "reason": "a test", "lasts": "1h"}
    address = running.private + "/api/v1/silences"
    async with running.http.post(address, json=silence, headers=headers) as answer:
        assert answer.status == 403

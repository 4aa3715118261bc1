"""Who changed what, asked at the private door, on the command line, and seen in the store."""

from pathlib import Path
from typing import Any

import pytest

from monitor.cli import main
from monitor.store.ports import AuditSearch
from tests.conftest import Running, Start
from tests.daemon_process import write_config

ADMIN, ANN, EVE = "the-token-of-an-admin", "the-token-of-ann-herself", "the-token-of-eve-herself"
TOKENS = {"ann": {"role": "operator", "token": ANN}, "eve": {"role": "viewer", "token": EVE}}
PRIVATE = {"port": 0, "access_token": ADMIN, "tokens": TOKENS}
SILENCE = {"matchers": "severity=info", "reason": "a test", "lasts": "1h"}


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(private=PRIVATE)


async def silence(running: Running, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.post(running.private + "/api/v1/silences", json=SILENCE, headers=headers) as answer:
        return answer.status


async def audit(running: Running, token: str = ADMIN, **query: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.get(running.private + "/api/v1/audit", params=query, headers=headers) as answer:
        return answer.status, await answer.json()


async def deeds(running: Running, **query: Any) -> list[tuple[str, str, int | None]]:
    _, page = await audit(running, **query)
    return [(each["who"], each["did"], each["status"]) for each in page["entries"]]


async def test_a_change_and_a_refusal_are_entries(running: Running) -> None:
    assert [await silence(running, token) for token in (ANN, EVE, "a-guess-of-somebody")] == [201, 403, 401]
    assert (await deeds(running))[1:] == [
        ("", "a wrong token", 401),
        ("eve", "POST /api/v1/silences", 403),
        ("ann", "POST /api/v1/silences", 201),
    ]
    assert [who for who, *_ in await deeds(running, failed="true")] == ["admin", "", "eve"]  # the first is not over yet


async def test_an_entry_says_as_what_and_by_which_way(running: Running) -> None:
    await silence(running, ANN)
    _, page = await audit(running, who="ann")
    (entry,) = page["entries"]
    assert (entry["role"], entry["way"], entry["place"]) == ("operator", "token", "")
    assert abs(entry["at_ms"] - running.daemon.clock.now_ms()) < 60_000


async def test_logging_in_and_out_are_entries(running: Running) -> None:
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    for path, form in (("/login", {"token": ANN}), ("/logout", {})):
        async with running.http.post(running.private + path, data=form, headers=headers, allow_redirects=False):
            pass
    assert [did for _, did, _ in await deeds(running, who="ann")] == ["log out", "log in"]


async def test_a_reload_is_an_entry(running: Running) -> None:
    async with running.http.post(running.private + "/-/reload", headers={"Authorization": f"Bearer {ADMIN}"}):
        pass
    assert ("this machine", "POST /-/reload", 200) in await deeds(running)


async def test_entries_come_in_pages(running: Running) -> None:
    for _ in range(5):
        await silence(running, ANN)
    _, first = await audit(running, who="ann", limit=3)
    _, second = await audit(running, who="ann", limit=3, after=first["next"])
    ids = [each["id"] for page in (first, second) for each in page["entries"]]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    assert second["next"] is None


@pytest.mark.parametrize(("token", "status"), [(ANN, 403), (EVE, 403), ("", 401)])
async def test_only_an_admin_reads_them(running: Running, token: str, status: int) -> None:
    assert (await audit(running, token))[0] == status


async def test_of_many_refusals_so_many_are_written_down_and_the_others_counted(running: Running) -> None:
    for _ in range(100):
        await silence(running, EVE)
    kept = await running.daemon.store.audit.find(AuditSearch(who="eve", limit=1000))
    assert 60 <= len(kept) < 100


def test_a_command_without_a_daemon_is_written_down_and_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(write_config(tmp_path / "config.toml", {"storage": {"path": str(tmp_path / "roomwatch.db")}}))
    add = ["silences", "add", "--config", config, "--matcher", "severity=info", "--for", "1h", "--reason", "a test"]
    assert main(add) == 0
    capsys.readouterr()
    assert main(["audit", "--config", config, "--did", "silences"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("(admin, by command): silences add: 200")

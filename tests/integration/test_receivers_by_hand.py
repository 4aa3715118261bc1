"""Does a receiver work?  Asked by hand, with a daemon or without, and of a daemon's private door."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from jsonschema_rs import Draft202012Validator

from monitor.cli import main
from monitor.commands.options import FAILED, OK, USAGE
from tests.asking import TOKEN, ask
from tests.conftest import Running, Start, settings
from tests.daemon_process import free_port, write_config


class Desk:
    """Who is told; it answers with a status, or hangs."""

    def __init__(self) -> None:
        self.status = 200
        self.hangs = False
        self.heard: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append(json.loads(await request.read()))
        if self.hangs:
            await asyncio.sleep(60)
        return web.Response(status=self.status)


@pytest.fixture
async def desk() -> Desk:
    return Desk()


@pytest.fixture
async def given(desk: Desk, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    app = web.Application()
    app.router.add_post("/s3cret", desk.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    given = {
        "private": {"port": free_port(), "access_token": TOKEN},
        "storage": {"path": str(tmp_path / "roomwatch.db")},
        "receivers": {
            "desk": {"kind": "webhook", "url": f"http://127.0.0.1:{runner.addresses[0][1]}/s3cret"},
            "nobody": {"kind": "webhook", "url": f"http://127.0.0.1:{free_port()}/"},
            "spare": {"kind": "log"},
        },
        "alerts": {"default_receiver": "desk", "fallback_receiver": "nobody"},
        "accounts": [],
    }
    write_config(tmp_path / "config.toml", settings(**given))
    yield given
    await runner.cleanup()


class Shell:
    def __init__(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = config
        self._capsys = capsys

    async def receivers(self, action: str, *arguments: str) -> tuple[int, str]:
        return await asyncio.to_thread(self._type, "receivers", action, "--config", str(self._config), *arguments)

    def _type(self, *arguments: str) -> tuple[int, str]:
        self._capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        said = self._capsys.readouterr()
        return code, said.out or said.err


@pytest.fixture(params=["with a daemon", "without"])
async def shell(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    given: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    start: Start,
) -> Shell:
    if request.param == "with a daemon":
        await start(**given)
    return Shell(tmp_path / "config.toml", capsys)


@pytest.mark.promise("P33")
async def test_a_receiver_that_works_hears_a_test_and_its_end(shell: Shell, desk: Desk) -> None:
    code, said = await shell.receivers("test", "desk")
    lines = said.splitlines()
    assert code == OK, said
    assert [line.partition(",")[0] for line in lines] == [
        "trigger: 1st attempt delivered",
        "resolve: 1st attempt delivered",
        "desk: accepted; see whether it arrived",
    ]
    assert all(line.endswith("answered 200 OK") for line in lines[:2])
    assert [each["status"] for each in desk.heard] == ["firing", "resolved"]
    assert all(each["roomwatch"]["is_test"] for each in desk.heard)
    assert all(each["commonAnnotations"]["summary"].startswith("TEST: nothing is wrong") for each in desk.heard)
    assert {each["commonLabels"]["severity"] for each in desk.heard} == {"info"}


@pytest.mark.promise("P33")
async def test_the_answer_of_a_receiver_that_refuses_is_shown_with_what_to_do(shell: Shell, desk: Desk) -> None:
    desk.status = 403
    code, said = await shell.receivers("test", "desk", "--severity", "critical")
    assert code == FAILED
    assert "trigger: 1st attempt rejected, " in said
    assert "answered 403 Forbidden\n" in said
    assert "desk: not accepted\n" in said
    assert said.endswith("The key, token or password is not allowed to do this.\n")
    assert "s3cret" not in said
    assert desk.heard[0]["commonLabels"]["severity"] == "critical"


@pytest.mark.promise("P33")
async def test_a_receiver_that_is_not_there_is_not_waited_for_longer_than_wanted(shell: Shell) -> None:
    code, said = await shell.receivers("test", "nobody", "--wait", "1s")
    assert code == FAILED
    assert "trigger: 1st attempt unavailable, " in said
    assert "nobody: not accepted" in said
    assert "Nothing answers: " in said


async def test_a_receiver_that_nobody_configured_is_not_tried(shell: Shell) -> None:
    code, said = await shell.receivers("test", "elsewhere")
    assert (code, said) == (
        FAILED,
        "roomwatch: expected the name of a receiver (desk, nobody, spare), got 'elsewhere'\n",
    )


async def test_receivers_are_listed_without_their_secrets(shell: Shell, given: dict[str, Any]) -> None:
    code, said = await shell.receivers("list")
    names = [line.split() for line in said.splitlines()]
    origin = given["receivers"]["desk"]["url"].removesuffix("/s3cret")
    assert (code, names[0], names[2]) == (OK, ["desk", "webhook", origin], ["spare", "log", "log://"])


async def test_no_severity_of_ones_own_is_taken(shell: Shell) -> None:
    assert (await shell.receivers("test", "desk", "--severity", "dreadful"))[0] == USAGE


# --- the private door ------------------------------------------------------------------------------------


@pytest.fixture
async def daemon(start: Start, given: dict[str, Any]) -> Running:
    return await start(**given)


async def post(running: Running, name: str, body: str = "{}", kind: str = "application/json") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    url = f"{running.private}/api/v1/receivers/{name}/test"
    async with running.http.post(url, data=body, headers=headers) as response:
        return response.status, await response.json()


async def settled(running: Running, notification: str) -> dict[str, Any]:
    while True:
        _, life = await ask(running, f"/notifications/{notification}")
        if life["notification"]["state"] != "waiting":
            return life
        await asyncio.sleep(0.02)


async def test_it_is_shown_how_it_goes_with_each_receiver(daemon: Running, desk: Desk) -> None:
    _, owed = await post(daemon, "desk")
    for each in owed["notifications"]:
        await settled(daemon, each)
    desk.status = 404
    _, owed = await post(daemon, "desk")
    for each in owed["notifications"]:
        await settled(daemon, each)
    status, said = await ask(daemon, "/receivers")
    first, second, third = said["receivers"]
    assert status == 200
    assert (first["name"], first["kind"], first["is_used"], first["circuit"]) == ("desk", "webhook", True, "closed")
    assert first["last_success_at_ms"] <= first["last_failure_at_ms"]
    assert first["last_error"] == "answered 404 Not Found"
    assert first["waiting"] == 0
    assert (second["is_used"], third["is_used"]) == (True, False)
    assert (third["last_success_at_ms"], third["last_failure_at_ms"]) == (None, None)
    _, document = await ask(daemon, "/openapi.json")
    described = document["paths"]["/api/v1/receivers"]["get"]["responses"]["200"]["content"]["application/json"]
    Draft202012Validator({**document, **described["schema"]}).validate(said)


@pytest.mark.parametrize(
    ("name", "body", "kind", "status"),
    [
        ("elsewhere", "{}", "application/json", 404),
        ("desk", "severity=info", "application/x-www-form-urlencoded", 415),
        ("desk", '{"severity": "dreadful"}', "application/json", 400),
        ("desk", '{"colour": "red"}', "application/json", 400),
    ],
)
async def test_what_cannot_be_tried_is_refused(daemon: Running, name: str, body: str, kind: str, status: int) -> None:
    assert (await post(daemon, name, body, kind))[0] == status


@pytest.mark.promise("P33")
async def test_a_test_that_fails_is_nobody_elses_business(daemon: Running, desk: Desk) -> None:
    desk.status = 404
    _, owed = await post(daemon, "desk")
    life = await settled(daemon, owed["notifications"][0])
    assert life["notification"]["state"] == "dead"
    _, said = await ask(daemon, "/notifications", receiver="nobody")
    assert said["notifications"] == []

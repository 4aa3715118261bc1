"""Why it fired, or did not, or did not reach somebody: asked of a daemon, and of its database by hand."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from jsonschema_rs import Draft202012Validator

from monitor.cli import main
from monitor.commands.options import FAILED, OK
from tests.asking import TOKEN, ask, happen
from tests.builders import ACCOUNT, ALICE, BOB, ROOM, batch, level, participant, room
from tests.conftest import Running, Start, settings
from tests.daemon_process import free_port, write_config

RULE = {
    "name": "Cut",
    "over": "participant",
    "raise": "level <= 1",
    "clear": "level >= 3",
    "for": "0s",
    "severity": "critical",
}


async def take(_: web.Request) -> web.Response:
    return web.Response()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture
async def daemon(start: Start, url: str, config: Path) -> Running:
    hook = {"kind": "webhook", "url": url}
    given: dict[str, Any] = {
        "private": {"port": free_port(), "access_token": TOKEN},
        "storage": {"path": str(config.with_name("roomwatch.db"))},
        "receivers": {"pager": hook, "chat": hook},
        "routes": [{"match": {"severity": "info"}, "receiver": "chat"}],
        "alerts": {"default_receiver": "pager", "disabled_rules": ["ParticipantQualityDegraded"]},
        "rules": [RULE],
        "accounts": [],
    }
    write_config(config, settings(**given))
    return await start(**given)


async def call(running: Running) -> int:
    """Have a call in which one is cut off and the other is not, and return the time."""
    now_ms = running.daemon.clock.now_ms()
    await happen(
        running,
        room(sid=ROOM, room_name="class", created_at_ms=now_ms - 60_000, account_sid=ACCOUNT, at_ms=now_ms),
        participant(ALICE, identity="alice", joined_at_ms=now_ms - 30_000, at_ms=now_ms),
        participant(BOB, identity="bob", joined_at_ms=now_ms - 30_000, at_ms=now_ms),
        batch(level(4, at_ms=now_ms - 20_000), reporter=BOB, at_ms=now_ms),
        batch(level(1, at_ms=now_ms), reporter=ALICE, at_ms=now_ms),
    )
    while not await delivered(running):
        await asyncio.sleep(0.02)
    return now_ms


async def delivered(running: Running) -> bool:
    _, said = await ask(running, "/notifications", state="delivered")
    return bool(said["notifications"])


@pytest.mark.promise("P31")
async def test_a_page_is_explained_from_the_value_to_the_answer(daemon: Running) -> None:
    await call(daemon)
    status, said = await ask(daemon, "/explain", room="class", participant="alice", rule="Cut")
    assert status == 200
    (told,) = said["alerts"]
    story = [each["text"] for each in told["story"]]
    assert story[0] == "firing: level <= 1; it was 1"
    assert story[1].startswith("put into group ")
    assert any(each.startswith("pager: trigger delivered at the 1st attempt") for each in story)
    assert told["answer"][0].startswith("it was firing at ")
    assert told["not_asked"] == ["chat: not asked: severity is critical, not info"]
    assert (await ask(daemon, "/explain", alert=told["fingerprint"]))[1]["alerts"][0]["story"] == told["story"]


@pytest.mark.promise("P31")
async def test_what_did_not_fire_is_explained_by_what_was_measured(daemon: Running) -> None:
    now_ms = await call(daemon)
    (told,) = (await ask(daemon, "/explain", room=ROOM, participant=BOB, rule="Cut"))[1]["alerts"]
    assert told["answer"][1].startswith("level was 4, as told at ")
    assert told["answer"][2].startswith("level <= 1 did not hold, and never had since ")
    assert (told["story"], told["not_asked"]) == ([], [])

    before = await ask(daemon, "/explain", room=ROOM, participant=BOB, rule="Cut", at=now_ms - 40_000)
    (told,) = before[1]["alerts"]
    assert told["answer"][0].startswith("they were not in the room yet: they came at ")
    assert told["answer"][2] == "nothing is on record of level at that time or before"


async def test_a_room_is_explained_with_what_began_in_it(daemon: Running) -> None:
    await call(daemon)
    rules = {each["rule"] for each in (await ask(daemon, "/explain", room="class"))[1]["alerts"]}
    assert "Cut" in rules
    assert "RoomQualityDegraded" in rules


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({}, 400, "expected room, or alert"),
        ({"room": "class", "alert": "f1-0"}, 400, "expected room, or alert"),
        ({"room": "nowhere"}, 404, "room: expected"),
        ({"room": "class", "participant": "carol"}, 404, "participant: expected"),
        ({"room": "class", "rule": "Nothing"}, 404, "rule: expected"),
        ({"alert": "f1-nowhere"}, 404, "alert: expected"),
        ({"room": "class", "at": "noon"}, 400, "at: expected"),
    ],
)
async def test_what_cannot_be_explained_is_refused_with_what_was_expected(
    daemon: Running, query: dict[str, str], status: int, said: str
) -> None:
    await call(daemon)
    answered, body = await ask(daemon, "/explain", **query)
    assert (answered, body["error"][: len(said)]) == (status, said)


async def test_the_answer_is_as_the_document_describes_it(daemon: Running) -> None:
    await call(daemon)
    _, document = await ask(daemon, "/openapi.json")
    described = document["paths"]["/api/v1/explain"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    _, said = await ask(daemon, "/explain", room="class", participant="alice")
    Draft202012Validator({**document, **described}).validate(said)


@pytest.mark.promise("P31")
async def test_by_hand_it_is_the_same_while_the_daemon_runs_and_afterwards(
    daemon: Running, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await call(daemon)
    await daemon.daemon.housekeeping.save_picture()

    async def by_hand(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, ["explain", "--config", str(config), *arguments])
        said = capsys.readouterr()
        return code, said.out or said.err

    question = ("--room", "class", "--identity", "alice", "--rule", "Cut")
    code, during = await by_hand(*question)
    assert code == OK
    assert "  firing: level <= 1; it was 1\n" in during
    assert "  chat: not asked: severity is critical, not info\n" in during
    await daemon.stop()
    code, afterwards = await by_hand(*question)
    assert code == OK
    assert afterwards.splitlines()[3:] == during.splitlines()[3:]
    assert await by_hand("--room", "nowhere") == (
        FAILED,
        "roomwatch: room: expected the SID or name of a room on record, got 'nowhere'\n",
    )


async def test_the_rules_that_can_be_asked_about_are_told_with_their_conditions(daemon: Running) -> None:
    status, said = await ask(daemon, "/rules")
    (rule,) = (each for each in said["rules"] if each["name"] == "Cut")
    assert (status, rule["over"], rule["raise_when"], rule["clear_when"]) == (
        200,
        "participant",
        "level <= 1",
        "level >= 3",
    )
    described = (await ask(daemon, "/openapi.json"))[1]
    Draft202012Validator({**described, "$ref": "#/components/schemas/RulesView"}).validate(said)

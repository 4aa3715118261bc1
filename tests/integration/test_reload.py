"""A daemon whose configuration changes while it runs."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web

from monitor.config import Config, ConfigInvalid, build
from monitor.http.server import Listener
from tests.builders import INGEST_KEY
from tests.conftest import Running, Start, settings

RULE = {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3"}
ROOM, ALICE = "RM" + "a" * 32, "PA" + "a" * 32


class Hooks:
    """Receivers by name, on one port, and a configuration that may become another."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.door: Listener | None = None
        self.given: dict[str, Any] = {}
        self.fault = ""
        self.refuses: set[str] = set()

    async def _take(self, request: web.Request) -> web.Response:
        if request.match_info["name"] in self.refuses:
            return web.Response(status=400)
        message = await request.json()
        self.messages.append(message)
        self.said.append((request.match_info["name"], message["status"], message["notification_reason"]))
        return web.Response()

    async def open(self) -> None:
        self.door = await Listener.open("127.0.0.1", 0, [web.post("/{name}", self._take)])

    def settings(self, *names: str, **given: Any) -> dict[str, Any]:
        assert self.door is not None
        hooks = {name: {"kind": "webhook", "url": f"http://127.0.0.1:{self.door.port}/{name}"} for name in names}
        alerts = {"default_receiver": names[0], **given.pop("alerts", {})}
        return {"receivers": hooks, "alerts": alerts, "rules": [RULE], **given}

    def reread(self) -> Config:
        if self.fault:
            raise ConfigInvalid([self.fault])
        return build(settings(**self.given))


@pytest.fixture
async def hooks():
    hooks = Hooks()
    await hooks.open()
    yield hooks
    assert hooks.door is not None
    await hooks.door.close()


async def begin(start: Start, hooks: Hooks, *names: str, **given: Any) -> Running:
    hooks.given = hooks.settings(*names, **given)
    return await start(**hooks.given, reread=hooks.reread)


async def report(running: Running, level: int) -> None:
    now_ms = int(time.time() * 1000)
    body = {
        "v": 1,
        "session": "s",
        "seq": now_ms,
        "room_sid": ROOM,
        "participant_sid": ALICE,
        "events": [{"type": "network_quality", "at": now_ms, "level": level}],
    }
    headers = {"Authorization": f"Bearer {INGEST_KEY}"}
    async with running.http.post(f"{running.public}/v1/telemetry", json=body, headers=headers) as answer:
        assert answer.status == 202


async def reload(running: Running, **headers: str) -> tuple[int, str]:
    async with running.http.post(f"{running.private}/-/reload", headers=headers) as answer:
        return answer.status, await answer.text()


async def until(holds, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.promise("P25")
async def test_a_reload_of_the_same_says_nothing(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    await report(running, 0)
    await until(lambda: hooks.said)
    for _ in range(20):
        assert await reload(running) == (200, "reloaded\n")
    await asyncio.sleep(0.3)
    assert [said[:2] for said in hooks.said] == [("one", "firing")]


@pytest.mark.promise("P7")
async def test_a_rule_that_is_removed_resolves_what_it_opened(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    await report(running, 0)
    await until(lambda: hooks.said)
    hooks.given = hooks.settings("one", rules=[], alerts={"disabled_rules": ["ParticipantQualityDegraded"]})
    await reload(running)
    await until(lambda: len(hooks.said) > 1)
    assert hooks.said[1] == ("one", "resolved", "rule_removed")


@pytest.mark.promise("P7")
async def test_a_receiver_that_is_removed_hears_the_end_and_another_is_told(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    await report(running, 0)
    await until(lambda: hooks.said)
    hooks.given = hooks.settings("two")
    await reload(running)
    await until(lambda: len(hooks.said) > 2)
    assert [said[:2] for said in hooks.said[:1]] == [("one", "firing")]
    assert sorted(said[:2] for said in hooks.said[1:]) == [("one", "resolved"), ("two", "firing")]
    await report(running, 5)
    await until(lambda: len(hooks.said) > 3)
    assert hooks.said[3][:2] == ("two", "resolved")


@pytest.mark.promise("P3", "P7")
async def test_a_receiver_that_is_only_renamed_hears_the_end_and_nothing_else(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    await report(running, 0)
    await until(lambda: hooks.said)
    hooks.given = hooks.settings("one", "other")
    hooks.given["receivers"]["uno"] = hooks.given["receivers"].pop("one")
    hooks.given["alerts"]["default_receiver"] = "uno"
    assert await reload(running) == (200, "reloaded\n")
    await asyncio.sleep(0.3)
    await report(running, 5)
    await until(lambda: len(hooks.said) > 1)
    assert [said[:2] for said in hooks.said] == [("one", "firing"), ("one", "resolved")]


@pytest.mark.promise("P6")
async def test_other_routes_do_not_move_what_is_open(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one", "two")
    await report(running, 0)
    await until(lambda: hooks.said)
    hooks.given = hooks.settings("two", "one")
    await reload(running)
    await report(running, 5)
    await until(lambda: len(hooks.said) > 1)
    await report(running, 0)
    await until(lambda: len(hooks.said) > 2)
    assert [said[:2] for said in hooks.said] == [("one", "firing"), ("one", "resolved"), ("two", "firing")]


async def test_a_configuration_that_is_wrong_changes_nothing_and_says_why(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    hooks.fault = "config.toml:3: alerts.group_wait: expected a duration"
    assert await reload(running) == (500, f"not reloaded:\n{hooks.fault}\n")
    assert running.daemon.metrics.values["roomwatch_config_last_reload_successful"][()] == 0
    await report(running, 0)
    await until(lambda: hooks.said)
    hooks.fault = ""
    await reload(running)
    assert running.daemon.metrics.values["roomwatch_config_last_reload_successful"][()] == 1


async def test_what_waits_for_a_restart_is_named(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    hooks.given = hooks.settings("one", polling={"rooms_every_s": 99.0})
    assert await reload(running) == (200, "reloaded\npolling: changes at the next start\n")


async def test_a_page_on_another_site_cannot_have_it_reloaded(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    status, _ = await reload(running, **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403


async def test_a_signal_has_it_reloaded(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one")
    hooks.given = hooks.settings("two")
    running.daemon.reloading.ask()
    await until(lambda: "two" in running.daemon.config.notifiers)

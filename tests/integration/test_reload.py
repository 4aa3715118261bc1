"""A daemon whose configuration changes while it runs."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor import log
from monitor.config import Config, ConfigInvalid, build
from monitor.config_file import ConfigFile, Fingerprint
from monitor.http.server import Listener
from monitor.metrics import Metrics
from monitor.reloading import Reloading
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


async def until(holds, within_s: float = 30) -> None:
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
    status, said = await reload(running)
    assert (status, json.loads(said)["detail"]) == (500, f"not reloaded: {hooks.fault}")
    assert json.loads(said)["errors"][0]["path"] == "config.toml:3"
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


# --- what else changes, and what does not ---

ANN = "the-token-of-ann-herself"


def with_token(token: str) -> dict[str, Any]:
    return {"port": 0, "tokens": {"ann": {"role": "admin", "token": token}}}


async def status_of(running: Running, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with running.http.get(f"{running.private}/api/v1/live", headers=headers) as answer:
        return answer.status


async def test_tokens_of_visitors_are_exchanged(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one", private=with_token(ANN))
    assert await status_of(running, ANN) == 200
    hooks.given = hooks.settings("one", private=with_token(f"{ANN}-anew"))
    assert await reload(running) == (200, "reloaded\n")
    assert [await status_of(running, token) for token in (ANN, f"{ANN}-anew")] == [401, 200]


async def test_the_rest_of_the_private_door_waits_for_a_restart(start: Start, hooks: Hooks) -> None:
    running = await begin(start, hooks, "one", private=with_token(ANN))
    hooks.given = hooks.settings("one", private=with_token(f"{ANN}-anew") | {"session_hours": 1})
    assert await reload(running) == (200, "reloaded\nprivate: changes at the next start\n")
    assert await status_of(running, f"{ANN}-anew") == 200


@pytest.fixture
def log_levels() -> Iterator[None]:
    names = ("monitor", "collectors", "alerts", "monitor.audit")
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


async def set_level(running: Running, **given: Any) -> tuple[int, Any]:
    async with running.http.put(f"{running.private}/-/log-level", **given) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_the_level_of_the_log_is_set_by_hand_and_by_a_changed_file(
    start: Start, hooks: Hooks, log_levels: None
) -> None:
    running = await begin(start, hooks, "one")
    assert await set_level(running, json={"level": "debug"}) == (200, {"level": "debug"})
    await reload(running)
    assert log.level() == "debug", "a reload of the same level is no word about it"
    hooks.given = hooks.settings("one", log={"level": "error"})
    await reload(running)
    async with running.http.get(f"{running.private}/-/log-level") as answer:
        assert await answer.json() == {"level": "error"}


@pytest.mark.parametrize("given", [{"data": "loud"}, {"json": {"level": "loud"}}, {"json": {}}])
async def test_a_level_that_there_is_not_is_refused(start: Start, hooks: Hooks, given: Any) -> None:
    running = await begin(start, hooks, "one")
    before = log.level()
    status, problem = await set_level(running, **given)
    assert (status, problem["status"], log.level()) == (400, 400, before)


class Applied:
    """What a reload leads to, without a daemon."""

    def __init__(self) -> None:
        self.says, self.fault, self.metrics = Fingerprint(b"1" * 32), "", Metrics()
        self.applied: list[Config] = []
        self.config = build(settings())
        self.reloading = Reloading(
            self.config, self.read, self.apply, self.metrics, time.time, fingerprint=lambda _: self.says
        )

    def read(self) -> Config:
        if self.fault:
            raise ConfigInvalid([self.fault])
        return self.config

    async def apply(self, config: Config) -> None:
        self.applied.append(config)

    def value(self, name: str) -> float:
        return self.metrics.values[name][()]


async def test_a_configuration_that_says_the_same_is_not_even_read() -> None:
    some = Applied()
    some.fault = "it would be wrong"
    assert await some.reloading.reload() == ()
    assert some.applied == []
    assert some.value("roomwatch_config_last_reload_successful") == 1


async def test_a_configuration_that_is_watched_is_read_when_it_says_something_else() -> None:
    some = Applied()
    before = some.value("roomwatch_config_hash")
    await some.reloading.look()
    assert some.applied == []
    some.says = Fingerprint(b"2" * 32)
    await some.reloading.look()
    await some.reloading.look()
    assert len(some.applied) == 1
    assert some.value("roomwatch_config_hash") != before


async def test_one_that_is_wrong_is_tried_once_and_again_when_it_has_changed() -> None:
    some = Applied()
    some.says, some.fault = Fingerprint(b"2" * 32), "it is wrong"
    await some.reloading.look()
    assert some.value("roomwatch_config_last_reload_successful") == 0
    some.fault = ""
    await some.reloading.look()
    assert some.applied == []
    some.says = Fingerprint(b"3" * 32)
    await some.reloading.look()
    assert (len(some.applied), some.value("roomwatch_config_last_reload_successful")) == (1, 1)


def test_a_file_says_the_same_until_it_or_a_secret_of_it_says_something_else(tmp_path: Path) -> None:
    file, secret = tmp_path / "config.toml", tmp_path / "token"
    file.write_text("")
    secret.write_text("one")
    source = ConfigFile(file, {})
    seen = [source.fingerprint([str(secret)])]
    file.touch()
    assert source.fingerprint([str(secret)]) == seen[0]
    secret.write_text("two")
    seen.append(source.fingerprint([str(secret)]))
    file.write_text("[public]")
    seen.append(source.fingerprint([str(secret)]))
    assert len(set(seen)) == 3
    assert seen[0].number == seen[1].number != seen[2].number, "what is shown tells nothing of a secret"

"""What may be asked about the daemon's own side of things: media, sources, blind spots, settings."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator

from monitor.config import Config, ConfigInvalid
from tests.asking import TOKEN, ask, happen
from tests.builders import (
    ALICE,
    BOB,
    COMPOSITION,
    RECORDING,
    batch,
    composition,
    level,
    participant,
    recording,
    room,
)
from tests.conftest import Running, Start

SECRET = "a secret of more than thirty-two characters"


@pytest.fixture
async def daemon(start: Start) -> Running:
    return await start(private={"port": 0, "access_token": TOKEN})


async def well(daemon: Running, path: str) -> Any:
    status, said = await ask(daemon, path)
    assert status == 200, said
    return said


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/media", "MediaPage"),
        ("/sources", "SourcesView"),
        ("/blind-spots", "BlindSpots"),
        ("/settings", "SettingsView"),
    ],
)
async def test_the_document_describes_what_is_really_answered(daemon: Running, path: str, shape: str) -> None:
    await happen(daemon, room(), participant(ALICE), batch(level(1), reporter=BOB), recording(), composition())
    document, said = await well(daemon, "/openapi.json"), await well(daemon, path)
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    Draft202012Validator(schema).validate(said)


# --- media -----------------------------------------------------------------------------------------------


async def test_media_are_found_by_kind_state_and_whatever_is_at_hand(daemon: Running) -> None:
    await happen(daemon, room(room_name="acme:class"), composition(), recording(identity="alice"))

    async def found(query: str = "") -> list[str]:
        return [each["sid"] for each in (await well(daemon, f"/media?{query}"))["media"]]

    assert sorted(await found()) == sorted([COMPOSITION, RECORDING])
    assert await found("kind=recording") == [RECORDING]
    assert await found("text=alice") == [RECORDING]
    assert await found(f"text={COMPOSITION}") == [COMPOSITION]
    assert await found("state=failed") == []
    assert (await well(daemon, "/media?state=failed"))["totals"]["open"] == 2


async def test_a_failed_composition_says_why(daemon: Running) -> None:
    await happen(daemon, room(), composition("failed", error_message="no tracks to compose"))
    (failed,) = (await well(daemon, "/media?state=failed"))["media"]
    assert (failed["sid"], failed["error_message"]) == (COMPOSITION, "no tracks to compose")


async def test_media_come_in_pages(daemon: Running) -> None:
    at_ms = 1_763_690_000_000
    sids = [f"CJ{number:032x}" for number in range(3)]
    await happen(
        daemon,
        *[
            msgspec.structs.replace(composition(), composition_sid=sid, created_at_ms=at_ms + step)
            for step, sid in enumerate(sids)
        ],
    )
    seen, after = [], ""
    while after is not None:
        page = await well(daemon, f"/media?limit=1&after={after}")
        seen += [each["sid"] for each in page["media"]]
        after = page["next"]
    assert seen == sids[::-1]


@pytest.mark.parametrize("query", ["state=lost", "kind=photo", "after=yesterday", "limit=0"])
async def test_a_question_about_media_that_cannot_be_read_is_refused(daemon: Running, query: str) -> None:
    status, said = await ask(daemon, f"/media?{query}")
    assert status == 400
    assert "expected" in json.dumps(said)


# --- sources ---------------------------------------------------------------------------------------------


async def test_sources_tell_of_polls_budget_and_what_came_in(daemon: Running) -> None:
    said = await well(daemon, "/sources")
    (account,) = said["accounts"]
    assert {"rooms", "participants", "compositions"} <= {each["resource"] for each in account["polls"]}
    assert account["budget"]["requests_per_s"] >= account["budget"]["rate_per_s"] > 0
    assert account["callbacks"] == {
        "is_trusted": False,
        "is_silent": False,
        "judged": 0,
        "missed": 0,
        "missed_in_a_row": 0,
        "missed_ratio": None,
    }
    assert said["telemetry"]["last_at_ms"] is None


async def test_what_was_polled_says_when_it_will_be_again(daemon: Running) -> None:
    (poll,) = [each for each in daemon.daemon.polls if each.resource == "rooms"]
    await poll.poll()
    (account,) = (await well(daemon, "/sources"))["accounts"]
    (shown,) = [each for each in account["polls"] if each["resource"] == "rooms"]
    assert shown["due_at_ms"] == poll.due_at_ms
    assert bool(shown["error"]) == (shown["failures_in_a_row"] > 0)


# --- settings --------------------------------------------------------------------------------------------


async def test_settings_mark_what_is_a_default(daemon: Running) -> None:
    said = await well(daemon, "/settings")
    (private,) = [each for each in said["configuration"]["tables"] if each["name"] == "private"]
    of = {each["key"]: each for each in private["settings"]}
    assert (of["host"]["value"], of["host"]["is_default"]) == ("127.0.0.1", True)
    assert (of["port"]["value"], of["port"]["default"], of["port"]["is_default"]) == (0, 8471, False)


async def test_settings_hold_no_secret(start: Start) -> None:
    daemon = await start(
        private={"port": 0, "access_token": TOKEN},
        telemetry={"ingest_keys": [{"name": "mobile", "key": SECRET}]},
        privacy={"identities": "pseudonym", "pseudonym_key": SECRET},
        heartbeat={"url": f"https://beat.example.com/{SECRET.replace(' ', '-')}"},
        alertmanager={"urls": ["https://user:hunter22@alerts.example.com/path"]},
    )
    text = json.dumps(await well(daemon, "/settings"))
    assert "mobile" in text
    assert "alerts.example.com/path" in text
    for secret in (TOKEN, SECRET, SECRET.replace(" ", "-"), "hunter22"):
        assert secret not in text


async def test_settings_tell_why_a_reload_changed_nothing(start: Start) -> None:
    def unreadable() -> Config:
        raise ConfigInvalid(["roomwatch.toml:3: storage.path: expected a value, got nothing"])

    daemon = await start(private={"port": 0, "access_token": TOKEN}, reread=unreadable)
    assert (await well(daemon, "/settings"))["reload_error"] == ""
    with pytest.raises(ConfigInvalid):
        await daemon.daemon.reloading.reload()
    assert "storage.path: expected a value" in (await well(daemon, "/settings"))["reload_error"]

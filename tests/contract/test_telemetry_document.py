"""What docs/telemetry.md shows, done as it is shown against a real daemon."""

import asyncio
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from collectors.observations import OBSERVATIONS
from tests.builders import INGEST_KEY, access_token, packed, post
from tests.conftest import Running, Start

DOCUMENT = (Path(__file__).parents[2] / "docs" / "telemetry.md").read_text(encoding="utf-8")
SCHEMA = "/v1/telemetry/schema.json"
NAMES = {"room_name": "acme:class:9f3c", "identity": "alice"}
THAT_TIME_KS = "1763690"  # what all times in the document begin with: thousands of seconds since 1970


def shown(language: str) -> list[str]:
    """Return the blocks of a language, with times of today."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    return [block.replace(THAT_TIME_KS, str(int(time.time()) // 1000)) for block in blocks]


def examples() -> list[Any]:
    """Return what the document shows as JSON, events on their own in posts."""
    found = [json.loads(block) for block in shown("json")]
    return [each if "v" in each else post(each, room_sid=None, **NAMES) for each in found]


async def took(running: Running, body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    async with running.http.post(f"{running.public}/v1/telemetry", data=packed(body), headers=headers) as answer:
        return answer.status, await answer.json()


def test_every_type_of_event_is_shown() -> None:
    assert {event["type"] for body in examples() for event in body["events"]} == set(OBSERVATIONS)


async def test_what_is_shown_is_taken_to_the_last_field_and_agrees_with_the_published_schema(running: Running) -> None:
    async with running.http.get(running.public + SCHEMA) as answer:
        schema = Draft202012Validator(await answer.json(content_type="application/schema+json"))
    for body in examples():
        schema.validate(body)
        status, said = await took(running, body)
        assert (status, said["rejected"], "ignored" in said) == (202, [], False)
    assert running.daemon.metrics.total("roomwatch_telemetry_fields_ignored_total") == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_the_commands_work_as_they_are_written(running: Running) -> None:
    token = access_token(grants={"identity": NAMES["identity"], "video": {"room": NAMES["room_name"]}})
    commands = shown("sh")
    assert commands
    for command in commands:
        shell = await asyncio.create_subprocess_exec(
            *("sh", "-eu", "-c", command),
            env={"PATH": os.environ["PATH"], "URL": running.public, "TOKEN": token},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(shell.communicate(), 30)
        assert json.loads(said) == {"accepted": 1, "rejected": []}
    (alice,) = running.daemon.live.participants()
    assert (alice.identity, alice.level) == ("alice", 2)


def python_client() -> Any:
    """Return the client for servers, as the document has it."""
    module: dict[str, Any] = {}
    exec(shown("python")[0], module)
    return module["Roomwatch"], module["now_ms"]


async def test_the_client_for_servers_sends_a_post_until_it_is_taken_once(start: Start) -> None:
    keys = [{"name": "k", "key": INGEST_KEY}]
    running = await start(telemetry={"ingest_keys": keys, "posts_per_s": 2, "burst_posts": 1})
    roomwatch, now_ms = python_client()
    alice = roomwatch(running.public, INGEST_KEY, **NAMES)
    for level in (3, 2):
        assert await asyncio.to_thread(alice.send, {"type": "network_quality", "at": now_ms(), "level": level})
    assert running.daemon.metrics.values["roomwatch_telemetry_posts_total"][("202",)] == 2
    (seen,) = running.daemon.live.participants()
    assert seen.level == 2


async def test_the_client_for_servers_gives_up_what_will_never_be_taken(running: Running) -> None:
    roomwatch, now_ms = python_client()
    alice = roomwatch(running.public, "no-such-key", **NAMES)
    assert not await asyncio.to_thread(alice.send, {"type": "speaker", "at": now_ms()})


async def test_any_page_may_fetch_the_schema_and_keep_it_for_a_while(running: Running) -> None:
    async with running.http.get(running.public + SCHEMA, headers={"Origin": "https://app.example.com"}) as answer:
        assert (answer.status, answer.content_type) == (200, "application/schema+json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "max-age" in answer.headers["Cache-Control"]
        tag = answer.headers["ETag"]
    async with running.http.get(running.public + SCHEMA, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304

"""docs/api.md: every example in it is run, and answers what the page says."""

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor.http.openapi import encoded
from tests.asking import TOKEN, happen
from tests.builders import room
from tests.conftest import Running, Start

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
BEGAN_MS = 1_763_690_000_000


class Example(NamedTuple):
    """What is typed, and in what kind of block the page shows what comes of it, if it does."""

    typed: str
    kind: str
    shown: str


def examples() -> list[Example]:
    """Return the examples of the page; the first says where the daemon is, which a test knows better."""
    found = re.findall(r"```sh\n(.*?)```\n(?:\n```(json|http)\n(.*?)```)?", PAGE, re.DOTALL)
    return [Example(*each) for each in found][1:]


@pytest.fixture
async def daemon(start: Start) -> Running:
    # Nobody is in the rooms, and that is not what the examples are about.
    running = await start(private={"port": 0, "access_token": TOKEN}, alerts={"disabled_rules": ["RoomZombie"]})
    for number in range(5):
        at_ms = BEGAN_MS + number
        await happen(
            running, room(sid=f"RM{number:032x}", at_ms=at_ms, created_at_ms=at_ms, room_name=f"acme:{number}")
        )
    return running


async def typed(running: Running, script: str, folder: Path) -> str:
    """Return what a script prints."""
    for needed in ("bash", "curl", "jq"):
        if shutil.which(needed) is None:
            pytest.skip(f"expected {needed} on PATH, found none")
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "ROOMWATCH": running.private, "TOKEN": TOKEN},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, complaints = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, (script, out, complaints)
    return out.decode().replace("\r\n", "\n")


def _of_any_request(said: Any) -> Any:
    """Return an answer without the id of its request, which no two have in common."""
    return {key: value for key, value in said.items() if key != "request_id"} if isinstance(said, dict) else said


@pytest.mark.parametrize("example", examples(), ids=lambda each: each.typed.strip().splitlines()[-1][-60:])
async def test_every_example_of_the_page_answers_what_the_page_says(
    daemon: Running, tmp_path: Path, example: Example
) -> None:
    printed = await typed(daemon, example.typed, tmp_path)
    if example.kind == "json":
        assert _of_any_request(json.loads(printed)) == _of_any_request(json.loads(example.shown))
    for line in example.shown.splitlines() if example.kind == "http" else ():
        assert line in printed
    assert '"status":4' not in printed or example.kind == "json", "an example is refused, and the page does not say so"


async def test_the_example_of_pages_finds_every_call_once(daemon: Running, tmp_path: Path) -> None:
    (paging,) = [each.typed for each in examples() if "while" in each.typed]
    assert (await typed(daemon, paging, tmp_path)).split() == [f"acme:{number}" for number in (4, 3, 2, 1, 0)]


def test_the_document_that_is_kept_is_the_one_that_is_served() -> None:
    assert (DOCS / "openapi.json").read_bytes() == encoded(), "monitor/http/openapi says how it is written anew"

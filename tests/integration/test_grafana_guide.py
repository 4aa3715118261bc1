"""Is what docs/grafana.md says of the JSON API true of the answers of a daemon?"""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from monitor.http.server import Listener
from tests.asking import TOKEN, ask, happen
from tests.builders import room
from tests.conftest import Running, Start
from tests.paged import ladder, opened, until

GUIDE = Path(__file__).parents[2] / "docs" / "grafana.md"
DAY_MS = 86_400_000


class Row(NamedTuple):
    """One line of the table: what is asked, where the rows of the answer are, and their columns."""

    what: str
    path: str
    query: dict[str, str]
    root: str
    columns: list[str]


def rows() -> list[Row]:
    lines = re.findall(
        r"^\| ([^|]+) \| `(/api/v1/[^|]+)` \| `(\w+)` \| (.+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE
    )
    return [
        Row(what, url.partition("?")[0], asked(url), root, re.findall(r"`(\w+)`", columns))
        for what, url, root, columns in lines
    ]


def asked(url: str) -> dict[str, str]:
    return dict(each.split("=") for each in url.partition("?")[2].split("&") if each)


ROWS = rows()


async def refuse(_: web.Request) -> web.Response:
    return web.Response(status=400)


@pytest.fixture
async def running(start: Start) -> AsyncIterator[Running]:
    """A daemon with a call, an incident about a bad connection in it, and a receiver that will not hear of it."""
    door = await Listener.open("127.0.0.1", 0, [web.post("/", refuse)])
    receiver = {"kind": "webhook", "url": f"http://127.0.0.1:{door.port}/"}
    plan = ladder(("0s", "refusing"), receivers={"refusing": receiver})
    running = await start(**plan, private={"port": 0, "access_token": TOKEN})
    await opened(running)
    await until(lambda: running.daemon.metrics.total("roomwatch_notifications_dead_total"))
    await happen(running, room(created_at_ms=int(time.time() * 1000)))
    yield running
    await running.stop()
    await door.close()


async def answered(running: Running, row: Row) -> list[dict[str, Any]]:
    """Return the rows of the answer, asked for the days around now."""
    now_ms = int(time.time() * 1000)
    shown = {"${__from}": str(now_ms - DAY_MS), "${__to}": str(now_ms + DAY_MS)}
    query = {name: shown.get(value, value) for name, value in row.query.items()}
    status, body = await ask(running, row.path.removeprefix("/api/v1"), **query)
    assert status == 200, body
    return body[row.root]


def test_the_guide_has_a_table() -> None:
    assert len(ROWS) == 8


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
async def test_a_row_of_the_guide_is_what_is_answered(running: Running, row: Row) -> None:
    first, *_ = await answered(running, row)
    assert set(row.columns) <= first.keys()
    for column in row.columns:
        assert not isinstance(first[column], dict | list), f"{column}: a cell"
        if column.endswith(("_ms", "_at")):
            assert first[column] is None or 1.5e12 < first[column] < 4e12, f"{column}: milliseconds since the epoch"

"""A call can be taken home as one file, with everybody's names or without."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from monitor.bundle.reading import opened_bundle
from tests.asking import TOKEN, ask, happen
from tests.builders import ALICE, NOW_MS, RECORDING, ROOM, batch, connection, level, participant, recording, room
from tests.conftest import Running, Start

NAME = 'acme/"class"\r\n1'


@pytest.fixture(params=[":memory:", "roomwatch.db"])
async def call(request: pytest.FixtureRequest, start: Start, tmp_path: Path) -> Running:
    """A call with one person in it, in every store there is."""
    path = request.param if request.param == ":memory:" else str(tmp_path / request.param)
    daemon = await start(private={"port": 0, "access_token": TOKEN}, storage={"path": path, "raw_days": 10_000})
    await happen(
        daemon,
        room(at_ms=NOW_MS, room_name=NAME, created_at_ms=NOW_MS),
        participant(ALICE, identity="alice", joined_at_ms=NOW_MS),
        batch(level(3), connection("reconnecting", code=53405), identity="alice", room_name=NAME),
    )
    return daemon


async def taken(running: Running, file: Path, **query: Any) -> Any:
    """Take a call home; return the headers that came with it."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{running.private}/api/v1/rooms/{ROOM}/bundle"
    async with running.http.get(url, params=query, headers=headers) as response:
        assert response.status == 200, await response.text()
        await asyncio.to_thread(file.write_bytes, await response.read())
        return response.headers


async def test_a_call_is_taken_home_with_all_that_is_on_record(call: Running, tmp_path: Path) -> None:
    file = tmp_path / "call.zip"
    await call.daemon.pipeline.offer(recording(at_ms=NOW_MS, created_at_ms=NOW_MS))  # and not saved yet
    headers = await taken(call, file)
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"].startswith(f'attachment; filename="call-{ROOM}-')
    with opened_bundle(file) as bundle:
        assert [each.identity for each in bundle.record.room.people()] == ["alice"]
        assert [each.sid for each in bundle.record.recordings] == [RECORDING]
        assert bundle.manifest.counts.levels == 1
        assert not bundle.manifest.is_redacted


async def test_nothing_goes_wrong_once_a_call_was_taken_home(
    call: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await taken(call, tmp_path / "call.zip")
    await call.stop()
    assert [each.getMessage() for each in caplog.records if each.name.startswith("aiohttp")] == []


async def test_it_may_be_taken_without_anybodys_name(call: Running, tmp_path: Path) -> None:
    file = tmp_path / "call.zip"
    headers = await taken(call, file, redact="true")
    assert ROOM not in headers["Content-Disposition"]
    with opened_bundle(file) as bundle:
        assert bundle.manifest.is_redacted
        assert "alice" not in [each.identity for each in bundle.record.room.people()]


async def test_what_is_not_there_or_not_meant_is_refused(call: Running) -> None:
    assert (await ask(call, "/rooms/nowhere/bundle"))[0] == 404
    status, refused = await ask(call, f"/rooms/{ROOM}/bundle", redact="perhaps")
    assert status == 400
    assert "expected true or false" in refused["error"]

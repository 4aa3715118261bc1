"""Does a database that an earlier version wrote open, and say what it said?"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collectors.events import RecordingSeen, RecordingStatus
from monitor.store.ports import Entry
from monitor.store.sqlite import SqliteStore
from tests.builders import ALICE, BOB, NOW_MS, ROOM, batch, level

MIGRATIONS = Path(__file__).parents[2] / "monitor" / "store" / "migrations"


def blob(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


@pytest.fixture
def first_light(tmp_path: Path) -> Path:
    """A database of the first schema: a live room that somebody left, and a recording that is still to be replayed."""
    file = tmp_path / "roomwatch.db"
    room = {"key": ROOM, "sid": ROOM, "name": "acme:class:1", "left": {BOB: NOW_MS}}
    alice = {"key": ALICE, "room_key": ROOM, "sid": ALICE, "identity": "alice"}
    bob = {"key": BOB, "room_key": ROOM, "sid": BOB, "status": "disconnected", "left_at_ms": NOW_MS}
    recording = {
        "event": "recording",
        "seen_at_ms": NOW_MS,
        "source": "callback",
        "recording_sid": "RT" + "a" * 32,
        "state": "started",
        "room_sid": ROOM,
    }
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((MIGRATIONS / "0001_first_light.sql").read_text(encoding="utf-8"))
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO rooms VALUES (?, ?, 'acme:class:1', NULL, 'in-progress', NULL, NULL, ?)",
            (ROOM, ROOM, blob(room)),
        )
        for sid, left_at_ms, body in ((ALICE, None, alice), (BOB, NOW_MS, bob)):
            connection.execute(
                "INSERT INTO participants VALUES (?, ?, ?, NULL, NULL, ?, ?)",
                (f"{ROOM}/{sid}", ROOM, sid, left_at_ms, blob(body)),
            )
        connection.execute("INSERT INTO ingest_log VALUES (1, ?, ?, '', 0, ?)", (NOW_MS, ROOM, blob(recording)))
        connection.executemany(
            "INSERT INTO ingest_seen VALUES (?, ?)",
            [*((f"t:a:session:{seq}", NOW_MS) for seq in (7, 8, 10)), ("c:of a callback", NOW_MS)],
        )
        connection.commit()
    return file


async def test_a_database_of_the_first_schema_opens_with_everything_in_it(first_light: Path) -> None:
    store = await SqliteStore.open(first_light)
    try:
        picture = await store.picture.load()
        ((_, seen),) = await store.log.since(0, 10)
    finally:
        await store.close()
    (room,) = picture.rooms
    assert (list(room.participants), list(room.left)) == ([ALICE], [BOB])
    assert room.left[BOB].left_at_ms == NOW_MS
    assert isinstance(seen, RecordingSeen)
    assert seen.status is RecordingStatus.PROCESSING


async def test_posts_that_an_earlier_version_stored_are_still_repeats(first_light: Path) -> None:
    store = await SqliteStore.open(first_light)
    try:
        posts = [Entry(batch(level(3), session="a:session", seq=seq)) for seq in range(6, 12)]
        ids = await store.log.append(posts, NOW_MS)
    finally:
        await store.close()
    assert [log_id is None for log_id in ids] == [False, True, True, False, True, False]

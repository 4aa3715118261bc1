"""Does a database that an earlier version wrote open, and say what it said?"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.model import Alert, Incident, NotificationKind, Severity
from collectors.events import RecordingSeen, RecordingStatus
from monitor.packing import pack
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


# --- what was owed before incidents ---

AN_ALERT: dict[str, Any] = {
    "fingerprint": "f1-0000",
    "rule": "Bad",
    "kind": "participant",
    "entity": f"{ROOM}/{ALICE}",
    "severity": "critical",
    "state": "firing",
    "since": 1763690000.1234567,
    "labels": {"room_name": "class “1”"},
    "annotations": {"summary": "alice is cut off.\n"},
    "details": {"identity": "alice", "level": 0.0, "rtt_ms": None},
    "value": 0.30000000000000004,
    "clear_since": None,
    "episode": "e1-0000",
    "fired_at": 1763690010.1234567,
    "receivers": ["pager"],
}


def owed_before(kind: str) -> dict[str, Any]:
    """Return a notification as it was kept when each was about one alert."""
    return {
        "id": f"rw1-0000-{kind}",
        "receiver": "pager",
        "kind": kind,
        "dedup_key": "rw1-0000",
        "alert": AN_ALERT,
        "created_at": 1763690010.1234567,
        "started_at": 1763690010.1234567,
        "ended_at": None if kind == "trigger" else 1763690099.7654321,
        "reason": 'held: "level" <= 1 for 10 s',
    }


@pytest.fixture
def of_schema_8(tmp_path: Path) -> Path:
    """A database in which a trigger was delivered, its resolve waits, and something unreadable waits, too."""
    file = tmp_path / "roomwatch.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.create_function("pack", 1, pack, deterministic=True)
        for script in sorted(MIGRATIONS.iterdir())[:8]:
            connection.executescript(script.read_text(encoding="utf-8"))
        connection.execute("PRAGMA user_version = 8")
        lane = "pager/rw1-0000"
        for number, (body, state, attempts, error) in enumerate(
            [
                (blob(owed_before("trigger")), "delivered", 1, ""),
                (blob(owed_before("resolve")), "waiting", 3, "answered 500"),
                (blob({**owed_before("trigger"), "alert": {**AN_ALERT, "severity": "warning"}}), "dead", 1, "no"),
                (b"what is this?", "waiting", 0, ""),
            ]
        ):
            connection.execute(
                "INSERT INTO outbox (id, lane, receiver, state, attempts, next_at_s, created_at_s, last_error, body)"
                " VALUES (?, ?, 'pager', ?, ?, 0, 1763690010, ?, ?)",
                (f"id-{number}", lane if number < 2 else f"pager/{number}", state, attempts, error, body),
            )
        connection.commit()
    return file


async def test_what_an_earlier_version_owed_is_owed_still_as_an_incident_of_one_alert(of_schema_8: Path) -> None:
    store = await SqliteStore.open(of_schema_8)
    try:
        (owed,) = await store.alerts.due(1e12, 10)
        trigger = await store.alerts.notification("id-0")
    finally:
        await store.close()
    told = owed.notification
    assert (told.kind, told.lane, told.dedup_key) == (NotificationKind.RESOLVE, "pager/rw1-0000", "rw1-0000")
    assert (owed.attempts, owed.last_error, owed.is_known) == (3, "answered 500", True)
    assert told.reason == 'held: "level" <= 1 for 10 s'
    alert = msgspec.convert(AN_ALERT, Alert)
    assert told.incident == Incident(
        id="e1-0000",
        group="f1-0000",
        severity=Severity.CRITICAL,
        started_at=1763690010.1234567,
        ended_at=1763690099.7654321,
        resolved=(alert,),
        resolved_count=1,
    )
    assert trigger is not None
    assert trigger.notification.incident.firing == (alert,)
    assert trigger.notification.incident.ended_at is None


async def test_what_was_dead_before_an_upgrade_calls_nobody_afterwards(of_schema_8: Path) -> None:
    store = await SqliteStore.open(of_schema_8)
    try:
        assert list(await store.alerts.not_fallen_back(10)) == []
        assert (await store.alerts.outbox_counts()).dead == 1
    finally:
        await store.close()


@pytest.mark.promise("P40")
async def test_a_row_that_cannot_be_read_is_dead_and_keeps_nobody_waiting(of_schema_8: Path) -> None:
    store = await SqliteStore.open(of_schema_8)
    try:
        assert [each.notification.id for each in await store.alerts.due(1e12, 10)] == ["id-1"]
        assert (await store.alerts.outbox_counts()).dead == 2
        assert len(await store.alerts.due(1e12, 10)) == 1
    finally:
        await store.close()

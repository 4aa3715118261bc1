"""A file such as a daemon leaves when it is stopped: of everything there is something in it."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts.delivery import AttemptMade, Fate, Settled, Settlement
from alerts.matchers import parse_matchers
from alerts.model import Note
from alerts.receipts import Receipt
from alerts.silences import Silence, build_silence
from collectors.events import Source
from collectors.observations import MediaStats
from monitor.entities import Account
from monitor.error_budgets import Kept
from monitor.history.answers import Selection
from monitor.history.rollups import HOUR_MS
from monitor.live import Live
from monitor.roles import Role
from monitor.slo import Step
from monitor.store.comparing import Verified
from monitor.store.keeping import DAY_MS
from monitor.store.ports import (
    AuditEntry,
    AuditSearch,
    Entry,
    IncidentsWanted,
    OutboxSearch,
    Search,
    Session,
    Share,
    Store,
)
from monitor.store.sqlite import SqliteStore
from tests.benchmarks.stored_calls import keep_call
from tests.builders import (
    ACCOUNT,
    ALICE,
    BOB,
    COMPOSITION,
    NOW_MS,
    ROOM,
    batch,
    composition,
    level,
    participant,
    recording,
    room,
)
from tests.judging import fired
from tests.stored import as_told, lines, values

BEGAN_MS = NOW_MS // DAY_MS * DAY_MS - 3_600_000  # before midnight: calls are of two days
FIRST, SECOND = 1_000, 2_000
SESSION = "a-session"
LATEST_SEQ = 3  # of the post that came after the picture was saved
SAMPLES = 600


def posted(seq: int, *rtts: float, by: str = ALICE) -> Entry:
    """Return a numbered post of a session."""
    seen = [MediaStats(NOW_MS + 10_000 * place, rtt_ms=rtt) for place, rtt in enumerate(rtts)]
    return Entry(batch(*seen, level(2), reporter=by, session=SESSION, seq=seq, at_ms=NOW_MS))


async def left_behind(file: Path) -> list[str]:
    """Write such a file; return the rooms of calls in it that are over."""
    store = await SqliteStore.open(file)
    rooms = [await keep_call(store, number, 3, SAMPLES, BEGAN_MS + number) for number in (FIRST, SECOND)]
    live = Live()
    for seen in (
        room(room_name="goes on", created_at_ms=NOW_MS),
        participant(ALICE, identity="ali\0ce"),
        participant(BOB, identity="bob"),
        participant(BOB, "disconnected", identity="bob", at_ms=NOW_MS + 1),
        composition(),
        recording(source=Source.CALLBACK, dedup_key="c:of a callback"),
    ):
        await store.log.append([Entry(seen)], NOW_MS)
        live.apply(seen)
    (log_id,) = await store.log.append([posted(1, 20.0, 30.0)], NOW_MS)
    await store.picture.save([*live.take_dirty(), Account(ACCOUNT)], log_id or 0)
    await store.log.append([posted(LATEST_SEQ, 40.0)], NOW_MS)
    await _alerted(store)
    await _known_to_people(store)
    await store.close()
    return rooms


async def _alerted(store: SqliteStore) -> None:
    judgement, _ = fired(at=NOW_MS / 1000)
    note = Note(NOW_MS / 1000, judgement.alerts[0].fingerprint, "g1", "silenced by ana")
    await store.alerts.record(replace(judgement, notes=(note,)))
    first, *_ = judgement.notifications
    made = AttemptMade(NOW_MS / 1000, 0.5, "failed", "503", "busy")
    await store.alerts.settle([Settled(first.id, Settlement(Fate.RETRY, 1, NOW_MS / 1000, NOW_MS / 1000 + 1), made)])
    await store.alerts.targets({"pager": "pagerduty:here"})
    await store.alerts.begin({first.id: "pagerduty:here"}, NOW_MS / 1000 + 1)  # nobody knows what came of it
    await store.receipts.add(first.id, Receipt("ref", "sent", is_final=False, succeeded=False, at=1.5))
    await store.silences.put_silence(_silence())


def _silence() -> Silence:
    matchers = parse_matchers('room_name=~"cl.*"')
    at = NOW_MS / 1000
    return build_silence(matchers, starts_at=at, ends_at=at + 60, author="ana", reason="a \0 in it", now=at)


async def _known_to_people(store: SqliteStore) -> None:
    await store.slos.save([Kept("joins", "all", Step(60, NOW_MS // 60_000 * 60, 5, 1))], NOW_MS / 1000)
    await store.secrets.secret("links", b"a secret of the daemon")
    await store.sessions.add_session("hash", Session("ana", Role.OPERATOR, "proof", NOW_MS / 1000 + 60))
    await store.shares.add_share(Share("s1", "token-hash", ROOM, None, None, NOW_MS, NOW_MS + 60_000))
    number = await store.audit.add(AuditEntry(NOW_MS, "ana", "operator", "api", "", "POST /api/v1/silences"))
    await store.audit.conclude(number, 201)
    await store.audit.add(AuditEntry(NOW_MS, "bob", "admin", "api", "", "POST /-/reload"))


async def told_of_now(store: Store) -> dict[str, Any]:
    """Return all that a store tells of what is copied."""
    picture = await store.picture.load()
    (first,) = await store.alerts.notifications(OutboxSearch())
    return {
        "picture": picture,
        "log": list(await store.log.since(picture.through, 100)),
        "happened": list(await store.log.happenings(ROOM, 0, 2**53, 100)),
        "calls": list(await store.archive.search(Search())),
        "call": await store.archive.call(ROOM),
        "alerts": list(await store.alerts.load_alerts()),
        "changes": list(await store.alerts.changes_of(first.notification.incident.firing[0].fingerprint, 2**53, 10)),
        "incidents": list(await store.incidents.incidents(IncidentsWanted())),
        "groups": list(await store.incidents.load_groups()),
        "outbox": first,
        "attempts": list(await store.alerts.attempts(first.seq)),
        "receipts": list(await store.receipts.of(first.notification.id)),
        "notes": list(await store.incidents.notes(first.notification.incident.firing[0].fingerprint, 0, 2**53, 10)),
        "silence": await store.silences.silence(_silence().id),
        "slo": list(await store.slos.load()),
        "session": await store.sessions.session("hash", NOW_MS / 1000),
        "share": await store.shares.share("token-hash", NOW_MS),
        "audit": list(await store.audit.find(AuditSearch())),
        "composition": [each for each in picture.media if getattr(each, "sid", "") == COMPOSITION],
    }


async def told_of_history(store: Store, rooms: list[str]) -> dict[str, Any]:
    """Return all that a store tells of what was measured."""
    found: dict[str, Any] = {}
    for each in (*rooms, ROOM):
        told = await lines(store, each)
        found[each] = [(line.series, values(line), list(line.samples.observations())) for line in told]
    for scope in sorted(store.rollups.scopes):
        asked = Selection(scope, BEGAN_MS // HOUR_MS * HOUR_MS, NOW_MS // HOUR_MS * HOUR_MS + HOUR_MS)
        found[f"attended {scope}"] = list(await store.rollups.attendance(asked, as_told))
        quantiles = await store.rollups.percentiles(asked, "rtt_ms", (0.5, 0.95), as_told)
        found[f"percentiles {scope}"] = list(quantiles)
    for each in rooms:
        minutes = await store.rollups.minutes("room", each, BEGAN_MS, NOW_MS, as_told)
        found[f"minutes {each}"] = (minutes.from_ms, minutes.counts.tolist(), minutes.people.tolist())
    return found


def change(file: Path, *statements: str) -> None:
    """Write to a file, as a daemon that was started again would."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


# --- what is asked of a move ------------------------------------------------------------------------------


async def of_now(file: Path) -> dict[str, Any]:
    """Return what a file tells of now."""
    with SqliteStore.opened_to_read(file) as store:
        return await told_of_now(store)


async def of_history(file: Path, rooms: list[str]) -> dict[str, Any]:
    """Return what a file tells of history; a copy is asked, of which rollups are asked as a daemon does."""
    store = await SqliteStore.open(Path(shutil.copy(file, file.with_name("asked.db"))))
    try:
        return await told_of_history(store, rooms)
    finally:
        await store.close()


def is_same(found: Verified) -> bool:
    """Whether all of it was compared, and nothing differs."""
    return None not in found and not found.differences and all(part.compared for part in found if part)


def untold(of: str, more: int, expected: int) -> None:
    """Tell nobody how far it is."""

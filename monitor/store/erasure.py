"""How is a person erased from the SQLite file, so that nothing is left of them?

First it is learnt under which participant SIDs they were in calls, wherever a SID stands beside their name.  Then every
row of every table that mentions either is changed or goes, in the same transaction: a crash must not leave SIDs that
no name leads to any more.  What `monitor.store.person` leaves of a row stays.

What was deleted is still in free pages and in the write-ahead log, also what was deleted long ago.  So the file is
written anew (`VACUUM`), and the log is cut to nothing.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from zstandard import ZstdError

from alerts.model import Alert, Group, Incident, Notification
from monitor.history import chunks
from monitor.packing import unpack
from monitor.sizes import in_words
from monitor.store.database import Database
from monitor.store.erased_rows import (
    RECORDS,
    Mentions,
    Piece,
    RecordTable,
    alert_without,
    keys_of,
    pieces_left,
    sessions_of,
    sids_of,
)
from monitor.store.forgotten import IDENTITY, group_with, incident_with, notification_with
from monitor.store.person import (
    Person,
    event_without,
    happening_without,
    is_alert_about,
    samples_without,
    sids_beside,
)
from monitor.store.ports import ERASED, Erased, StoreFailed
from monitor.store.rows import decode_events, encode, place_of
from monitor.store.schema import size_of

ROOM_FOR_COMPACTING = 2  # sizes of the database: one for the new file, one for the log that it goes through

Writer = sqlite3.Connection
Found = Iterator[tuple[Any, ...]]


async def erase(database: Database, names: Collection[str], *, is_dry_run: bool) -> Erased:
    """Erase everything about the person who had these identities; a dry run only counts it.

    Raises:
        StoreFailed: nothing was erased, or what was erased has left traces in the file; the error says which.
    """
    if is_dry_run:
        return await database.write(partial(_counted, names=frozenset(names)))
    await database.alone(partial(_refuse_without_room, folder=database.path.parent))
    erased = await database.write(partial(_erase, names=frozenset(names)))
    try:
        await database.alone(_compact)
    except StoreFailed as failed:
        raise StoreFailed(f"erased, but traces are left in the file until it is done again: {failed}") from failed
    return erased


def _counted(writer: Writer, names: frozenset[str]) -> Erased:
    writer.execute("SAVEPOINT before")
    erased = _erase(writer, names)
    writer.execute("ROLLBACK TO before")
    return erased


def _refuse_without_room(writer: Writer, folder: Path) -> None:
    wanted_bytes, free_bytes = ROOM_FOR_COMPACTING * size_of(writer), shutil.disk_usage(folder).free
    if free_bytes < wanted_bytes:
        raise StoreFailed(
            f"{folder}: expected {in_words(wanted_bytes)} of free disk to write the database anew,"
            f" got {in_words(free_bytes)}; nothing was erased"
        )


def _compact(writer: Writer) -> None:
    writer.execute("VACUUM")
    ((is_busy, *_),) = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if is_busy:
        raise StoreFailed("the write-ahead log is being read by another process")


# --- who it is --------------------------------------------------------------------------------------------


_BODIES = (  # where names stand beside SIDs, packed or not
    "SELECT unpack(body) FROM rooms",
    "SELECT body FROM participants",
    "SELECT body FROM recordings",
    "SELECT body FROM events WHERE source <> 'telemetry'",
    "SELECT body FROM alerts",
    "SELECT alert FROM transitions",
    "SELECT body FROM outbox",
    "SELECT body FROM groups",
    "SELECT body FROM incidents",
)


def _learnt(writer: Writer, names: frozenset[str]) -> Person:
    mentions = Mentions(Person(names, frozenset()))
    sids: set[str] = set()
    for question in _BODIES:
        for (body,) in writer.execute(question):
            if mentions.are_in(body):
                sids.update(sids_beside(msgspec.json.decode(body), names))
    for (body,) in writer.execute("SELECT body FROM ingest_log"):
        sids.update(sids_of(decode_events(body), names))
    for identity, participant in writer.execute("SELECT identity, participant FROM series WHERE identity IS NOT NULL"):
        if identity in names and not participant.startswith(IDENTITY):
            sids.add(participant)
    return Person(names, frozenset(sids))


# --- all there is of them ---------------------------------------------------------------------------------


def _erase(writer: Writer, names: frozenset[str]) -> Erased:
    writer.create_function("unpack", 1, unpack, deterministic=True)
    person = _learnt(writer, names)
    mentions = Mentions(person)
    rows: Counter[str] = Counter()
    for erase_some in (_audit, _shares, _posts, _events, _series, _chunks, _records, _alerts):
        rows.update(erase_some(writer, person, mentions))
    return Erased(len(person.sids), {kind: count for kind, count in rows.items() if count})


def _delete(writer: Writer, table: str, key: str, keys: Iterable[Any]) -> int:
    statement = f"DELETE FROM {table} WHERE {key} = ?"  # noqa: S608  # of constants
    return max(0, writer.executemany(statement, [(each,) for each in keys]).rowcount)


def _posts(writer: Writer, person: Person, _: Mentions) -> Counter[str]:
    """Take the person out of the log; what is left of a row keeps the numbers that it had."""
    changed, sessions, keys = Counter[str](), set[str](), set[str]()
    pieces: dict[int, tuple[int, list[Piece]]] = {}
    for log_id, count, received_at_ms, body in writer.execute(
        "SELECT id, events, received_at_ms, body FROM ingest_log"
    ):
        before = list(decode_events(body))
        after = [event_without(event, person) for event in before]
        gone = [event for event, left in zip(before, after, strict=True) if left is not event]
        if gone:
            pieces[log_id] = received_at_ms, list(pieces_left(log_id - count + 1, body, before, after))
            sessions.update(sessions_of(gone, person))
            keys.update(keys_of(gone))
            changed["events in the log"] += len(gone)
    _delete(writer, "ingest_log", "id", pieces)
    writer.executemany(
        "INSERT INTO ingest_log VALUES (?, ?, ?, ?)",
        [
            (each.last_id, len(each.bodies), received_at_ms, b"[%b]" % b",".join(each.bodies))
            for received_at_ms, left in pieces.values()
            for each in left
        ],
    )
    changed["sessions"] = _delete(writer, "telemetry_sessions", "session", sessions)
    changed["keys of callbacks"] = _delete(writer, "ingest_seen", "key", keys)
    return changed


def _events(writer: Writer, person: Person, mentions: Mentions) -> Counter[str]:
    gone: list[int] = []
    changed: list[tuple[str, bytes, int]] = []
    keys: list[str] = []
    for event_id, participant, source, body in writer.execute("SELECT id, participant, source, body FROM events"):
        if not (person.has_key(participant) or mentions.are_in(body)):
            continue
        left = happening_without(participant, source, body, person)
        if left == (participant, body):
            continue
        keys += [key] if (key := msgspec.json.decode(body).get("dedup_key")) else []
        if left is None:
            gone.append(event_id)
        else:
            changed.append((*left, event_id))
    _delete(writer, "events", "id", gone)
    writer.executemany("UPDATE events SET participant = ?, body = ? WHERE id = ?", changed)
    return Counter(
        {"events": len(gone) + len(changed), "keys of callbacks": _delete(writer, "ingest_seen", "key", keys)}
    )


# --- who did something ------------------------------------------------------------------------------------


def _audit(writer: Writer, person: Person, _: Mentions) -> Counter[str]:
    """Name the person no more where they have changed something themselves; that it was done stays."""
    statement = "UPDATE audit SET who = ? WHERE who = ?"
    changed = writer.executemany(statement, [(ERASED, name) for name in person.names]).rowcount
    return Counter({"audit log": max(0, changed)})


# --- who may see it ---------------------------------------------------------------------------------------

_STAYS = (  # in which room somebody was, by what is on record of them
    "SELECT coalesce((SELECT room_sid FROM rooms WHERE key = room_key), room_key), body FROM participants",
    "SELECT coalesce(room_sid, key), unpack(body) FROM rooms",
    "SELECT room, CAST(json_array(participant, identity) AS BLOB) FROM series",
    "SELECT room, CAST(json_array(participant) AS BLOB) FROM events",
)


def _shares(writer: Writer, person: Person, mentions: Mentions) -> Counter[str]:
    """End the links that show calls the person was in, before it is forgotten which these are."""
    shared = dict(writer.execute("SELECT id, room FROM shares").fetchall())
    if not shared:
        return Counter()
    rooms = {room for question in _STAYS for room, body in writer.execute(question) if mentions.are_in(body)}
    for (body,) in writer.execute("SELECT body FROM ingest_log"):
        rooms.update(place_of(event).room for event in decode_events(body) if event_without(event, person) is not event)
    return Counter(
        {"shared links": _delete(writer, "shares", "id", [key for key, room in shared.items() if room in rooms])}
    )


# --- what was measured ------------------------------------------------------------------------------------


def _series(writer: Writer, person: Person, _: Mentions) -> Counter[str]:
    series = writer.execute("SELECT id, participant, identity FROM series").fetchall()
    gone = [series_id for series_id, key, identity in series if identity in person.names or person.has_key(key)]
    chunks_gone = _delete(writer, "chunks", "series", gone)
    return Counter({"chunks": chunks_gone, "series": _delete(writer, "series", "id", gone)})


def _chunks(writer: Writer, person: Person, mentions: Mentions) -> Counter[str]:
    """Take out of what others measured what they saw of the person; what nobody can read any more goes whole."""
    changed: list[tuple[int, bytes, int]] = []
    for chunk_id, body in writer.execute("SELECT id, body FROM chunks"):
        try:
            if not mentions.are_in(unpack(body)):
                continue
            before = chunks.decode(body)
        except (ZstdError, chunks.Malformed):
            changed.append((0, b"", chunk_id))
            continue
        after = samples_without(before, person)
        if after is not before:
            changed.append((after.count, chunks.encode(after, chunks.THOROUGH), chunk_id))
    writer.executemany("UPDATE chunks SET samples = ?, body = ? WHERE id = ?", [each for each in changed if each[0]])
    _delete(writer, "chunks", "id", [chunk_id for count, _, chunk_id in changed if not count])
    return Counter({"chunks of others": len(changed)})


# --- what is on record ------------------------------------------------------------------------------------


def _records(writer: Writer, person: Person, mentions: Mentions) -> Counter[str]:
    return Counter({table.name: _in_table(writer, table, person, mentions) for table in RECORDS})


def _in_table(writer: Writer, table: RecordTable, person: Person, mentions: Mentions) -> int:
    gone: list[str] = []
    changed: list[tuple[bytes, str]] = []
    for key, kept in writer.execute(f"SELECT {table.key}, body FROM {table.name}"):  # noqa: S608  # of constants
        after = table.without(person, mentions, kept)
        if after is None:
            gone.append(key)
        elif after != kept:
            changed.append((after, key))
    writer.executemany(f"UPDATE {table.name} SET body = ? WHERE {table.key} = ?", changed)  # noqa: S608
    return _delete(writer, table.name, table.key, gone) + len(changed)


def _alerts(writer: Writer, person: Person, mentions: Mentions) -> Counter[str]:
    """Delete alerts that name the person, what became of them, and who was told or is still to be told."""

    def is_meant(body: bytes, alert_in: Callable[[bytes], Alert]) -> bool:
        return mentions.are_in(body) and is_alert_about(alert_in(body), person)

    counts: Counter[str] = Counter()
    for name, table, key, column, alert_in in _ALERTS:
        rows = writer.execute(f"SELECT {key}, {column} FROM {table}")  # noqa: S608  # of constants
        counts[name] = _delete(writer, table, key, [each for each, body in rows if is_meant(body, alert_in)])
    counts["notifications"] = _notifications(writer, person, mentions)
    counts["incidents"] = _incidents(writer, person, mentions)
    return counts


def _notifications(writer: Writer, person: Person, mentions: Mentions) -> int:
    """Take the person's alerts out of what somebody was told or is still to be told."""
    gone: list[int] = []
    changed: list[tuple[bytes, int]] = []
    for seq, body in writer.execute("SELECT seq, body FROM outbox"):
        if mentions.are_in(body):
            told = msgspec.json.decode(body, type=Notification)
            left = notification_with(told, alert_without(person))
            if left is None:
                gone.append(seq)
            elif left != told:
                changed.append((encode(left), seq))
    writer.executemany("UPDATE outbox SET body = ? WHERE seq = ?", changed)
    return _delete(writer, "outbox", "seq", gone) + len(changed)


def _incidents(writer: Writer, person: Person, mentions: Mentions) -> int:
    """Take the person's alerts out of groups and incidents, which stay: what was opened is still to be closed."""
    count = 0
    for table, key, kind, changed_with in _INCIDENTS:
        changed = []
        for row_key, body in writer.execute(f"SELECT {key}, body FROM {table}"):  # noqa: S608  # of constants
            if mentions.are_in(body):
                left = encode(changed_with(msgspec.json.decode(body, type=kind), alert_without(person)))
                changed += [(left, row_key)] if left != body else []
        writer.executemany(f"UPDATE {table} SET body = ? WHERE {key} = ?", changed)  # noqa: S608
        count += len(changed)
    return count


_INCIDENTS: tuple[tuple[str, str, type[Any], Callable[[Any, Callable[[Alert], Alert | None]], Any]], ...] = (
    ("groups", "key", Group, group_with),
    ("incidents", "id", Incident, incident_with),
)
_alert_of = msgspec.json.Decoder(Alert).decode
_ALERTS = (
    ("alerts", "alerts", "fingerprint", "body", _alert_of),
    ("transitions", "transitions", "id", "alert", _alert_of),
)

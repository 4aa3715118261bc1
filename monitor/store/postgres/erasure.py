"""How is a person erased from PostgreSQL, so that nothing is left of them?

As from SQLite: first it is learnt under which participant SIDs they were in calls, then every row of every table that
mentions a name or a SID of theirs is changed or goes, in one transaction, while nobody else writes.  What
`monitor.store.person` leaves of a row stays.

What was deleted is still in the pages of its table, so the tables are written anew.  It is still in the write-ahead
log, too, and wherever that is archived, until the server lets go of it: that is for those who run the server.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from alerts.model import Alert, Group, Incident, Notification
from monitor.packing import unpack
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
from monitor.store.forgotten import group_with, incident_with, notification_with
from monitor.store.person import Person, event_without, happening_without, is_alert_about, sids_beside
from monitor.store.ports import ERASED, Erased, StoreFailed
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database
from monitor.store.rows import decode_events, encode, place_of

_ROWS_A_READ = 200

# Every table that may say something of a person.
_TABLES = (
    *("accounts", "alerts", "audit", "events", "groups", "incidents", "ingest_log", "ingest_seen", "outbox"),
    *("participants", "recordings", "rooms", "shares", "telemetry_sessions", "transitions"),
)


async def learn(database: Database, names: Collection[str]) -> Person:
    """Return who had these identities, by all SIDs that stand beside them.

    Raises:
        StoreFailed: it cannot be read.
    """
    return await database.write(lambda connection: _learnt(connection, frozenset(names)), is_bounded=False)


async def erase(
    database: Database,
    names: Collection[str],
    *,
    is_dry_run: bool,
    sids: Collection[str] = (),
    rooms: Collection[str] = (),
) -> Erased:
    """Erase everything about the person who had these identities; a dry run only counts it.

    Args:
        database: where.
        names: the identities.
        is_dry_run: whether it is only counted.
        sids: participant SIDs that are theirs, too, as is known elsewhere.
        rooms: where they were, too, as is known elsewhere.

    Raises:
        StoreFailed: nothing was erased, or what was erased has left traces in its tables; the error says which.
    """

    async def work(connection: Connection) -> Erased:
        await connection.execute(f"LOCK TABLE {', '.join(_TABLES)} IN SHARE ROW EXCLUSIVE MODE")
        erased = await _erase(connection, frozenset(names), frozenset(sids), frozenset(rooms))
        if is_dry_run:
            raise _Counted(erased)
        return erased

    try:
        erased = await database.write(work, is_bounded=False)
    except _Counted as counted:
        return counted.erased
    try:
        for table in _TABLES:
            await database.alone(f"VACUUM FULL {table}")
    except StoreFailed as failed:
        raise StoreFailed(f"erased, but traces are left in tables until it is done again: {failed}") from failed
    return erased


class _Counted(Exception):
    """Ends a transaction that was only to count."""

    def __init__(self, erased: Erased) -> None:
        super().__init__()
        self.erased = erased


async def _rows(connection: Connection, table: str, key: str, columns: str) -> AsyncIterator[Any]:
    """Yield all rows of a table, by and by: they need not fit into memory."""
    last: Any = None
    while True:
        after = "" if last is None else f"WHERE {key} > $1"
        question = f"SELECT {key}, {columns} FROM {table} {after} ORDER BY {key} LIMIT {_ROWS_A_READ}"  # noqa: S608
        rows = await connection.fetch(question, *(() if last is None else (last,)))
        for row in rows:
            yield row
        if len(rows) < _ROWS_A_READ:
            return
        last = rows[-1][0]


async def _delete(connection: Connection, table: str, key: str, keys: Iterable[Any]) -> int:
    wanted = list(keys)
    if not wanted:
        return 0
    is_text = isinstance(wanted[0], str)
    statement = f"DELETE FROM {table} WHERE {key} = ANY($1::{'text' if is_text else 'bigint'}[])"  # noqa: S608
    return count_of(await connection.execute(statement, texts.array(wanted) if is_text else wanted))


# --- who it is --------------------------------------------------------------------------------------------

_BODIES = (  # where names stand beside SIDs
    ("rooms", "key", "body", unpack),
    ("participants", "key", "body", bytes),
    ("recordings", "recording_sid", "body", bytes),
    ("events", "id", "body", bytes),
    ("alerts", "fingerprint", "body", bytes),
    ("transitions", "id", "alert", bytes),
    ("outbox", "seq", "body", bytes),
    ("groups", "key", "body", bytes),
    ("incidents", "id", "body", bytes),
)


async def _learnt(connection: Connection, names: frozenset[str]) -> Person:
    mentions = Mentions(Person(names, frozenset()))
    sids: set[str] = set()
    for table, key, column, opened in _BODIES:
        source = "source" if table == "events" else "''"
        async for _, packed, told_by in _rows(connection, table, key, f"{column}, {source}"):
            body = opened(packed)
            if told_by != "telemetry" and mentions.are_in(body):
                sids.update(sids_beside(msgspec.json.decode(body), names))
    async for _, body in _rows(connection, "ingest_log", "id", "body"):
        sids.update(sids_of(decode_events(body), names))
    return Person(names, frozenset(sids))


# --- all there is of them ---------------------------------------------------------------------------------


async def _erase(connection: Connection, names: frozenset[str], sids: frozenset[str], rooms: frozenset[str]) -> Erased:
    learnt = await _learnt(connection, names)
    person = Person(names, learnt.sids | sids)
    mentions = Mentions(person)
    rows: Counter[str] = Counter()
    rows.update(await _shares(connection, person, mentions, rooms))
    for erase_some in (_audit, _posts, _events, _records, _alerts):
        rows.update(await erase_some(connection, person, mentions))
    return Erased(len(person.sids), {kind: count for kind, count in rows.items() if count})


async def _audit(connection: Connection, person: Person, _: Mentions) -> Counter[str]:
    """Name the person no more where they have changed something themselves; that it was done stays."""
    statement = "UPDATE audit SET who = $1 WHERE who = ANY($2::text[])"
    return Counter({"audit log": count_of(await connection.execute(statement, ERASED, texts.array(person.names)))})


async def _shares(
    connection: Connection, person: Person, mentions: Mentions, known_rooms: frozenset[str]
) -> Counter[str]:
    """End the links that show calls the person was in, before it is forgotten which these are."""
    shared = await connection.fetch("SELECT id, room FROM shares")
    if not shared:
        return Counter()
    rooms = set(known_rooms)
    sids = {key: sid or key for key, sid in await connection.fetch("SELECT key, room_sid FROM rooms")}
    async for key, body in _rows(connection, "rooms", "key", "body"):
        rooms.update({sids[key]} if mentions.are_in(unpack(body)) else ())
    async for _, room_key, body in _rows(connection, "participants", "key", "room_key, body"):
        rooms.update({sids.get(room_key, room_key)} if mentions.are_in(body) else ())
    async for _, room, participant in _rows(connection, "events", "id", "room, participant"):
        rooms.update({room} if person.has_key(participant) else ())
    async for _, body in _rows(connection, "ingest_log", "id", "body"):
        rooms.update(place_of(event).room for event in decode_events(body) if event_without(event, person) is not event)
    gone = [share_id for share_id, room in shared if room in rooms]
    return Counter({"shared links": await _delete(connection, "shares", "id", gone)})


async def _posts(connection: Connection, person: Person, _: Mentions) -> Counter[str]:
    """Take the person out of the log; what is left of a row keeps the numbers that it had."""
    changed, sessions, keys = Counter[str](), set[str](), set[str]()
    gone_rows: list[int] = []
    pieces: list[tuple[int, Piece]] = []
    async for log_id, count, received_at_ms, body in _rows(
        connection, "ingest_log", "id", "events, received_at_ms, body"
    ):
        before = list(decode_events(body))
        after = [event_without(event, person) for event in before]
        gone = [event for event, left in zip(before, after, strict=True) if left is not event]
        if gone:
            gone_rows.append(log_id)
            pieces += [(received_at_ms, piece) for piece in pieces_left(log_id - count + 1, body, before, after)]
            sessions.update(sessions_of(gone, person))
            keys.update(keys_of(gone))
            changed["events in the log"] += len(gone)
    await _delete(connection, "ingest_log", "id", gone_rows)
    await connection.executemany(
        "INSERT INTO ingest_log (id, events, received_at_ms, body) VALUES ($1, $2, $3, $4)",
        [(each.last_id, len(each.bodies), at_ms, b"[%b]" % b",".join(each.bodies)) for at_ms, each in pieces],
    )
    changed["sessions"] = await _delete(connection, "telemetry_sessions", "session", sessions)
    changed["keys of callbacks"] = await _delete(connection, "ingest_seen", "key", keys)
    return changed


async def _events(connection: Connection, person: Person, mentions: Mentions) -> Counter[str]:
    gone: list[int] = []
    changed: list[tuple[str, bytes, int]] = []
    keys: list[str] = []
    async for event_id, participant, source, body in _rows(connection, "events", "id", "participant, source, body"):
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
    await _delete(connection, "events", "id", gone)
    await connection.executemany("UPDATE events SET participant = $1, body = $2 WHERE id = $3", changed)
    keys_gone = await _delete(connection, "ingest_seen", "key", keys)
    return Counter({"events": len(gone) + len(changed), "keys of callbacks": keys_gone})


# --- what is on record ------------------------------------------------------------------------------------


async def _records(connection: Connection, person: Person, mentions: Mentions) -> Counter[str]:
    return Counter({table.name: await _in_table(connection, table, person, mentions) for table in RECORDS})


async def _in_table(connection: Connection, table: RecordTable, person: Person, mentions: Mentions) -> int:
    gone: list[str] = []
    changed: list[tuple[bytes, str]] = []
    async for key, kept in _rows(connection, table.name, table.key, "body"):
        after = table.without(person, mentions, kept)
        if after is None:
            gone.append(key)
        elif after != kept:
            changed.append((after, key))
    await connection.executemany(f"UPDATE {table.name} SET body = $1 WHERE {table.key} = $2", changed)  # noqa: S608
    return await _delete(connection, table.name, table.key, gone) + len(changed)


# --- who was meant by alerts ------------------------------------------------------------------------------


async def _alerts(connection: Connection, person: Person, mentions: Mentions) -> Counter[str]:
    """Delete alerts that name the person, what became of them, and who was told or is still to be told."""
    counts: Counter[str] = Counter()
    for table, key, column in (("alerts", "fingerprint", "body"), ("transitions", "id", "alert")):
        gone = [
            row_key
            async for row_key, body in _rows(connection, table, key, column)
            if mentions.are_in(body) and is_alert_about(msgspec.json.decode(body, type=Alert), person)
        ]
        counts[table] = await _delete(connection, table, key, gone)
    counts["notifications"] = await _notifications(connection, person, mentions)
    for table, key, kind, changed_with in _INCIDENTS:
        counts["incidents"] += await _change_incidents(connection, person, mentions, table, key, kind, changed_with)
    return counts


async def _notifications(connection: Connection, person: Person, mentions: Mentions) -> int:
    """Take the person's alerts out of what somebody was told or is still to be told."""
    gone: list[int] = []
    changed: list[tuple[bytes, int]] = []
    async for seq, body in _rows(connection, "outbox", "seq", "body"):
        if mentions.are_in(body):
            told = msgspec.json.decode(body, type=Notification)
            left = notification_with(told, alert_without(person))
            if left is None:
                gone.append(seq)
            elif left != told:
                changed.append((encode(left), seq))
    await connection.executemany("UPDATE outbox SET body = $1 WHERE seq = $2", changed)
    return await _delete(connection, "outbox", "seq", gone) + len(changed)


async def _change_incidents(
    connection: Connection,
    person: Person,
    mentions: Mentions,
    table: str,
    key: str,
    kind: type[Any],
    changed_with: Callable[[Any, Callable[[Alert], Alert | None]], Any],
) -> int:
    """Take the person's alerts out of groups or incidents, which stay: what was opened is still to be closed."""
    changed: list[tuple[bytes, Any]] = []
    async for row_key, body in _rows(connection, table, key, "body"):
        if mentions.are_in(body):
            left = encode(changed_with(msgspec.json.decode(body, type=kind), alert_without(person)))
            changed += [(left, row_key)] if left != body else []
    await connection.executemany(f"UPDATE {table} SET body = $1 WHERE {key} = $2", changed)  # noqa: S608
    return len(changed)


_INCIDENTS: Sequence[tuple[str, str, type[Any], Callable[[Any, Callable[[Alert], Alert | None]], Any]]] = (
    ("groups", "key", Group, group_with),
    ("incidents", "id", Incident, incident_with),
)

"""How is an accepted event made durable, exactly once, while other replicas accept others?

Whoever appends locks rows in one order: the sessions and the keys of what came, then the row with the last number.  Of
two replicas that were sent the same post, the second waits for the first, and sees that it is a repeat.

Numbers are given under a lock that lasts until the commit: if they came from a sequence, a later one could be seen
before an earlier one, and whoever reads on from there would never see the earlier.  The lock is taken last, so that
replicas wait for each other's commits and for nothing else of each other's work.

Also who has brought nothing new changes a row.  What is a repeat may wait for the standby still, and to say that it is
stored is to wait for that, too.
"""

from collections.abc import Collection, Sequence

from collectors.events import Event
from monitor.store.identifying import Post, key_of, post_of
from monitor.store.numbering import Numbers
from monitor.store.ports import Entry, Happening
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.rows import encode, happenings_of, has_happenings, numbered_events, place_of

_GROUPS_A_READ = 50

_TAKE_SESSIONS = """
INSERT INTO telemetry_sessions (session, ranges, heard_at_ms)
SELECT session, '{}', $2 FROM unnest($1::text[]) WITH ORDINALITY AS told (session, place) ORDER BY place
ON CONFLICT (session) DO UPDATE SET heard_at_ms = greatest(telemetry_sessions.heard_at_ms, excluded.heard_at_ms)
RETURNING session, ranges
"""
_TAKE_KEYS = """
INSERT INTO ingest_seen (key, received_at_ms)
SELECT key, $2 FROM unnest($1::text[]) WITH ORDINALITY AS told (key, place) ORDER BY place
ON CONFLICT (key) DO NOTHING RETURNING key
"""
_INSERT_EVENTS = """
INSERT INTO events (at_ms, room, kind, source, participant, body)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
"""
_INSERT_LOG = """
WITH head AS (UPDATE log_head SET last_id = last_id + $1::integer RETURNING last_id)
INSERT INTO ingest_log (id, events, received_at_ms, body) SELECT last_id, $1::integer, $2, $3 FROM head WHERE $1 > 0
RETURNING id
"""


class PostgresEventLog:
    """The event log on PostgreSQL (`monitor.store.ports.EventLog`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entries: Sequence[Entry], now_ms: int) -> Sequence[int | None]:
        """Make the events durable in one transaction; return the log id of each, None for a repeat."""
        return await self._database.write(lambda connection: _append(connection, entries, now_ms))

    async def since(self, log_id: int, limit: int) -> Sequence[tuple[int, Event]]:
        """Return at most `limit` events after `log_id`, oldest first; none only if there are none."""
        rows = await self._database.read(
            "SELECT id, events, body FROM ingest_log WHERE id > $1 ORDER BY id LIMIT $2", log_id, _GROUPS_A_READ
        )
        return numbered_events(rows, log_id, limit)

    async def last_id(self) -> int:
        """Return the number that was given last; 0: none was."""
        ((last_id,),) = await self._database.read("SELECT last_id FROM log_head")
        return int(last_id)

    async def newest_at_ms(self) -> int | None:
        """Return when the newest of what is there was taken in or happened, None where there is nothing."""
        # Each is the end of an index.  What was settled has left the log, but not the keys, nor what happened.
        rows = await self._database.read(
            "SELECT max(received_at_ms) FROM ingest_log UNION ALL SELECT max(received_at_ms) FROM ingest_seen"
            " UNION ALL SELECT max(at_ms) FROM events"
        )
        return max((at_ms for (at_ms,) in rows if at_ms is not None), default=None)

    async def happenings(
        self, room: str, from_ms: int, to_ms: int, limit: int, *, kinds: Collection[str] = ()
    ) -> Sequence[Happening]:
        """Return at most `limit` things that happened in a room in [from_ms, to_ms), of these kinds, oldest first."""
        rows = await self._database.read(
            "SELECT at_ms, kind, source, participant, body FROM events WHERE room = $1 AND at_ms >= $2 AND at_ms < $3"
            " AND (cardinality($4::text[]) = 0 OR kind = ANY($4)) ORDER BY at_ms, id LIMIT $5",
            room,
            from_ms,
            to_ms,
            texts.array(kinds),
            limit,
        )
        return [Happening(*row) for row in rows]


async def _append(connection: Connection, entries: Sequence[Entry], now_ms: int) -> list[int | None]:
    posts = [post_of(entry.event) for entry in entries]
    keys = [None if entry.is_known else key_of(entry.event) for entry in entries]
    numbers = await _numbers(connection, posts, now_ms)
    fresh = await _fresh(connection, keys, now_ms)
    news: list[Entry | None] = []
    changed: set[str] = set()
    for entry, post, key in zip(entries, posts, keys, strict=True):
        is_repeat = (post is not None and numbers[post[0]].has(post[1])) or (key is not None and key not in fresh)
        news.append(None if is_repeat else entry)
        if not is_repeat:
            fresh.discard(key)
            if post is not None:
                numbers[post[0]].add(post[1])
                changed.add(post[0])
    if changed:
        await connection.executemany(
            "UPDATE telemetry_sessions SET ranges = $2 WHERE session = $1",
            [(session, numbers[session].bounds) for session in sorted(changed)],
        )
    accepted = [entry for entry in news if entry is not None]
    await _insert_happenings(connection, [entry.event for entry in accepted if not entry.is_known])
    body = b"[%b]" % b",".join(entry.kept or encode(entry.event) for entry in accepted)
    last_id = await connection.fetchval(_INSERT_LOG, len(accepted), now_ms, body)
    ids = iter(range((last_id or 0) - len(accepted) + 1, (last_id or 0) + 1))
    return [None if entry is None else next(ids) for entry in news]


async def _numbers(connection: Connection, posts: Sequence[Post | None], now_ms: int) -> dict[str, Numbers]:
    """Return which numbers came in the sessions that are posted in, which nobody else changes until we are done."""
    sessions = sorted({post[0] for post in posts if post is not None})
    rows = await connection.fetch(_TAKE_SESSIONS, texts.array(sessions), now_ms) if sessions else []
    return {session: Numbers.of(ranges) for session, ranges in rows}


async def _fresh(connection: Connection, keys: Sequence[str | None], now_ms: int) -> set[str | None]:
    """Write the keys and return those that were not there before."""
    told = sorted({key for key in keys if key is not None})
    return {key for (key,) in await connection.fetch(_TAKE_KEYS, texts.array(told), now_ms)} if told else set()


async def _insert_happenings(connection: Connection, events: Sequence[Event]) -> None:
    happened = []
    for event in events:
        if has_happenings(event):
            place = place_of(event)
            happened += [(each.at_ms, place.room, *each[1:]) for each in happenings_of(event, place)]
    if happened:
        at_ms, *told, bodies = zip(*happened, strict=True)
        await connection.execute(_INSERT_EVENTS, list(at_ms), *map(texts.array, told), list(bodies))

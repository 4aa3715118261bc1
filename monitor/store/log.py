"""How is an accepted event made durable, exactly once?

`append` takes everything that arrived together and writes it in one transaction: the log, as one row, and the things
that happened.  When it returns, a `kill -9` loses nothing of it.

Repeats are told from news without touching the disk where that can be helped.  Posts are numbered, and what numbers
came in a session is in memory (`monitor.store.numbering`): it is saved with the picture, and the log has the rest.
Callbacks come by the dozen, not by the thousand; their keys are rows.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence

import msgspec

from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.store.database import Database
from monitor.store.identifying import Post, key_of, post_of
from monitor.store.numbering import Numbering, Numbers
from monitor.store.ports import Entry, Happening
from monitor.store.rows import encode, happenings_of, has_happenings, numbered_events, place_of, row_of

_VALUES_A_STATEMENT = 400
_GROUPS_A_READ = 50
_CAUGHT_UP_AT_ONCE = 1_000

_decode_ranges = msgspec.json.Decoder(list[int]).decode


class SqliteEventLog:
    """The event log on SQLite (`monitor.store.ports.EventLog`)."""

    def __init__(self, database: Database, numbering: Numbering, last_id: int) -> None:
        self._database = database
        self._numbering = numbering
        self._last_id = last_id

    async def append(self, entries: Sequence[Entry], now_ms: int) -> Sequence[int | None]:
        """Make the events durable in one transaction; return the log id of each, None for a repeat.

        One append at a time: the next must wait for this one.
        """
        posts = [post_of(entry.event) for entry in entries]
        await self._recall(post[0] for post in posts if post is not None)
        news = self._news(posts)
        ids = await self._database.write(lambda writer: self._append(writer, entries, news, now_ms))
        self._remember(posts, ids, now_ms)
        return ids

    # --- repeats ------------------------------------------------------------------------------------------

    async def _recall(self, sessions: Iterable[str]) -> None:
        """Have at hand what was stored of these sessions, as far as the disk alone knows it."""
        unknown = self._numbering.unknown(sessions)
        if unknown:
            self._numbering.learn(await stored_numbers(self._database, unknown))

    def _news(self, posts: Sequence[Post | None]) -> list[bool]:
        """Return of each post whether it is news; what is no post is for the table of keys to say."""
        together: set[Post] = set()
        news = []
        for post in posts:
            if post is None:
                news.append(True)
                continue
            news.append(post not in together and not self._numbering.has(*post))
            together.add(post)  # the same post twice in one transaction is a repeat, too
        return news

    def _remember(self, posts: Sequence[Post | None], ids: Sequence[int | None], now_ms: int) -> None:
        for post, log_id in zip(posts, ids, strict=True):
            if log_id is not None:
                self._last_id = log_id
                if post is not None:
                    self._numbering.add(*post, now_ms)

    async def catch_up(self, through: int) -> None:
        """Have at hand which posts came after the picture was saved."""
        while entries := await self.since(through, _CAUGHT_UP_AT_ONCE):
            batches = [event for _, event in entries if isinstance(event, TelemetryBatch)]
            await self._recall(batch.session for batch in batches if batch.session is not None)
            for batch in batches:
                if (post := post_of(batch)) is not None:
                    self._numbering.add(*post, batch.received_at_ms)
            through = entries[-1][0]

    # --- writing ------------------------------------------------------------------------------------------

    def _append(
        self, writer: sqlite3.Connection, entries: Sequence[Entry], news: Sequence[bool], now_ms: int
    ) -> list[int | None]:
        fresh = _insert_keys(writer, [key for entry in entries if (key := key_of(entry.event))], now_ms)
        ids: list[int | None] = []
        bodies: list[bytes] = []
        happened: list[tuple[int, str, str, str, str, bytes]] = []
        for entry, is_news in zip(entries, news, strict=True):
            event, key = entry.event, key_of(entry.event)
            if not is_news or (key is not None and key not in fresh):
                ids.append(None)
                continue
            fresh.discard(key)
            bodies.append(entry.kept or encode(event))
            ids.append(self._last_id + len(bodies))
            if has_happenings(event):
                place = place_of(event)
                happened += [(h.at_ms, place.room, *h[1:]) for h in happenings_of(event, place)]
        if bodies:
            row = (self._last_id + len(bodies), len(bodies), now_ms, row_of(bodies))
            writer.execute("INSERT INTO ingest_log VALUES (?, ?, ?, ?)", row)
        if happened:
            writer.executemany(
                "INSERT INTO events (at_ms, room, kind, source, participant, body) VALUES (?, ?, ?, ?, ?, ?)", happened
            )
        return ids

    # --- reading ------------------------------------------------------------------------------------------

    async def since(self, log_id: int, limit: int) -> Sequence[tuple[int, Event]]:
        """Return at most `limit` events after `log_id`, oldest first; none only if there are none."""
        rows = await self._database.read(
            "SELECT id, events, body FROM ingest_log WHERE id > ? ORDER BY id LIMIT ?", (log_id, _GROUPS_A_READ)
        )
        return numbered_events(rows, log_id, limit)

    async def newest_at_ms(self) -> int | None:
        """Return when the newest of what is there was taken in or happened, None where there is nothing."""
        # Each is the end of an index.  What was settled has left the log, but not the keys, nor what happened.
        rows = await self._database.read(
            "SELECT MAX(received_at_ms) FROM ingest_log UNION ALL SELECT MAX(received_at_ms) FROM ingest_seen"
            " UNION ALL SELECT MAX(at_ms) FROM events"
        )
        return max((at_ms for (at_ms,) in rows if at_ms is not None), default=None)

    async def happenings(
        self, room: str, from_ms: int, to_ms: int, limit: int, *, kinds: Collection[str] = ()
    ) -> Sequence[Happening]:
        """Return at most `limit` things that happened in a room in [from_ms, to_ms), of these kinds, oldest first."""
        of_kinds = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        rows = await self._database.read(
            "SELECT at_ms, kind, source, participant, body FROM events"  # noqa: S608  # of question marks
            f" WHERE room = ? AND at_ms >= ? AND at_ms < ?{of_kinds} ORDER BY at_ms, id LIMIT ?",
            (room, from_ms, to_ms, *kinds, limit),
        )
        return [Happening(*row) for row in rows]


def _insert_keys(writer: sqlite3.Connection, keys: Sequence[str], now_ms: int) -> set[str | None]:
    """Write the keys and return those that were not there before."""
    fresh: set[str | None] = set()
    for start in range(0, len(keys), _VALUES_A_STATEMENT):
        part = keys[start : start + _VALUES_A_STATEMENT]
        rows = writer.execute(
            f"INSERT INTO ingest_seen (key, received_at_ms) VALUES {', '.join(['(?, ?)'] * len(part))}"  # noqa: S608
            " ON CONFLICT DO NOTHING RETURNING key",
            [value for key in part for value in (key, now_ms)],
        )
        fresh.update(key for (key,) in rows)
    return fresh


async def stored_numbers(database: Database, sessions: Iterable[str]) -> dict[str, Numbers]:
    """Return what the disk knows of sessions."""
    wanted, found = list(sessions), {}
    for start in range(0, len(wanted), _VALUES_A_STATEMENT):
        part = wanted[start : start + _VALUES_A_STATEMENT]
        marks = ", ".join("?" * len(part))
        rows = await database.read(
            f"SELECT session, ranges, heard_at_ms FROM telemetry_sessions WHERE session IN ({marks})",  # noqa: S608
            part,
        )
        found.update({session: Numbers.of(_decode_ranges(ranges), at_ms) for session, ranges, at_ms in rows})
    return found


async def open_log(database: Database, numbering: Numbering) -> SqliteEventLog:
    """Return the log of an open database; ids go on from the highest ever given."""
    ((last_id, through),) = await database.read(
        "SELECT MAX(COALESCE((SELECT MAX(id) FROM ingest_log), 0), through), through FROM checkpoint"
    )
    log = SqliteEventLog(database, numbering, last_id)
    await log.catch_up(through)
    return log

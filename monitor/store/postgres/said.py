"""What do people ask about what was said, and what is still owed?  Nothing here is sent, or begun."""

from collections.abc import Sequence
from typing import Any

import msgspec

from alerts.delivery import AttemptMade
from alerts.model import Notification
from monitor.store.ports import OutboxCounts, OutboxEntry, OutboxSearch, Standing
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database

_decode = msgspec.json.Decoder(Notification).decode

_ENTRY = """SELECT seq, body, state, attempts, next_at_s, settled_at_s, last_error, reference, payload_hash,
    maybe_heard FROM outbox"""
# Back from the latest on: of a receiver that is told something now and then it is not far.
_LAST_ATTEMPT = """SELECT at_s, error FROM attempts JOIN outbox ON seq = outbox_seq
    WHERE receiver = $1 AND (outcome = 'delivered') = $2 ORDER BY at_s DESC LIMIT 1"""


class PostgresSaid:
    """What was said and is owed, on PostgreSQL, as far as people ask (`monitor.store.ports.AlertHistory`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dead_since(self, since_s: float) -> int:
        """Return how many notifications were given up since."""
        ((dead,),) = await self._database.read(
            "SELECT count(*) FROM outbox WHERE state = 'dead' AND settled_at_s >= $1", since_s
        )
        return int(dead)

    async def outbox_counts(self) -> OutboxCounts:
        """Return how many notifications wait, and how many were given up."""
        ((waiting, oldest, dead),) = await self._database.read(
            "SELECT count(*), min(created_at_s), (SELECT count(*) FROM outbox WHERE state = 'dead')"
            " FROM outbox WHERE state = 'waiting'"
        )
        return OutboxCounts(waiting, dead, oldest)

    async def drop_said(self, lane: str, before_s: float) -> int:
        """Drop what was owed in a lane before a moment and waits no longer; return how many that were."""
        return await self._write(
            "DELETE FROM outbox WHERE lane = $1 AND created_at_s < $2 AND state <> 'waiting'", lane, before_s
        )

    async def standing(self, receiver: str) -> Standing:
        """Return how it goes with a receiver."""
        ((waiting, oldest, dead),) = await self._database.read(
            "SELECT count(*), min(created_at_s), (SELECT count(*) FROM outbox WHERE state = 'dead' AND receiver = $1)"
            " FROM outbox WHERE state = 'waiting' AND receiver = $1",
            receiver,
        )
        success = await self._database.read(_LAST_ATTEMPT, receiver, True)
        failure = await self._database.read(_LAST_ATTEMPT, receiver, False)
        success_at = success[0][0] if success else None
        failure_at, error = failure[0] if failure else (None, "")
        return Standing(waiting, oldest, success_at, failure_at, error, dead)

    async def notifications(self, search: OutboxSearch) -> Sequence[OutboxEntry]:
        """Return the notifications that are looked for, the latest first."""
        wanted = {"incident": search.incident, "receiver": search.receiver, "state": search.state}
        matching: dict[str, str | float] = {f"{name} =": value for name, value in wanted.items() if value}
        if search.before_seq is not None:
            matching["seq <"] = search.before_seq
        if search.from_s > 0:
            matching["created_at_s >="] = search.from_s
        if search.to_s < float("inf"):
            matching["created_at_s <"] = search.to_s
        conditions = " AND ".join(f"{condition} ${number}" for number, condition in enumerate(matching, start=2))
        rows = await self._database.read(
            f"{_ENTRY} {f'WHERE {conditions}' if conditions else ''} ORDER BY seq DESC LIMIT $1",
            search.limit,
            *matching.values(),
        )
        return [entry for row in rows if (entry := _entry(row)) is not None]

    async def notification(self, notification_id: str) -> OutboxEntry | None:
        """Return one notification, or None if there is none of this id."""
        rows = await self._database.read(f"{_ENTRY} WHERE id = $1", notification_id)
        return _entry(rows[0]) if rows else None

    async def attempts(self, seq: int) -> Sequence[tuple[int, AttemptMade]]:
        """Return the attempts at a notification, by its number, each with its own; of many the first and the last."""
        rows = await self._database.read(
            "SELECT number, at_s, duration_s, outcome, status, error FROM attempts WHERE outbox_seq = $1"
            " ORDER BY number",
            seq,
        )
        return [(number, AttemptMade(*rest)) for number, *rest in rows]

    async def _write(self, sql: str, *values: Any) -> int:
        async def write(connection: Connection) -> int:
            return count_of(await connection.execute(sql, *values))

        return await self._database.write(write)


def _entry(row: Sequence[Any]) -> OutboxEntry | None:
    seq, body, *rest = row
    try:
        return OutboxEntry(seq, _decode(body), *rest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

"""How is kept what is owed to receivers, where several replicas send it?

As on SQLite: a row for each notification, in the order they were owed, and a few for the attempts at it.  What replicas
add to that:

*Whose an attempt is*: to begin one is to claim it, with a name and an end.  Of the waiting rows of a lane at most one
is begun, and it is the first of them; whoever begins, settles or replays holds those rows, in their order, until that
is committed, so that of two at a time the second sees what the first one did.

*Nobody takes from the living*: a claim ends by the clock of the server, later than any attempt does.  Only then may
others end it, and the row is known to be maybe heard.  Who wrote nothing down until then may still say that a word was
delivered, since that is a fact; what else they found out no longer matters.

*Nothing is cancelled that somebody may be hearing*: what was judged by what a replica read a moment ago is written only
where it is still so.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from alerts.delivery import FIRST_ATTEMPTS, LAST_ATTEMPTS, AttemptMade, Fate, Settled, cut_short
from alerts.lanes import rank
from alerts.model import Notification, NotificationKind, Owed, Waiting
from monitor.store.postgres import texts
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database
from monitor.store.postgres.said import PostgresSaid
from monitor.store.rows import encode

#: Longer than any attempt: a mail is given a minute.  For so long a word waits whose sender died and has not come back.
CLAIM_S = 120.0

_decode = msgspec.json.Decoder(Notification).decode
_STATES = {fate: "waiting" if fate is Fate.RETRY else fate.value for fate in Fate}
_NOW = "extract(epoch FROM clock_timestamp())::float8"

# The receivers to which something is owed: from one to the next in the index, not over all that waits.
_RECEIVERS = """WITH RECURSIVE waiting_for (receiver) AS (
    SELECT min(receiver) FROM outbox WHERE state = 'waiting'
    UNION ALL
    SELECT (SELECT min(receiver) FROM outbox WHERE state = 'waiting' AND receiver > waiting_for.receiver)
    FROM waiting_for WHERE receiver IS NOT NULL
)"""
_IS_HEAD = """NOT EXISTS (SELECT 1 FROM outbox AS earlier
    WHERE earlier.lane = head.lane AND earlier.state = 'waiting' AND earlier.seq < head.seq)"""
_IS_FREE_HEAD = """NOT EXISTS (SELECT 1 FROM outbox AS other
    WHERE other.lane = head.lane AND other.state = 'waiting'
    AND (other.seq < head.seq OR other.begun_at_s IS NOT NULL))"""

# What a row is owed with, and what is known of its lane.  The first word of a lane that is no trigger has outlived what
# was said before it; then the receiver knows.
_OWED = """head.seq, head.body, head.attempts, head.next_at_s, head.last_error,
    coalesce((SELECT said.reference FROM outbox AS said WHERE said.lane = head.lane AND said.seq < head.seq
              AND said.state = 'delivered' AND said.reference <> '' ORDER BY said.seq DESC LIMIT 1), ''),
    head.maybe_heard, head.since_s,
    EXISTS (SELECT 1 FROM outbox AS said WHERE said.lane = head.lane AND said.seq < head.seq
            AND (said.state = 'delivered' OR said.maybe_heard))
        OR (head.kind <> 'trigger'
            AND NOT EXISTS (SELECT 1 FROM outbox AS said WHERE said.lane = head.lane AND said.seq < head.seq)),
    coalesce((SELECT said.target FROM outbox AS said WHERE said.lane = head.lane AND said.seq <= head.seq
              AND said.target <> '' AND (said.state = 'delivered' OR said.maybe_heard)
              ORDER BY said.seq DESC LIMIT 1), ''),
    ARRAY (SELECT later.id FROM outbox AS later
           WHERE later.lane = head.lane AND later.state = 'waiting' AND later.seq > head.seq ORDER BY later.seq),
    ARRAY (SELECT later.kind FROM outbox AS later
           WHERE later.lane = head.lane AND later.state = 'waiting' AND later.seq > head.seq ORDER BY later.seq)"""

# S608: of constants.
_DUE = f"""{_RECEIVERS} SELECT {_OWED} FROM waiting_for CROSS JOIN LATERAL (
        SELECT * FROM outbox AS head
        WHERE head.state = 'waiting' AND head.receiver = waiting_for.receiver AND head.next_at_s <= $1
            AND {_IS_FREE_HEAD}
        ORDER BY head.rank, head.seq LIMIT $2) AS head
    WHERE waiting_for.receiver <> ALL ($3::text[]) ORDER BY head.rank, head.seq"""  # noqa: S608
_NEXT_DUE = f"""{_RECEIVERS} SELECT min(next.at_s) FROM waiting_for CROSS JOIN LATERAL (
        SELECT head.next_at_s AS at_s FROM outbox AS head
        WHERE head.state = 'waiting' AND head.receiver = waiting_for.receiver AND head.next_at_s > $1 AND {_IS_HEAD}
        ORDER BY head.next_at_s LIMIT 1) AS next
    WHERE waiting_for.receiver <> ALL ($2::text[])"""  # noqa: S608
# What is being attempted is left to whoever does.
_OVERDUE = f"""SELECT {_OWED} FROM outbox AS head WHERE head.state = 'waiting' AND head.receiver = $1
    AND coalesce(head.since_s, head.created_at_s) < $2 AND head.begun_at_s IS NULL ORDER BY head.seq LIMIT $3"""  # noqa: S608
_NOT_FALLEN_BACK = f"""SELECT {_OWED} FROM outbox AS head
    WHERE head.state = 'dead' AND NOT head.fallen_back ORDER BY head.seq LIMIT $1"""  # noqa: S608

_HOLD_LANES = """SELECT 1 FROM outbox WHERE seq IN (
        SELECT seq FROM outbox WHERE id = ANY ($1::text[])
        UNION
        SELECT waits.seq FROM outbox AS meant JOIN outbox AS waits ON waits.lane = meant.lane
        WHERE meant.id = ANY ($1::text[]) AND waits.state = 'waiting')
    ORDER BY seq FOR NO KEY UPDATE"""
_BEGIN = f"""UPDATE outbox AS head
    SET begun_at_s = $1, target = meant.target, begun_by = $4, claimed_until_s = {_NOW} + $5
    FROM unnest($2::text[], $3::text[]) AS meant (id, target)
    WHERE head.id = meant.id AND head.state = 'waiting' AND head.next_at_s <= $1 AND {_IS_FREE_HEAD}
    RETURNING head.id"""  # noqa: S608
_NOT_BEGUN = "begun_at_s = NULL, begun_by = '', claimed_until_s = NULL"
_SETTLE = f"""UPDATE outbox SET state = $2, attempts = greatest(attempts, $3), next_at_s = coalesce($4, next_at_s),
    settled_at_s = $5, last_error = $6, reference = $7, maybe_heard = maybe_heard OR $8, payload_hash = $9, {_NOT_BEGUN}
    WHERE id = $1 AND state = 'waiting' AND ($2 = 'delivered' OR begun_by IN ('', $10))
    AND ($2 <> 'cancelled' OR NOT EXISTS (
        SELECT 1 FROM outbox AS said WHERE said.lane = outbox.lane AND said.seq <= outbox.seq
        AND (said.state = 'delivered' OR said.maybe_heard OR said.begun_by NOT IN ('', $10))))"""  # noqa: S608
_ADD_ATTEMPT = """INSERT INTO attempts (outbox_seq, number, at_s, duration_s, outcome, status, error)
    SELECT seq, (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE outbox_seq = outbox.seq), $2, $3, $4, $5, $6
    FROM outbox WHERE id = $1"""
_DROP_MIDDLE_ATTEMPTS = """DELETE FROM attempts WHERE outbox_seq = (SELECT seq FROM outbox WHERE id = $1)
    AND number > $2 AND number <=
        (SELECT max(number) FROM attempts WHERE outbox_seq = (SELECT seq FROM outbox WHERE id = $1)) - $3"""

_IS_DEAD_AND_MEANT = """state = 'dead' AND ($1::text IS NULL OR receiver = $1)
    AND ($2::text[] IS NULL OR id = ANY ($2))"""
_HOLD_DEAD_LANES = f"""SELECT 1 FROM outbox WHERE seq IN (
        SELECT seq FROM outbox WHERE {_IS_DEAD_AND_MEANT}
        UNION
        SELECT waits.seq FROM outbox AS waits WHERE waits.state = 'waiting'
            AND waits.lane IN (SELECT lane FROM outbox WHERE {_IS_DEAD_AND_MEANT}))
    ORDER BY seq FOR NO KEY UPDATE"""  # noqa: S608
_REPLAY = f"""UPDATE outbox
    SET state = 'waiting', next_at_s = $3, since_s = $3, settled_at_s = NULL, fallen_back = false
    WHERE {_IS_DEAD_AND_MEANT}
    AND NOT EXISTS (SELECT 1 FROM outbox AS later WHERE later.lane = outbox.lane AND later.seq > outbox.seq
                    AND (later.state IN ('delivered', 'cancelled') OR later.begun_at_s IS NOT NULL))"""  # noqa: S608


async def add_owed(connection: Connection, notifications: Sequence[Notification]) -> None:
    """Put notifications into the outbox, unless they are there already; nobody else does meanwhile."""
    last_seq = await connection.fetchval(
        "UPDATE outbox_head SET last_seq = last_seq + $1 RETURNING last_seq", len(notifications)
    )
    await connection.executemany(
        "INSERT INTO outbox (seq, id, lane, receiver, kind, incident, rank, next_at_s, created_at_s, body)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) ON CONFLICT (id) DO NOTHING",
        [
            (seq, n.id, n.lane, n.receiver, n.kind.value, n.incident.id, rank(n), n.created_at, encode(n))
            for seq, n in enumerate(notifications, start=last_seq - len(notifications) + 1)
        ],
    )


class PostgresOutbox(PostgresSaid):
    """The outbox on PostgreSQL (`alerts.ports.Outbox`).

    Args:
        database: where it is.
        sender: the name of this replica, which no other one that lives has.
        claim_s: after how long an attempt that was begun and not settled is taken over by others.
    """

    def __init__(self, database: Database, sender: str, claim_s: float = CLAIM_S) -> None:
        super().__init__(database)
        self._sender = sender
        self._claim_s = claim_s

    async def recover(self, now: float) -> int:
        """End the attempts that an earlier life of this name began and did not settle, or another sender that died."""
        return await self._end(f"(begun_by = $1 OR claimed_until_s <= {_NOW})", now)

    async def take_over(self, now: float) -> int:
        """End the attempts of other senders that take so long that those must be dead; return how many those were."""
        return await self._end(f"begun_by <> $1 AND claimed_until_s <= {_NOW}", now)

    async def _end(self, which: str, now: float) -> int:
        async def write(connection: Connection) -> int:
            begun = await connection.fetch(
                f"SELECT id, begun_at_s FROM outbox WHERE begun_at_s IS NOT NULL AND {which}"  # noqa: S608
                " ORDER BY seq FOR NO KEY UPDATE SKIP LOCKED",  # who holds it does something about it
                self._sender,
            )
            for notification_id, begun_at in begun:
                await _add_attempt(connection, notification_id, cut_short(min(begun_at, now), now))
            await connection.execute(
                f"UPDATE outbox SET maybe_heard = true, {_NOT_BEGUN} WHERE id = ANY ($1::text[])",  # noqa: S608
                texts.array(notification_id for notification_id, _ in begun),
            )
            return len(begun)

        return await self._database.write(write)

    async def due(self, now: float, limit: int, skip: Collection[str] = ()) -> Sequence[Owed]:
        """Return of each receiver at most `limit` heads of lanes that want an attempt by `now`, most urgent first."""
        return await self._owed(_DUE, now, limit, texts.array(skip))

    async def next_due_at(self, after: float, skip: Collection[str] = ()) -> float | None:
        """Return the earliest moment later than `after` at which the head of a lane wants its next attempt."""
        ((next_at,),) = await self._database.read(_NEXT_DUE, after, texts.array(skip))
        return None if next_at is None else float(next_at)

    async def begin(self, targets: Mapping[str, str], now: float) -> Collection[str]:
        """Write that attempts begin, of notifications by their id, and where each goes; return which do."""
        ids, addresses = texts.array(targets), texts.array(targets.values())

        async def write(connection: Connection) -> list[str]:
            await connection.execute(_HOLD_LANES, ids)
            begun = await connection.fetch(_BEGIN, now, ids, addresses, self._sender, self._claim_s)
            return [notification_id for (notification_id,) in begun]

        return await self._database.write(write)

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write what became of notifications, all of it or nothing."""
        values = [(*_values_of(each), self._sender) for each in settled]

        async def write(connection: Connection) -> None:
            await connection.execute(_HOLD_LANES, texts.array(each.notification_id for each in settled))
            await connection.executemany(_SETTLE, values)
            for each in settled:
                if each.attempt is not None:
                    await _add_attempt(connection, each.notification_id, each.attempt)

        await self._database.write(write)

    async def overdue(self, receiver: str, before: float, limit: int) -> Sequence[Owed]:
        """Return at most `limit` waiting rows of a receiver whose time began to run before, the oldest first."""
        return await self._owed(_OVERDUE, receiver, before, limit)

    async def attempted_since(self, since: float) -> Sequence[tuple[str, float]]:
        """Return the receiver of each attempt that ended since, and when, the oldest first."""
        rows = await self._database.read(
            "SELECT receiver, at_s FROM attempts JOIN outbox ON seq = outbox_seq WHERE at_s > $1 ORDER BY at_s", since
        )
        return [(receiver, at_s) for receiver, at_s in rows]

    async def targets(self, present: Mapping[str, str]) -> Mapping[str, str]:
        """Remember the target of each receiver there is; return that of all there ever were."""

        async def write(connection: Connection) -> dict[str, str]:
            await connection.executemany(
                "INSERT INTO receivers (name, target) VALUES ($1, $2)"
                " ON CONFLICT (name) DO UPDATE SET target = excluded.target",
                sorted(present.items()),
            )
            return dict(await connection.fetch("SELECT name, target FROM receivers"))

        return await self._database.write(write)

    async def not_fallen_back(self, limit: int) -> Sequence[Owed]:
        """Return at most `limit` dead rows that nobody else was told of yet, the oldest first."""
        return await self._owed(_NOT_FALLEN_BACK, limit)

    async def fell_back(self, notification_id: str) -> None:
        """Write that somebody else was told of a dead row."""
        await self._write("UPDATE outbox SET fallen_back = true WHERE id = $1", notification_id)

    async def replay(self, now: float, ids: Collection[str] | None = None, receiver: str | None = None) -> int:
        """Put dead rows back, all or of these ids or of a receiver, as if owed from now on; return how many."""
        meant = receiver, None if ids is None else texts.array(ids)

        async def write(connection: Connection) -> int:
            await connection.execute(_HOLD_DEAD_LANES, *meant)
            return count_of(await connection.execute(_REPLAY, *meant, now))

        return await self._database.write(write)

    # --- rows ---

    async def _owed(self, question: str, *values: Any) -> Sequence[Owed]:
        """Return what rows say; those that cannot be read are dead from now on, and nobody waits behind them."""
        found: list[Owed] = []
        unreadable: list[int] = []
        for seq, body, *rest in await self._database.read(question, *values):
            try:
                notification = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                unreadable.append(seq)
            else:
                found.append(_owed(notification, rest))
        if unreadable:
            await self._bury(unreadable)
        return found

    async def _bury(self, unreadable: Sequence[int]) -> None:
        why = "expected a notification in the outbox, got something that cannot be read"
        await self._write(
            "UPDATE outbox SET state = 'dead', fallen_back = true, last_error = $1"
            " WHERE seq = ANY ($2::bigint[]) AND begun_at_s IS NULL",
            why,
            unreadable,
        )


def _owed(notification: Notification, rest: Sequence[Any]) -> Owed:
    attempts, next_at, last_error, reference, maybe_heard, since, is_known, target, behind, kinds = rest
    return Owed(
        notification,
        attempts,
        next_at,
        last_error,
        reference,
        maybe_heard,
        since,
        is_known=is_known,
        target=target,
        behind=tuple(Waiting(word, NotificationKind(kind)) for word, kind in zip(behind, kinds, strict=True)),
    )


def _values_of(settled: Settled) -> tuple[Any, ...]:
    became = settled.settlement
    return (
        settled.notification_id,
        _STATES[became.fate],
        became.attempts,
        became.next_at,
        None if became.fate is Fate.RETRY else became.at,
        became.last_error,
        became.reference,
        became.maybe_heard,
        became.payload_hash if became.fate is Fate.DEAD else "",
    )


async def _add_attempt(connection: Connection, notification_id: str, made: AttemptMade) -> None:
    """Add an attempt; of very many only the first and the last are kept."""
    told = (made.at, made.duration_s, made.outcome, made.status, made.error)
    await connection.execute(_ADD_ATTEMPT, notification_id, *told)
    await connection.execute(_DROP_MIDDLE_ATTEMPTS, notification_id, FIRST_ATTEMPTS, LAST_ATTEMPTS)

"""How is the log cut into segments, which several replicas move to where samples are kept?

A segment is what the log has after one id and up to another.  Numbers of the log are seen in their order, so what lies
between two of them that were seen never becomes more; and nothing else is needed to open the log as it was at a moment:
which segments there were, and which id was the last.  No transaction is held while somebody reads on elsewhere.  For
that the rows of a segment stay in the log for some minutes after it was settled; other replicas read on there, too.

Whoever is given a segment has claimed it for two minutes, so that others are given others.  A claim is no lock: what
two put down counts once (`monitor.store.segments`).
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from collectors.measured import Batch
from monitor.store.ports import StoreFailed
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.postgres.slices import DELETED_ROWS
from monitor.store.rows import measured_about, measured_in
from monitor.store.segments import Moment, Segment

SEGMENT_BYTES = 32 * 1024 * 1024  # of the log: some hundred thousand samples
KEPT_S = 900.0  # in the log, after a segment was settled: for whoever reads there just now, and for slow replicas
CLAIM_S = 120.0
ROWS_A_SEGMENT = 5_000
ROWS_A_READ = 50
MOST_ROOMS_LOOKED_FOR = 16  # of more, each row of the log is likely to have one


class _Range(NamedTuple):
    """A part of the log: after one id, and up to another; a number if it is sealed."""

    number: int | None
    after: int
    through: int


class PostgresSegments:
    """The log on PostgreSQL, a segment at a time (`monitor.store.segments.SegmentedLog`)."""

    def __init__(
        self,
        database: Database,
        replica: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        kept_s: float = KEPT_S,
        claim_s: float = CLAIM_S,
    ) -> None:
        self._database = database
        self._replica = replica
        self._segment_bytes = segment_bytes
        self._kept_s = kept_s
        self._claim_s = claim_s

    def on(self, database: Database) -> "PostgresSegments":
        """Return the same log for whoever writes by another way to the same database."""
        return PostgresSegments(
            database, self._replica, segment_bytes=self._segment_bytes, kept_s=self._kept_s, claim_s=self._claim_s
        )

    # --- moving -------------------------------------------------------------------------------------------

    async def next_segment(self, received_before_ms: int) -> Segment | None:
        """Return a segment that is not settled and that nobody else has in hand; seal one if there is none."""

        async def claim(connection: Connection) -> _Range | None:
            await connection.execute("SELECT 1 FROM segment_head FOR UPDATE")
            row = await connection.fetchrow(_CLAIM, self._replica, self._claim_s)
            if row is None and await self._seal(connection, received_before_ms):
                row = await connection.fetchrow(_CLAIM, self._replica, self._claim_s)
            return None if row is None else _Range(*row)

        claimed = await self._database.write(claim)
        if claimed is None or claimed.number is None:
            return None
        batches = [each async for some in _read(self._database, claimed, None) for each in some]
        return Segment(claimed.number, batches)

    async def _seal(self, connection: Connection, received_before_ms: int) -> bool:
        rows = await connection.fetch(_DUE, ROWS_A_SEGMENT)
        if not rows or rows[0][1] > received_before_ms:
            return False
        size, through = 0, rows[0][0]
        for log_id, _, length in rows:
            size += length
            if size > self._segment_bytes and log_id != rows[0][0]:
                break
            through = log_id
        await connection.execute(_SEAL, through)
        return True

    async def settled(self, number: int) -> None:
        """Say that a segment is somewhere else now, and drop what was long enough."""

        async def settle(connection: Connection) -> None:
            await connection.execute(
                "UPDATE segments SET settled_at = clock_timestamp() WHERE number = $1 AND settled_at IS NULL", number
            )

        await self._database.write(settle)
        await self.drop_settled()

    async def drop_settled(self) -> int:
        """Drop what was settled some time ago from the log; return how many rows went."""

        async def begin(connection: Connection) -> int:
            await connection.execute("SELECT 1 FROM segment_head FOR UPDATE")
            through = int(await connection.fetchval(_DROPPABLE, self._kept_s))
            # Before any of it goes, so that whoever has read there can see that something may have been missing.
            await connection.execute("UPDATE segment_head SET dropped = greatest(dropped, $1)", through)
            return through

        async def drop_some(connection: Connection) -> int:
            return len(await connection.fetch(_DROP, through, DELETED_ROWS))

        async def end(connection: Connection) -> None:
            await connection.execute("DELETE FROM segments WHERE through_id <= $1", through)
            await connection.execute("UPDATE checkpoint SET settled = greatest(settled, $1)", through)

        ((reached, is_any),) = await self._database.read(_IS_ANY_DROPPABLE, self._kept_s)
        if not is_any:
            return 0
        through = await self._database.write(begin)
        if through < reached:
            return 0
        count = 0
        while some := await self._database.write(drop_some):
            count += some
        await self._database.write(end)
        return count

    # --- reading ------------------------------------------------------------------------------------------

    async def unsettled_since_ms(self) -> int | None:
        """Return when the oldest of the log was received that is not settled; None: there is nothing of the kind."""
        rows = await self._database.read(_OLDEST_UNSETTLED)
        return int(rows[0][0]) if rows else None

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Moment]:
        """Open the log as it is now."""
        async with self._database.reading() as connection:
            last_number, sealed, last_id = await connection.fetchrow(
                "SELECT last_number, sealed, last_id FROM segment_head, log_head"
            )
            rows = await connection.fetch(
                "SELECT number, after_id, through_id FROM segments WHERE settled_at IS NULL ORDER BY number"
            )
        unsettled, rest = [_Range(*row) for row in rows], _Range(None, sealed, last_id)
        yield _AtOneMoment(self._database, last_number + 1, unsettled, rest)


class _AtOneMoment:
    """The log as it was at one moment (`monitor.store.segments.Moment`)."""

    def __init__(self, database: Database, before: int, sealed: Sequence[_Range], rest: _Range) -> None:
        self._database = database
        self._before = before
        self._sealed = sealed
        self._rest = rest

    @property
    def before(self) -> int:
        """Return the number that no segment had reached."""
        return self._before

    @property
    def unsettled(self) -> Collection[int]:
        """Return the numbers of the segments that were sealed and not settled."""
        return [each.number for each in self._sealed if each.number is not None]

    async def batches(self, rooms: Collection[str] | None = None) -> AsyncIterator[tuple[int | None, Sequence[Batch]]]:
        """Yield the telemetry that was not settled, some at a time, in the order of the log."""
        for part in (*self._sealed, self._rest):
            async for some in _read(self._database, part, rooms):
                yield part.number, some
        ((dropped,),) = await self._database.read("SELECT dropped FROM segment_head")
        if dropped > min(part.after for part in (*self._sealed, self._rest)):
            raise StoreFailed("the log: expected to be read within minutes, got parts that have been dropped since")


async def _read(database: Database, part: _Range, rooms: Collection[str] | None) -> AsyncIterator[Sequence[Batch]]:
    """Yield the telemetry of a part of the log, some at a time."""
    after = part.after
    is_narrow = rooms is not None and len(rooms) <= MOST_ROOMS_LOOKED_FOR
    told = [room.encode() for room in rooms or ()] if is_narrow else []
    while True:
        question = _ROWS_ABOUT if is_narrow else _ROWS
        rows = await database.read(question, after, part.through, ROWS_A_READ, *([told] if is_narrow else []))
        if not rows:
            return
        bodies = [body for _, body in rows if body]
        yield await asyncio.to_thread(lambda: list(_batches(bodies, rooms)))  # noqa: B023  # it is awaited
        after = rows[-1][0]


def _batches(bodies: Sequence[bytes], rooms: Collection[str] | None) -> Iterator[Batch]:
    for body in bodies:
        if rooms is not None:
            yield from measured_about(body, rooms)
        else:
            yield from measured_in(body)


# --- SQL --------------------------------------------------------------------------------------------------

_CLAIM = """
UPDATE segments SET claimed_by = $1, claimed_until = clock_timestamp() + $2::double precision * interval '1 second'
WHERE number = (
    SELECT number FROM segments
    WHERE settled_at IS NULL AND (claimed_by = $1 OR claimed_until < clock_timestamp()) ORDER BY number LIMIT 1
)
RETURNING number, after_id, through_id
"""
_DUE = """
SELECT id, received_at_ms, octet_length(body) FROM ingest_log
WHERE id > (SELECT sealed FROM segment_head) AND id <= (SELECT through FROM checkpoint) ORDER BY id LIMIT $1
"""
_SEAL = """
WITH old AS (SELECT sealed FROM segment_head),
head AS (UPDATE segment_head SET last_number = last_number + 1, sealed = $1 RETURNING last_number)
INSERT INTO segments (number, after_id, through_id) SELECT last_number, old.sealed, $1 FROM head, old
"""
# Up to the first segment that is not settled, or was only just.
_DROPPABLE = """
SELECT coalesce(min(after_id), (SELECT sealed FROM segment_head)) FROM segments
WHERE settled_at IS NULL OR settled_at > clock_timestamp() - $1::double precision * interval '1 second'
"""
_IS_ANY_DROPPABLE = f"""
SELECT droppable.id, EXISTS (SELECT 1 FROM segments WHERE through_id <= droppable.id)
FROM ({_DROPPABLE}) AS droppable (id)
"""  # noqa: S608  # of constants
_OLDEST_UNSETTLED = """
SELECT received_at_ms FROM ingest_log WHERE id > (
    SELECT coalesce(min(after_id), (SELECT sealed FROM segment_head)) FROM segments WHERE settled_at IS NULL
) ORDER BY id LIMIT 1
"""
_DROP = """
DELETE FROM ingest_log WHERE id IN (
    SELECT id FROM ingest_log WHERE id <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
_ROWS = "SELECT id, body FROM ingest_log WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3"
# Most of the log is not sent: a row tells of a room by its SID, or says that it does not know it, or is in an old form.
_ROWS_ABOUT = """
SELECT id, body FROM ingest_log WHERE id > $1 AND id <= $2 AND (
    position('"room_sid":null'::bytea IN body) > 0 OR position('"event":"telemetry"'::bytea IN body) > 0
    OR EXISTS (SELECT 1 FROM unnest($4::bytea[]) AS told (room) WHERE position(told.room IN body) > 0)
) ORDER BY id LIMIT $3
"""

"""How do replicas agree on who does what only one may do?  By a row each, and by the server's clock.

A lock of the server would be quicker to change hands when its holder is killed, and would never do so when its holder
is only stopped: the server sees an open connection.  A lease ends by itself.

Whoever writes under a lease shares its row until the commit (`fence`), so the duty changes hands before or after that
and not in between.  A holder that is stopped between the two is thrown out by the server (`database`).
"""

from collections.abc import Awaitable, Callable
from math import inf
from secrets import token_hex
from time import monotonic

from msgspec.structs import replace

from monitor.store.leases import Lease, LeaseLost, NameTaken, Roll
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database

_LIFE_BYTES = 8

_TAKE = """
INSERT INTO leases (name, holder, epoch, until)
VALUES ($1, $2, 1, clock_timestamp() + $3::double precision * interval '1 second')
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, until = excluded.until
WHERE leases.until < clock_timestamp() OR leases.holder = excluded.holder
RETURNING epoch
"""
_RENEW = """
UPDATE leases SET until = clock_timestamp() + $3::double precision * interval '1 second'
WHERE name = $1 AND epoch = $2 RETURNING epoch
"""
# By the next epoch nobody can write any more under the one that was released.
_RELEASE = "UPDATE leases SET holder = '', epoch = epoch + 1, until = '-infinity' WHERE name = $1 AND epoch = $2"

_ATTEND = """
INSERT INTO replicas (name, life, until)
VALUES ($1, $2, clock_timestamp() + $3::double precision * interval '1 second')
ON CONFLICT (name) DO UPDATE SET until = excluded.until, life = excluded.life
WHERE replicas.life = excluded.life OR replicas.until < clock_timestamp()
RETURNING name
"""
_FORGET = "DELETE FROM replicas WHERE until < clock_timestamp() - interval '1 hour'"  # whose name never comes again
_WHO_IS_THERE = "SELECT name FROM replicas WHERE until > clock_timestamp() + $1::double precision * interval '1 second'"
_WHO_HAS_WHAT = "SELECT name, holder FROM leases WHERE until >= clock_timestamp()"


class PostgresLeases:
    """The duties of one replica on PostgreSQL (`monitor.store.leases.Leases`)."""

    def __init__(self, database: Database, holder: str, clock: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._holder = holder
        self._clock = clock
        self._life = token_hex(_LIFE_BYTES)

    async def attend(self, ttl_s: float, heard_within_s: float = inf) -> Roll:
        """Say that this holder is there, for as long, and return who else is, and said so within a shorter time.

        When others said so follows from the end of their time: it is taken to be as long as this holder's.
        """
        left_s = max(0.0, ttl_s - heard_within_s)

        async def attend(connection: Connection) -> Roll:
            if await connection.fetchval(_ATTEND, self._holder, self._life, ttl_s) is None:
                raise NameTaken(
                    f"expected a name that no other replica has, got {self._holder!r}, which one has that lives"
                )
            await connection.execute(_FORGET)
            holders = {name for (name,) in await connection.fetch(_WHO_IS_THERE, left_s)}
            return Roll(holders, dict(await connection.fetch(_WHO_HAS_WHAT)))

        return await self._database.write(attend)

    async def leave(self) -> None:
        """Say that this holder is there no longer."""

        async def leave(connection: Connection) -> None:
            await connection.execute("DELETE FROM replicas WHERE name = $1 AND life = $2", self._holder, self._life)

        await self._database.write(leave)

    async def take(self, name: str, ttl_s: float) -> Lease | None:
        """Take a duty that nobody has, or that this holder had; None while somebody else has it."""
        asked_at_s = self._clock()

        async def take(connection: Connection) -> int | None:
            epoch: int | None = await connection.fetchval(_TAKE, name, self._holder, ttl_s)
            return epoch

        epoch = await self._database.write(take)
        return None if epoch is None else Lease(name, self._holder, epoch, ttl_s, asked_at_s)

    async def renew(self, lease: Lease) -> Lease:
        """Have it for as long again from now on."""
        asked_at_s = self._clock()

        async def renew(connection: Connection) -> None:
            if await connection.fetchval(_RENEW, lease.name, lease.epoch, lease.ttl_s) is None:
                raise await _lost(connection, lease)

        await self._database.write(renew)
        return replace(lease, asked_at_s=asked_at_s)

    async def release(self, lease: Lease) -> None:
        """Let others take it at once; what somebody else took stays theirs."""

        async def release(connection: Connection) -> None:
            await connection.execute(_RELEASE, lease.name, lease.epoch)

        await self._database.write(release)


def fence(lease: Lease) -> Callable[[Connection], Awaitable[None]]:
    """Return what sees, inside of a transaction, that a duty does not change hands before it is over.

    It raises `LeaseLost` where somebody else has it.
    """

    async def hold(connection: Connection) -> None:
        question = "SELECT epoch FROM leases WHERE name = $1 AND epoch = $2 FOR SHARE"
        if await connection.fetchval(question, lease.name, lease.epoch) is None:
            raise await _lost(connection, lease)

    return hold


async def _lost(connection: Connection, lease: Lease) -> LeaseLost:
    there = await connection.fetchrow("SELECT epoch, holder FROM leases WHERE name = $1", lease.name)
    whose = "nobody's" if there is None else f"epoch {there[0]} of {there[1] or 'nobody'}"
    return LeaseLost(f"lease {lease.name}: expected epoch {lease.epoch} of {lease.holder}, got {whose}")

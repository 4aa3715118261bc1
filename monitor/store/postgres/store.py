"""How do the parts of the PostgreSQL store come together?"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from secrets import token_hex
from typing import Self

from monitor.store.keeping import Keeping
from monitor.store.leases import Lease
from monitor.store.ports import Erased, Size, StoreFailed, Writing
from monitor.store.postgres.alerts import PostgresAlerts
from monitor.store.postgres.archive import PostgresArchive
from monitor.store.postgres.audit import PostgresAudit
from monitor.store.postgres.budgets import PostgresBudget
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import CONNECTIONS, TIMEOUT_S, Database
from monitor.store.postgres.erasure import erase
from monitor.store.postgres.forgetting import forget
from monitor.store.postgres.groups import PostgresIncidents
from monitor.store.postgres.inbox import PostgresInbox
from monitor.store.postgres.leases import PostgresLeases, fence
from monitor.store.postgres.log import PostgresEventLog
from monitor.store.postgres.picture import PostgresPicture
from monitor.store.postgres.poll_states import PostgresPollStates
from monitor.store.postgres.receipts import PostgresReceipts
from monitor.store.postgres.retention import drop
from monitor.store.postgres.secrets import PostgresSecrets
from monitor.store.postgres.sessions import PostgresSessions
from monitor.store.postgres.shares import PostgresShares
from monitor.store.postgres.silences import PostgresSilences
from monitor.store.postgres.slo import PostgresSlos
from monitor.store.stand_ins import new_stand_in

_NAME_BYTES = 8


class PostgresStore:
    """What all replicas know, but for samples and what they add up to: those are elsewhere."""

    def __init__(self, database: Database, replica: str) -> None:
        self._database = database
        self._replica = replica
        self._stand_in = new_stand_in()
        self.leases = PostgresLeases(database, replica)
        self.budget = PostgresBudget(database)
        self.inbox = PostgresInbox(database)
        self.poll_states = PostgresPollStates(database)
        self.alerts = PostgresAlerts(database, replica)
        self.incidents = PostgresIncidents(database)
        self.receipts = PostgresReceipts(database)
        self.silences = PostgresSilences(database)
        self.slos = PostgresSlos(database)
        self.log = PostgresEventLog(database)
        self.picture = PostgresPicture(database)
        self.archive = PostgresArchive(database)
        self.audit = PostgresAudit(database)
        self.shares = PostgresShares(database)
        self.secrets = PostgresSecrets(database)
        self.sessions = PostgresSessions(database)

    @classmethod
    async def open(
        cls, address: str, *, replica: str = "", connections: int = CONNECTIONS, timeout_s: float = TIMEOUT_S
    ) -> Self:
        """Connect to the primary and bring its schema up to date.

        No other `replica` that lives may have the name of this one.  Whoever has the same after a restart goes on at
        once where it was cut short; without a name it gets a new one each time.

        Raises:
            SchemaTooNew: the database was migrated by a newer Roomwatch.
            StoreFailed: no primary can be reached, or the database is not one of Roomwatch.
        """
        database = await Database.open(address, connections=connections, timeout_s=timeout_s)
        return cls(database, replica or token_hex(_NAME_BYTES))

    def under(self, lease: Lease) -> "PostgresStore":
        """Return this store for whoever has a duty: what is written there is refused once somebody else has it.

        Such a write raises `LeaseLost` and leaves no trace.  It need not be closed.
        """
        return PostgresStore(self._database.fenced(fence(lease)), self._replica)

    @property
    def writing(self) -> Writing:
        """Return what is written just now, and how much waits to be."""
        return self._database.writing

    @property
    def is_full(self) -> bool:
        """Whether the last write found no room on the server's disk: what can be sent again is to be refused."""
        return self._database.is_full

    @property
    def refusal(self) -> str:
        """Why the server takes nothing that is written, in a few words; empty as long as it takes it."""
        return self._database.refusal

    async def look_for_room(self) -> None:
        """If the disk was full, see whether it still is."""
        if self.is_full:
            with suppress(StoreFailed):
                await self.try_writing()

    async def try_disk_again(self) -> None:
        """If nothing was taken the last time, see whether it is now."""
        if self.refusal:
            with suppress(StoreFailed):
                await self.try_writing()

    async def look_for_damage(self, patience_s: float) -> None:
        """Nothing to look over: whoever keeps the server checks its pages (`data_checksums`, `pg_amcheck`)."""

    async def try_writing(self) -> None:
        """See a transaction through that changes nothing but waits for whatever a commit has to wait for."""

        async def touch(connection: Connection) -> None:
            await connection.execute("UPDATE checkpoint SET settled = settled")

        await self._database.write(touch)

    async def retain(self, now_ms: int, keeping: Keeping) -> Mapping[str, int]:
        """Drop or forget what is older than its class is kept; return of each class how many rows that were.

        Of samples, what is in the log only.
        """
        bounds_ms = keeping.bounds_ms(now_ms)
        dropped = await drop(self._database, bounds_ms)
        return {**dropped, **await forget(self._database, bounds_ms, self._stand_in)}

    async def erase(self, names: Collection[str], *, is_dry_run: bool = False) -> Erased:
        """Erase everything about the person who had these identities; a dry run only counts it."""
        return await erase(self._database, names, is_dry_run=is_dry_run)

    async def size(self) -> Size:
        """Return what the database takes on the server's disk; how much of that is free it does not say."""
        ((database_bytes,),) = await self._database.read("SELECT pg_database_size(current_database())")
        return Size(database_bytes, wal_bytes=0, is_full=self.is_full)

    async def close(self) -> None:
        """Finish what is under way and let go of the server."""
        await self._database.close()

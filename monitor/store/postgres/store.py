"""How do the parts of the PostgreSQL store come together?"""

from secrets import token_hex
from typing import Self

from monitor.store.ports import Writing
from monitor.store.postgres.alerts import PostgresAlerts
from monitor.store.postgres.archive import PostgresArchive
from monitor.store.postgres.audit import PostgresAudit
from monitor.store.postgres.database import CONNECTIONS, TIMEOUT_S, Database
from monitor.store.postgres.groups import PostgresIncidents
from monitor.store.postgres.log import PostgresEventLog
from monitor.store.postgres.picture import PostgresPicture
from monitor.store.postgres.receipts import PostgresReceipts
from monitor.store.postgres.secrets import PostgresSecrets
from monitor.store.postgres.sessions import PostgresSessions
from monitor.store.postgres.shares import PostgresShares
from monitor.store.postgres.silences import PostgresSilences
from monitor.store.postgres.slo import PostgresSlos

_NAME_BYTES = 8


class PostgresStore:
    """What all replicas know, but for samples and what they add up to: those are elsewhere."""

    def __init__(self, database: Database, replica: str) -> None:
        self._database = database
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

    @property
    def writing(self) -> Writing:
        """Return what is written just now, and how much waits to be."""
        return self._database.writing

    async def close(self) -> None:
        """Finish what is under way and let go of the server."""
        await self._database.close()

"""How do the parts of the SQLite store come together?"""

from pathlib import Path
from typing import Self

from monitor.store.alerts import SqliteAlerts
from monitor.store.archive import SqliteArchive
from monitor.store.database import Database
from monitor.store.log import SqliteEventLog, open_log
from monitor.store.numbering import Numbering
from monitor.store.picture import SqlitePicture
from monitor.store.ports import Size
from monitor.store.retention import DAY_MS, retain
from monitor.store.samples import SqliteSamples
from monitor.store.sessions import SqliteSessions


class SqliteStore:
    """The whole memory of the daemon in one SQLite file (`monitor.store.ports.Store`)."""

    def __init__(self, database: Database, numbering: Numbering, log: SqliteEventLog) -> None:
        self._database = database
        self.log = log
        self.samples = SqliteSamples(database)
        self.archive = SqliteArchive(database)
        self.picture = SqlitePicture(database, numbering)
        self.alerts = SqliteAlerts(database)
        self.sessions = SqliteSessions(database)

    @classmethod
    async def open(cls, path: Path, synchronous: str = "full") -> Self:
        """Open or create the file.

        Raises:
            SchemaTooNew: the file was written by a newer Roomwatch.
            StoreFailed: the file cannot be opened, or is not a database.
        """
        database, numbering = await Database.open(path, synchronous), Numbering()
        try:
            return cls(database, numbering, await open_log(database, numbering))
        except BaseException:
            await database.close()
            raise

    async def retain(self, now_ms: int, raw_days: float, history_days: float) -> int:
        """Drop raw telemetry and finished history older than asked for; return how many rows went."""
        dropped = await self.samples.drop_before(int(now_ms - raw_days * DAY_MS))
        return dropped + await retain(self._database, now_ms, raw_days, history_days)

    def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        return self._database.size()

    async def close(self) -> None:
        """Finish what is under way and let go of the file."""
        await self._database.close()

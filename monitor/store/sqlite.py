"""How do the parts of the SQLite store come together?"""

import asyncio
from pathlib import Path
from typing import Self

from monitor.store.alerts import SqliteAlerts
from monitor.store.database import Database
from monitor.store.log import SqliteEventLog, open_log
from monitor.store.numbering import Numbering
from monitor.store.picture import SqlitePicture
from monitor.store.ports import Size
from monitor.store.retention import retain
from monitor.store.rollups import SqliteRollups
from monitor.store.samples import SqliteSamples
from monitor.store.scopes import SCOPES, Scopes
from monitor.store.sessions import SqliteSessions


class SqliteStore:
    """The whole memory of the daemon in one SQLite file (`monitor.store.ports.Store`)."""

    def __init__(self, database: Database, numbering: Numbering, log: SqliteEventLog, scopes: Scopes) -> None:
        self._turn = turn = asyncio.Lock()  # of those who move samples, or drop them: one at a time
        self._database = database
        self.log = log
        self.samples = SqliteSamples(database, scopes, turn)
        self.rollups = SqliteRollups(database, scopes, turn)
        self.picture = SqlitePicture(database, numbering)
        self.alerts = SqliteAlerts(database)
        self.sessions = SqliteSessions(database)

    @classmethod
    async def open(cls, path: Path, synchronous: str = "full", scopes: Scopes = SCOPES) -> Self:
        """Open or create the file; samples are added up by the scopes given.

        Raises:
            SchemaTooNew: the file was written by a newer Roomwatch.
            StoreFailed: the file cannot be opened, or is not a database.
        """
        database, numbering = await Database.open(path, synchronous), Numbering()
        try:
            return cls(database, numbering, await open_log(database, numbering), scopes)
        except BaseException:
            await database.close()
            raise

    async def retain(self, now_ms: int, raw_days: float, history_days: float, rollups_days: float) -> int:
        """Drop raw telemetry, finished history and rollups older than asked for; return how many rows went."""
        async with self._turn:
            return await retain(self._database, now_ms, raw_days, history_days, rollups_days)

    def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        return self._database.size()

    async def close(self) -> None:
        """Finish what is under way and let go of the file."""
        await self._database.close()

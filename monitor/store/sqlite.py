"""How do the parts of the SQLite store come together?"""

import asyncio
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
from monitor.store.rollups import SqliteRollups
from monitor.store.samples import SqliteSamples
from monitor.store.scopes import SCOPES, Scopes
from monitor.store.sessions import SqliteSessions
from monitor.store.shrinking import give_back


class SqliteStore:
    """The whole memory of the daemon in one SQLite file (`monitor.store.ports.Store`)."""

    def __init__(self, database: Database, numbering: Numbering, log: SqliteEventLog, scopes: Scopes) -> None:
        self._turn = turn = asyncio.Lock()  # of those who move samples, or drop them: one at a time
        self._database = database
        self.log = log
        self.samples = SqliteSamples(database, scopes, turn)
        self.rollups = SqliteRollups(database, scopes, turn)
        self.archive = SqliteArchive(database)
        self.picture = SqlitePicture(database, numbering)
        self.alerts = SqliteAlerts(database)
        self.sessions = SqliteSessions(database)

    @classmethod
    async def open(cls, path: Path, synchronous: str = "full", reserve_bytes: int = 0, scopes: Scopes = SCOPES) -> Self:
        """Open or create the file, and hold so much of the disk beside it for what cannot be sent again.

        Samples are added up by the scopes given.

        Raises:
            SchemaTooNew: the file was written by a newer Roomwatch.
            StoreFailed: the file cannot be opened, another process has it, or it is not a database.
        """
        database, numbering = await Database.open(path, synchronous, reserve_bytes), Numbering()
        try:
            return cls(database, numbering, await open_log(database, numbering), scopes)
        except BaseException:
            await database.close()
            raise

    @property
    def is_full(self) -> bool:
        """Whether the disk is full: what its sender can send again is to be refused."""
        return self._database.reserve.is_full

    async def look_for_room(self) -> None:
        """If the disk was full, see whether it still is."""
        if self.is_full:
            await asyncio.to_thread(self._database.reserve.look)

    async def retain(self, now_ms: int, raw_days: float, history_days: float, rollups_days: float) -> int:
        """Drop raw telemetry, finished history and rollups older than asked for; return how many rows went."""
        async with self._turn:
            dropped = await self.samples.drop_before(int(now_ms - raw_days * DAY_MS))
            dropped += await retain(self._database, now_ms, raw_days, history_days, rollups_days)
            await give_back(self._database)
        return dropped

    async def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        return await self._database.size()

    async def close(self) -> None:
        """Finish what is under way and let go of the file."""
        await self._database.close()

"""How do the parts of the SQLite store come together?"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from monitor.store.adding import Added, Evidence, add_evidence
from monitor.store.alerts import SqliteAlerts
from monitor.store.archive import SqliteArchive
from monitor.store.audit import SqliteAudit
from monitor.store.database import Database
from monitor.store.erasure import erase
from monitor.store.forgetting import forget
from monitor.store.groups import SqliteIncidents
from monitor.store.keeping import Keeping
from monitor.store.log import SqliteEventLog, open_log
from monitor.store.numbering import Numbering
from monitor.store.past import SqlitePast
from monitor.store.picture import SqlitePicture
from monitor.store.ports import Erased, Resolve, Size, StoreFailed, Writing
from monitor.store.receipts import SqliteReceipts
from monitor.store.retention import drop
from monitor.store.rollups import SqliteRollups
from monitor.store.samples import SqliteSamples
from monitor.store.scopes import SCOPES, Scopes
from monitor.store.secrets import SqliteSecrets
from monitor.store.sessions import SqliteSessions
from monitor.store.shares import SqliteShares
from monitor.store.shrinking import give_back
from monitor.store.silences import SqliteSilences
from monitor.store.slo import SqliteSlos
from monitor.store.snapshot import Snapshot
from monitor.store.stand_ins import new_stand_in


class SqliteStore:
    """The whole memory of the daemon in one SQLite file (`monitor.store.ports.Store`)."""

    def __init__(self, database: Database, numbering: Numbering, log: SqliteEventLog, scopes: Scopes) -> None:
        self._turn = turn = asyncio.Lock()  # of those who move samples, or drop them: one at a time
        self._database = database
        self._stand_in = new_stand_in()
        self.log = log
        self.samples = SqliteSamples(database, scopes, turn)
        self.rollups = SqliteRollups(database, scopes, turn)
        self.archive = SqliteArchive(database)
        self.past = SqlitePast(database)
        self.picture = SqlitePicture(database, numbering)
        self.alerts = SqliteAlerts(database)
        self.incidents = SqliteIncidents(database)
        self.receipts = SqliteReceipts(database)
        self.silences = SqliteSilences(database)
        self.slos = SqliteSlos(database)
        self.secrets = SqliteSecrets(database)
        self.sessions = SqliteSessions(database)
        self.shares = SqliteShares(database)
        self.audit = SqliteAudit(database)

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

    @classmethod
    @contextmanager
    def opened_to_read(cls, path: Path) -> Iterator[Self]:
        """Open the file as it is at this moment, also while a daemon writes to it, and change nothing.

        Raises:
            SchemaTooNew: the file was written by a newer Roomwatch.
            StoreFailed: there is none, or it cannot be read, or it was written by an older Roomwatch.
        """
        with Snapshot.taken(path) as snapshot:
            numbering = Numbering()
            yield cls(snapshot, numbering, SqliteEventLog(snapshot, numbering, last_id=0), SCOPES)

    @property
    def writing(self) -> Writing:
        """Return what is written just now, and how much waits to be."""
        return self._database.writing

    @property
    def is_full(self) -> bool:
        """Whether the disk is full: what its sender can send again is to be refused."""
        return self._database.reserve.is_full

    @property
    def refusal(self) -> str:
        """Why the disk takes nothing that is written, in a few words; empty as long as it takes it."""
        return self._database.refusal

    async def look_for_room(self) -> None:
        """If the disk was full, see whether it still is."""
        if self.is_full:
            await asyncio.to_thread(self._database.reserve.look)

    async def try_disk_again(self) -> None:
        """If the disk took nothing the last time, see whether it does now."""
        if self.refusal:
            with suppress(StoreFailed):
                await self._database.try_disk()

    async def look_for_damage(self, patience_s: float) -> None:
        """Look over every table for which that takes no longer than `patience_s`; `size` counts what is found.

        Raises:
            StoreFailed: nothing can be looked over.
        """
        await asyncio.to_thread(self._database.look_for_damage, patience_s)

    async def try_writing(self) -> None:
        """See a transaction through that changes nothing: what comes back from it can write."""
        await self._database.write(lambda _: None)

    async def retain(self, now_ms: int, keeping: Keeping) -> Mapping[str, int]:
        """Drop or forget what is older than its class is kept; return of each class how many rows that were."""
        bounds_ms = keeping.bounds_ms(now_ms)
        async with self._turn:
            chunks = await self.samples.drop_before(bounds_ms["raw"])
            dropped = await drop(self._database, bounds_ms)
            forgotten = await forget(self._database, bounds_ms, self._stand_in)
            await give_back(self._database)
        return {**dropped, **forgotten, "raw": dropped["raw"] + chunks}

    async def erase(self, names: Collection[str], *, is_dry_run: bool = False) -> Erased:
        """Erase everything about the person who had these identities; a dry run only counts it."""
        return await erase(self._database, names, is_dry_run=is_dry_run)

    async def add(self, evidence: Evidence, resolve: Resolve) -> Added:
        """Add a call that was recorded elsewhere, as far as it is not here; all of it or, where that fails, nothing."""
        async with self._turn:
            return await self._database.write(lambda writer: add_evidence(writer, evidence, resolve))

    async def size(self) -> Size:
        """Return what the file and its write-ahead log take on disk."""
        return await self._database.size()

    async def close(self) -> None:
        """Finish what is under way and let go of the file."""
        await self._database.close()

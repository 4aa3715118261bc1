"""How are silences kept?  Each as one row, which stays for as long as history does after it is over."""

import sqlite3
from collections.abc import Sequence

import msgspec

from alerts.silences import Silence
from monitor.store.database import Database
from monitor.store.rows import encode

_decode = msgspec.json.Decoder(Silence).decode


class SqliteSilences:
    """Silences on SQLite (`alerts.ports.SilenceStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_silence(self, silence: Silence) -> None:
        """Keep a silence, in the place of what it was before."""
        row = (silence.id, silence.ends_at, encode(silence))

        def write(writer: sqlite3.Connection) -> None:
            writer.execute("INSERT OR REPLACE INTO silences (id, ends_at_s, body) VALUES (?, ?, ?)", row)

        await self._database.write(write)

    async def standing_silences(self, now: float) -> Sequence[Silence]:
        """Return the silences that are not over, those that end first before others."""
        rows = await self._database.read("SELECT body FROM silences WHERE ends_at_s > ? ORDER BY ends_at_s, id", (now,))
        return [_decode(body) for (body,) in rows]

    async def latest_silences(self, limit: int) -> Sequence[Silence]:
        """Return at most `limit` silences, over or not, those that end last before others."""
        rows = await self._database.read("SELECT body FROM silences ORDER BY ends_at_s DESC, id DESC LIMIT ?", (limit,))
        return [_decode(body) for (body,) in rows]

    async def silence(self, silence_id: str) -> Silence | None:
        """Return a silence, if it is on record."""
        rows = await self._database.read("SELECT body FROM silences WHERE id = ?", (silence_id,))
        return next((_decode(body) for (body,) in rows), None)

"""How are silences kept?  Each as one row, which stays for as long as history does after it is over."""

from collections.abc import Sequence

import msgspec

from alerts.silences import Silence
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.rows import encode

_decode = msgspec.json.Decoder(Silence).decode
_PUT = """
INSERT INTO silences (id, ends_at_s, body) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET ends_at_s = excluded.ends_at_s, body = excluded.body
"""


class PostgresSilences:
    """Silences on PostgreSQL (`alerts.ports.SilenceStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_silence(self, silence: Silence) -> None:
        """Keep a silence, in the place of what it was before."""
        row = (silence.id, silence.ends_at, encode(silence))

        async def put(connection: Connection) -> None:
            await connection.execute(_PUT, *row)

        await self._database.write(put)

    async def standing_silences(self, now: float) -> Sequence[Silence]:
        """Return the silences that are not over, those that end first before others."""
        rows = await self._database.read("SELECT body FROM silences WHERE ends_at_s > $1 ORDER BY ends_at_s, id", now)
        return [_decode(body) for (body,) in rows]

    async def latest_silences(self, limit: int) -> Sequence[Silence]:
        """Return at most `limit` silences, over or not, those that end last before others."""
        rows = await self._database.read("SELECT body FROM silences ORDER BY ends_at_s DESC, id DESC LIMIT $1", limit)
        return [_decode(body) for (body,) in rows]

    async def silence(self, silence_id: str) -> Silence | None:
        """Return a silence, if it is on record."""
        rows = await self._database.read("SELECT body FROM silences WHERE id = $1", silence_id)
        return next((_decode(body) for (body,) in rows), None)

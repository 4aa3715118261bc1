"""How are links kept that show a call without a login?  By the hash of their token: the database opens no door."""

from collections.abc import Sequence

import msgspec

from monitor.store.ports import Share
from monitor.store.postgres.connection import Connection, count_of
from monitor.store.postgres.database import Database
from monitor.store.rows import encode

_decode = msgspec.json.Decoder(Share).decode


class PostgresShares:
    """Shared links on PostgreSQL (`monitor.store.ports.ShareStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_share(self, share: Share) -> None:
        """Keep a link."""
        row = (share.id, share.token_hash, share.room_sid, share.expires_at_ms, encode(share))

        async def add(connection: Connection) -> None:
            await connection.execute(
                "INSERT INTO shares (id, token_hash, room, expires_at_ms, body) VALUES ($1, $2, $3, $4, $5)", *row
            )

        await self._database.write(add)

    async def share(self, token_hash: str, now_ms: int) -> Share | None:
        """Return the link whose token has this hash, if it is good."""
        rows = await self._database.read(
            "SELECT body FROM shares WHERE token_hash = $1 AND expires_at_ms > $2", token_hash, now_ms
        )
        return next((_decode(body) for (body,) in rows), None)

    async def shares(self, now_ms: int, room_sid: str = "") -> Sequence[Share]:
        """Return the links that are good, of a room or of all, those that end last before others."""
        rows = await self._database.read(
            "SELECT body FROM shares WHERE expires_at_ms > $1 AND ($2 = '' OR room = $2)"
            " ORDER BY expires_at_ms DESC, id",
            now_ms,
            room_sid,
        )
        return [_decode(body) for (body,) in rows]

    async def end_share(self, share_id: str) -> bool:
        """End a link; return whether there was one."""

        async def end(connection: Connection) -> bool:
            return bool(count_of(await connection.execute("DELETE FROM shares WHERE id = $1", share_id)))

        return await self._database.write(end)

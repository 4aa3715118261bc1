"""How are links kept that show a call without a login?  By the hash of their token only: the file opens no door."""

import sqlite3
from collections.abc import Sequence

import msgspec

from monitor.store.database import Database
from monitor.store.ports import Share
from monitor.store.rows import encode

_decode = msgspec.json.Decoder(Share).decode


class SqliteShares:
    """Shared links on SQLite (`monitor.store.ports.ShareStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_share(self, share: Share) -> None:
        """Keep a link."""
        row = (share.id, share.token_hash, share.room_sid, share.expires_at_ms, encode(share))

        def write(writer: sqlite3.Connection) -> None:
            writer.execute("INSERT INTO shares (id, token_hash, room, expires_at_ms, body) VALUES (?, ?, ?, ?, ?)", row)

        await self._database.write(write)

    async def share(self, token_hash: str, now_ms: int) -> Share | None:
        """Return the link whose token has this hash, if it is good."""
        rows = await self._database.read(
            "SELECT body FROM shares WHERE token_hash = ? AND expires_at_ms > ?", (token_hash, now_ms)
        )
        return next((_decode(body) for (body,) in rows), None)

    async def shares(self, now_ms: int, room_sid: str = "") -> Sequence[Share]:
        """Return the links that are good, of a room or of all, those that end last before others."""
        rows = await self._database.read(
            "SELECT body FROM shares WHERE expires_at_ms > :now_ms AND (:room = '' OR room = :room)"
            " ORDER BY expires_at_ms DESC, id",
            {"now_ms": now_ms, "room": room_sid},
        )
        return [_decode(body) for (body,) in rows]

    async def end_share(self, share_id: str) -> bool:
        """End a link; return whether there was one."""
        statement = "DELETE FROM shares WHERE id = ?"
        return bool(await self._database.write(lambda writer: writer.execute(statement, (share_id,)).rowcount))

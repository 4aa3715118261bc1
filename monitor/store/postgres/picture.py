"""How is the live picture saved and found again?  As in SQLite, with the log id that it reaches beside it.

Rows are written in the order of their keys, so that two replicas that save do not hold what the other one waits for.
They wait in a spool until all are made, so that the transaction is short, and can be repeated.
"""

import asyncio
from collections.abc import Iterable

import msgspec

from monitor.calls import ENDED_ROOMS_KEPT
from monitor.entities import Account, Composition, Entity, Recording, Room
from monitor.media import FINISHED_KEPT
from monitor.packing import unpack
from monitor.store.picture_rows import on_conflict, slices_of
from monitor.store.ports import Picture
from monitor.store.postgres.connection import Connection
from monitor.store.postgres.database import Database
from monitor.store.spool import Spool

_decode_room = msgspec.json.Decoder(Room).decode
_decode_composition = msgspec.json.Decoder(Composition).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_account = msgspec.json.Decoder(Account).decode

_MEDIA = (("compositions", _decode_composition), ("recordings", _decode_recording))


class PostgresPicture:
    """The saved picture on PostgreSQL (`monitor.store.ports.PictureStore`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, entities: Iterable[Entity], through: int) -> None:
        """Save what changed, read slice by slice, together with the log id that the picture reaches."""
        with Spool() as spool:
            for rows in slices_of(entities):
                await asyncio.to_thread(spool.add, rows)
            await self._database.write(lambda connection: _save(connection, spool, through))

    async def load(self) -> Picture:
        """Return the picture as last saved."""
        async with self._database.reading() as connection:
            rooms = await connection.fetch("SELECT body FROM rooms WHERE over_at_ms IS NULL")
            ended = await connection.fetch(_latest("rooms"), ENDED_ROOMS_KEPT)
            media: list[Composition | Recording] = []
            for table, decode in _MEDIA:
                live = f"SELECT body FROM {table} WHERE over_at_ms IS NULL"  # noqa: S608  # of constants
                media += [decode(body) for (body,) in await connection.fetch(_latest(table), FINISHED_KEPT)]
                media += [decode(body) for (body,) in await connection.fetch(live)]
            accounts = await connection.fetch("SELECT body FROM accounts")
            through = await connection.fetchval("SELECT through FROM checkpoint")
        return Picture(
            [_decode_room(unpack(body)) for (body,) in rooms],
            [_decode_room(unpack(body)) for (body,) in ended],
            media,
            [_decode_account(body) for (body,) in accounts],
            through,
        )

    async def reaches(self) -> int:
        """Return the log id that the picture reaches as last saved."""
        ((through,),) = await self._database.read("SELECT through FROM checkpoint")
        return int(through)


def _latest(table: str) -> str:
    """Return the question for the rows that were over last, oldest first."""
    latest = f"SELECT body, over_at_ms FROM {table} WHERE over_at_ms IS NOT NULL ORDER BY over_at_ms DESC LIMIT $1"  # noqa: S608
    return f"SELECT body FROM ({latest}) AS latest ORDER BY over_at_ms"  # noqa: S608


async def _save(connection: Connection, spool: Spool, through: int) -> None:
    for table, columns, rows in spool.tables():
        marks = ", ".join(f"${number}" for number in range(1, columns + 1))
        await connection.executemany(f"INSERT INTO {table} VALUES ({marks}) {on_conflict(table)}", rows)  # noqa: S608
    await connection.execute("UPDATE checkpoint SET through = $1", through)

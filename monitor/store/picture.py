"""How is the live picture saved and found again?

What a row is says `monitor.store.picture_rows`.  The log id that the picture reaches is saved in the same transaction,
so the events after it are exactly those still to be applied.  So is which posts were stored: the numbers of those that
came since are in the log, and it does no harm if some of them are saved already.

Rows are made slice by slice, so that a large picture does not hold the event loop, and wait in a spool.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, islice

import msgspec

from monitor.calls import ENDED_ROOMS_KEPT
from monitor.entities import Account, Composition, Entity, Recording, Room
from monitor.media import FINISHED_KEPT
from monitor.packing import unpack
from monitor.store.database import Database
from monitor.store.numbering import Numbering
from monitor.store.picture_rows import Row, on_conflict, slices_of
from monitor.store.ports import Picture
from monitor.store.spool import Spool

_SESSIONS_A_SLICE = 2_000

_decode_room = msgspec.json.Decoder(Room).decode
_decode_composition = msgspec.json.Decoder(Composition).decode
_decode_recording = msgspec.json.Decoder(Recording).decode
_decode_account = msgspec.json.Decoder(Account).decode


class SqlitePicture:
    """The saved picture on SQLite (`monitor.store.ports.PictureStore`)."""

    def __init__(self, database: Database, numbering: Numbering) -> None:
        self._database = database
        self._numbering = numbering

    async def save(self, entities: Iterable[Entity], through: int) -> None:
        """Save what changed, read slice by slice, together with the log id that the picture reaches."""
        try:
            with Spool(self._database.path.parent) as spool:
                for rows in chain(slices_of(entities), self._sessions()):
                    await asyncio.to_thread(spool.add, rows)
                await self._database.write(lambda writer: _save(writer, spool, through))
        except BaseException:
            self._numbering.take_back()
            raise
        self._numbering.is_saved()

    def _sessions(self) -> Iterator[dict[str, list[Row]]]:
        rows = self._numbering.take_dirty()
        while some := list(islice(rows, _SESSIONS_A_SLICE)):
            yield {"telemetry_sessions": some}

    async def load(self) -> Picture:
        """Return the picture as last saved."""
        read = self._database.read
        rooms = [
            _decode_room(unpack(body)) for (body,) in await read("SELECT body FROM rooms WHERE over_at_ms IS NULL")
        ]
        ended = [_decode_room(unpack(body)) for (body,) in await read(*_latest("rooms", ENDED_ROOMS_KEPT))]
        media: list[Composition | Recording] = []
        for table, decode in (("compositions", _decode_composition), ("recordings", _decode_recording)):
            media += [decode(body) for (body,) in await read(*_latest(table, FINISHED_KEPT))]
            media += [decode(body) for (body,) in await read(f"SELECT body FROM {table} WHERE over_at_ms IS NULL")]  # noqa: S608
        accounts = [_decode_account(body) for (body,) in await read("SELECT body FROM accounts")]
        ((through,),) = await read("SELECT through FROM checkpoint")
        return Picture(rooms, ended, media, accounts, through)


def _latest(table: str, limit: int) -> tuple[str, tuple[int]]:
    """Return the question for the rows that were over last, oldest first."""
    latest = f"SELECT body, over_at_ms FROM {table} WHERE over_at_ms IS NOT NULL ORDER BY over_at_ms DESC LIMIT ?"  # noqa: S608
    return f"SELECT body FROM ({latest}) ORDER BY over_at_ms", (limit,)  # noqa: S608


def _save(writer: sqlite3.Connection, spool: Spool, through: int) -> None:
    for table, columns, rows in spool.tables():
        marks = ", ".join("?" * columns)
        writer.executemany(f"INSERT INTO {table} VALUES ({marks}) {on_conflict(table)}", rows)  # noqa: S608
    writer.execute("UPDATE checkpoint SET through = ?", (through,))

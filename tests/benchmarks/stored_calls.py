"""Which calls are looked at by the benchmarks?  Some that were stored as daemons store them, and are over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from collectors.observations import Connection, ConnectionState
from monitor.live import Live
from monitor.store.ports import Entry
from monitor.store.sqlite import SqliteStore
from tests.benchmarks import machine
from tests.benchmarks.sessions import EVERY_MS, session
from tests.builders import batch, participant, room
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.stored import as_told

TOKEN = "an-access-token-of-benchmarks"

_DAY_MS = 86_400_000
_RECONNECTS_EVERY_MS = 120_000
_SEEDS = 1_000  # away from those of everybody else


async def keep_call(store: SqliteStore, number: int, people: int, samples: int, began_ms: int) -> str:
    """Store a call of so many people and samples each, with what happened in it; return its room's SID.

    Each of them reconnects every two minutes.
    """
    live, at = Live(), f"RM{number:032x}"
    live.apply(room(at_ms=began_ms, sid=at, room_name="the page", created_at_ms=began_ms))
    ended_ms = began_ms + samples * EVERY_MS
    entries = []
    for person in range(people):
        who, identity = f"PA{number + person:032x}", f"guest-{person}"
        live.apply(participant(who, room_sid=at, identity=identity, at_ms=began_ms, joined_at_ms=began_ms))
        whole = session(_SEEDS + person, began_ms, samples)
        seen = [each for pair in whole for each in pair if each is not None]
        told = [
            Connection(at_ms, ConnectionState.RECONNECTED) for at_ms in range(began_ms, ended_ms, _RECONNECTS_EVERY_MS)
        ]
        entries.append(Entry(batch(*seen, *told, reporter=who, room_sid=at, identity=identity, at_ms=began_ms)))
    live.apply(
        room("completed", sid=at, room_name="the page", at_ms=ended_ms, created_at_ms=began_ms, ended_at_ms=ended_ms)
    )
    live.calls.seal(lambda _: True)
    ids = await store.log.append(entries, began_ms)
    await store.picture.save(live.take_dirty(), ids[-1] or 0)
    await store.samples.settle(ended_ms + _DAY_MS, 0, as_told)
    await store.samples.merge(ended_ms + 2 * _DAY_MS)
    return at


@asynccontextmanager
async def served(database: Path, folder: Path) -> AsyncIterator[str]:
    """Serve a store by a daemon on the servers' core, to whoever shows `TOKEN`; yield its address."""
    private = free_port()
    given = settings(
        public={"port": free_port()},
        private={
            "port": private,
            "access_token": TOKEN,
            "costly_reads_per_minute": 60_000,
            "costly_reads_burst": 10_000,
        },
        storage={"path": str(database), "raw_days": 3650.0, "history_days": 3650.0},
        log={"level": "warning"},
    )
    process = await DaemonProcess.start(write_config(folder / "served.toml", given), machine.cores()[0])
    try:
        yield f"http://127.0.0.1:{private}"
    finally:
        await process.kill()

"""How small is history on disk, what does it cost to make, and how quickly is it back?

`make bench`, or `python -m tests.benchmarks.history --help`.

First, calls of 45 minutes are stored in a real file as browsers post them, three samples a post, and settled every ten
minutes of theirs, once while something else wants the event loop every millisecond; then the chunks of each participant
are put together.  What they take on disk is counted with everything that belongs to them, indexes and the half-empty
pages of tables included, and VictoriaMetrics is given the same samples as influx lines.  Then a daemon is started on a
store of many more samples and asked over HTTP.
"""

import argparse
import asyncio
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec

from collectors.events import RoomStatus
from collectors.telemetry import decode, kept
from monitor.commands.daemon import be_swift
from monitor.entities import Room
from monitor.history import chunks
from monitor.history.gathering import Gathering
from monitor.packing import pack
from monitor.store.ports import Client, Entry
from monitor.store.sqlite import SqliteStore
from tests.benchmarks import machine, servers
from tests.benchmarks.figures import Figure, Goal, judged
from tests.benchmarks.records import recorded
from tests.benchmarks.sessions import EVERY_MS, Session, session
from tests.benchmarks.stored_calls import TOKEN, keep_call, served
from tests.stored import as_told

PEOPLE_PER_ROOM = 4
SAMPLES = 270  # 45 minutes
SAMPLES_A_POST = 3
POSTS_A_COMMIT = 100
SETTLED_EVERY = 60  # samples of each: ten minutes
PAGE_NUMBER, PAGE_PEOPLE, PAGE_SAMPLES = 2**64, 8, 360  # the page of a room: an hour of eight people
ASKED = 200  # times, each question
COMPARED_ROOMS = 1_000
WATCHED = SETTLED_EVERY  # the samples that are settled second: is the loop held meanwhile?
WANTED_EVERY_S = 0.001  # the loop, while it settles
HOUR_MS, DAY_MS = 3_600_000, 86_400_000

_NO_GOAL = Goal(None, None)


class Made(NamedTuple):
    """What making history came to."""

    settle_us: float  # of CPU, a sample
    held_ms: float  # the longest that whoever wanted the loop meanwhile had to wait
    merge_us: float
    chunk_bytes: float  # on disk, a sample
    merged_bytes: float
    rollup_bytes: float


def sid(kind: str, number: int) -> str:
    """Return a SID."""
    return f"{kind}{number:032x}"


class Held:
    """How long the event loop is held, for whoever wants it every millisecond."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch the loop meanwhile."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        while True:
            before_s = time.perf_counter()
            await asyncio.sleep(WANTED_EVERY_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - before_s - WANTED_EVERY_S)


# --- how small, and at what cost? -------------------------------------------------------------------------


async def make(folder: Path, people: int) -> Made:
    """Store, settle and merge calls."""
    began_ms = int(time.time() * 1000) - SAMPLES * EVERY_MS
    sessions = [session(number, began_ms, SAMPLES) for number in range(people)]
    database = folder / "made.db"
    store = await SqliteStore.open(database)
    try:
        empty = footprint(database)
        settled_s, samples, held = 0.0, 0, Held()
        be_swift()  # as a daemon is, what the sessions are made of set aside
        for first in range(0, SAMPLES, SETTLED_EVERY):
            span = range(first, min(SAMPLES, first + SETTLED_EVERY))
            through = await _append(store, sessions, span)
            await store.picture.save([], through)
            if first == WATCHED:  # which costs, too
                async with held.watched():
                    await store.samples.settle(began_ms + 2 * SAMPLES * EVERY_MS, 0, as_told)
                continue
            before_s = time.process_time()
            samples += await store.samples.settle(began_ms + 2 * SAMPLES * EVERY_MS, 0, as_told)
            settled_s += time.process_time() - before_s
        packed = footprint(database).less(empty)
        before_s = time.process_time()
        await store.samples.merge(began_ms + 2 * SAMPLES * EVERY_MS)
        merged_s = time.process_time() - before_s
        merged = footprint(database).less(empty)
    finally:
        await store.close()
    rows = people * SAMPLES
    return Made(
        settled_s / samples * 1e6,
        held.longest_s * 1000,
        merged_s / samples * 1e6,
        packed.samples_bytes / rows,
        merged.samples_bytes / rows,
        merged.rollups_bytes / rows,
    )


async def _append(store: SqliteStore, sessions: Sequence[Session], span: range) -> int:
    entries: list[Entry] = []
    through = 0
    for first in span[::SAMPLES_A_POST]:
        for number, whole in enumerate(sessions):
            entries.append(_post(number, whole, first, min(span.stop, first + SAMPLES_A_POST)))
            if len(entries) == POSTS_A_COMMIT:
                through = (await store.log.append(entries, int(time.time() * 1000)))[-1] or through
                entries = []
    if entries:
        through = (await store.log.append(entries, int(time.time() * 1000)))[-1] or through
    return through


def _post(number: int, whole: Session, first: int, upto: int) -> Entry:
    events = [msgspec.to_builtins(each) for pair in whole[first:upto] for each in pair if each is not None]
    body = msgspec.json.encode(
        {
            "v": 1,
            "session": f"session-{number}",
            "seq": first // SAMPLES_A_POST,
            "room_sid": sid("RM", number // PEOPLE_PER_ROOM),
            "participant_sid": sid("PA", number),
            "identity": f"person-{number}",
            "client": {"browser": "Chrome 156", "os": "macOS 15"},
            "events": events,
        }
    )
    decoded = decode(body, int(time.time() * 1000))
    return Entry(decoded.batch, kept(decoded.batch, decoded, body))


class Footprint(NamedTuple):
    """What is on disk: all that belongs to samples, and what they add up to."""

    samples_bytes: int
    rollups_bytes: int

    def less(self, other: "Footprint") -> "Footprint":
        """Return what was added."""
        return Footprint(self.samples_bytes - other.samples_bytes, self.rollups_bytes - other.rollups_bytes)


def footprint(database: Path) -> Footprint:
    """Return what a store takes, by what is left of a copy when the rollups are deleted."""
    whole = used_bytes(database)
    copy = database.with_suffix(".copy")
    shutil.copy(database, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM rollups")
    without = used_bytes(copy)
    return Footprint(without, whole - without)


def used_bytes(database: Path) -> int:
    """Return what the pages in use take on disk."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free, page_bytes = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * page_bytes)


# --- what does the peer take? -----------------------------------------------------------------------------


async def peer_bytes(folder: Path, people: int) -> float:
    """Return what VictoriaMetrics takes on disk for a sample, once it has merged."""
    began_ms = int(time.time() * 1000) - SAMPLES * EVERY_MS
    async with servers.victoria_metrics(machine.cores()[0], folder) as server, aiohttp.ClientSession() as http:
        address = f"http://127.0.0.1:{server.port}"
        for number in range(people):
            lines = "\n".join(_lines(number, session(number, began_ms, SAMPLES)))
            async with http.post(f"{address}/write", params={"precision": "ms"}, data=lines) as answer:
                answer.raise_for_status()
        for path in ("/internal/force_flush", "/internal/force_merge"):
            async with http.get(address + path) as answer:
                answer.raise_for_status()
        await _until_merged(http, address)
    return await asyncio.to_thread(_files_bytes, folder) / (people * SAMPLES)


def _files_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


async def _until_merged(http: aiohttp.ClientSession, address: str) -> None:
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.5)
            async with http.get(f"{address}/metrics") as answer:
                text = await answer.text()
            active = [line for line in text.splitlines() if line.startswith("vm_active_merges{")]
            if active and all(line.endswith(" 0") for line in active):
                return


def _lines(number: int, whole: Session) -> Iterator[str]:
    who = f"media,room={sid('RM', number // PEOPLE_PER_ROOM)},participant={sid('PA', number)}"
    level = 5
    for media, changed in whole:
        level = level if changed is None else changed.level or 0
        values = [f"level={level}", f"rtt_ms={media.rtt_ms}"]
        for name, way in (("up", media.up), ("down", media.down)):
            fields = () if way is None else ("loss_ratio", "jitter_ms", "bitrate_bps", "fps")
            values += [f"{name}_{field}={getattr(way, field)}" for field in fields]
        values.append(f"down_freezes={media.down.freezes if media.down else 0}")
        yield f"{who} {','.join(values)} {media.at_ms}"


# --- how quickly is it back? ------------------------------------------------------------------------------


async def fill(database: Path, samples: int) -> tuple[int, int]:
    """Fill a store with calls that are over, a thousand of them on one day, and one whose page is looked at.

    Returns:
        How many people were in them, and when that day's calls began.
    """
    began_ms = int(time.time() * 1000) // HOUR_MS * HOUR_MS - 3 * DAY_MS
    store = await SqliteStore.open(database)
    try:
        await keep_call(store, PAGE_NUMBER, PAGE_PEOPLE, PAGE_SAMPLES, began_ms)
    finally:
        await store.close()
    people = max(PEOPLE_PER_ROOM, samples // SAMPLES)
    bodies = {at_ms: [_chunk(session(seed, at_ms, SAMPLES)) for seed in range(20)] for at_ms in _days(began_ms)}
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        ((last_chunk,),) = connection.execute("SELECT last_chunk FROM checkpoint")
        ((last_series,),) = connection.execute("SELECT coalesce(max(id), 0) FROM series")
        connection.executemany(
            "INSERT INTO series VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?)", _series(people, last_series, began_ms)
        )
        connection.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?)", _chunks(people, last_chunk, last_series, bodies, began_ms)
        )
        connection.executemany(
            "INSERT INTO rooms VALUES (?, ?, ?, NULL, 'completed', ?, ?, ?, 1)",
            (_room(n, began_ms) for n in range(people // PEOPLE_PER_ROOM)),
        )
        connection.execute("UPDATE checkpoint SET last_chunk = ?", (last_chunk + people,))
    store = await SqliteStore.open(database)
    try:
        await store.rollups.rebuild(began_ms, began_ms + HOUR_MS)
    finally:
        await store.close()
    return people, began_ms


def _days(began_ms: int) -> tuple[int, int]:
    """Return when the calls began that are compared, and all others."""
    return began_ms, began_ms - DAY_MS


def _began_ms(room_number: int, began_ms: int) -> int:
    return _days(began_ms)[room_number >= COMPARED_ROOMS]


def _room(number: int, began_ms: int) -> tuple[object, ...]:
    at_ms, name = _began_ms(number, began_ms) + number % 3_600_000, f"acme:{number}"
    over = Room(
        key=sid("RM", number),
        sid=sid("RM", number),
        name=name,
        status=RoomStatus.COMPLETED,
        created_at_ms=at_ms,
        ended_at_ms=at_ms + SAMPLES * EVERY_MS,
        is_live=False,
        is_sealed=True,
    )
    return (over.key, over.sid, name, at_ms, over.ended_at_ms, pack(msgspec.json.encode(over)))


def _series(people: int, last: int, began_ms: int) -> Iterator[tuple[object, ...]]:
    client = msgspec.json.encode(Client(browser="Chrome 156"))
    for n in range(people):
        at_room = n // PEOPLE_PER_ROOM
        names = (sid("RM", at_room), sid("PA", n), f"acme:{at_room}", f"person-{n}")
        at_ms = _began_ms(at_room, began_ms)
        yield (last + 1 + n, *names, at_ms, at_ms + SAMPLES * EVERY_MS, client)


def _chunks(
    people: int, last_chunk: int, last_series: int, bodies: Mapping[int, Sequence[bytes]], began_ms: int
) -> Iterator[tuple[object, ...]]:
    for n in range(people):
        at_ms = _began_ms(n // PEOPLE_PER_ROOM, began_ms)
        some = bodies[at_ms]
        yield (last_chunk + 1 + n, last_series + 1 + n, at_ms, at_ms + SAMPLES * EVERY_MS, SAMPLES, some[n % len(some)])


def _chunk(whole: Session) -> bytes:
    gathering = Gathering()
    gathering.add([each for pair in whole for each in pair if each is not None])
    return chunks.encode(gathering.samples(), chunks.THOROUGH)


async def answers(http: aiohttp.ClientSession, addresses: Sequence[str]) -> tuple[list[float], int]:
    """Ask one question after the other; return how long each answer took, in ms, and how large the largest was."""
    took_ms, largest = [], 0
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "identity"}
    for address in addresses:
        before_s = time.perf_counter()
        async with http.get(address, headers=headers) as answer:
            body = await answer.read()
            answer.raise_for_status()
        took_ms.append((time.perf_counter() - before_s) * 1000)
        largest = max(largest, len(body))
    return took_ms, largest


async def ask(folder: Path, samples: int) -> list[Figure]:
    """Fill a store and ask a daemon."""
    database = folder / "asked.db"
    before_s = time.perf_counter()
    people, began_ms = await fill(database, samples)
    print(f"filled a store of {people * SAMPLES:,} samples in {time.perf_counter() - before_s:.0f} s", flush=True)
    some = [n * people // ASKED for n in range(ASKED)]
    async with served(database, folder) as address, aiohttp.ClientSession() as http:
        api = f"{address}/api/v1"
        whole = f"limit={SAMPLES}"
        line = [
            f"{api}/rooms/{sid('RM', n // PEOPLE_PER_ROOM)}/samples?participant={sid('PA', n)}&{whole}" for n in some
        ]
        page = [f"{api}/rooms/{sid('RM', PAGE_NUMBER)}"] * (ASKED // 10)
        names = [f"{api}/rooms?text=person-{n}" for n in some] + [f"{api}/rooms?text={sid('PA', n)}" for n in some]
        day = f"from={began_ms - DAY_MS // 2}&to={began_ms + DAY_MS // 2}"
        p95 = [f"{api}/percentiles?metric=rtt_ms&quantiles=0.95&limit={COMPARED_ROOMS}&{day}"] * (ASKED // 10)
        exact = [f"{each}&exact=true" for each in p95[:3]]
        (line_ms, _), (page_ms, page_bytes), (name_ms, _), (p95_ms, _), (exact_ms, _) = [
            await answers(http, each) for each in (line, page, names, p95, exact)
        ]
    return [
        Figure("a participant's session, HTTP", line_ms, ".2f", "ms", Goal(2, None)),
        Figure(f"the page of a room, {PAGE_PEOPLE} people, an hour", page_ms, ".0f", "ms", Goal(150, None)),
        Figure("its size", [page_bytes / 1000], ".0f", "KB", Goal(200, None)),
        Figure("a search", name_ms, ".2f", "ms", Goal(100, None)),
        Figure(f"p95 of {COMPARED_ROOMS:,} rooms, a day", p95_ms, ".0f", "ms", Goal(40, None)),
        Figure("the same, exact", exact_ms, ".0f", "ms", Goal(1_000, None)),
    ]


async def measure(options: argparse.Namespace) -> list[Figure]:
    """Measure all of it."""
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-") as temporary:
        folder = Path(temporary)
        made = [await make(folder / f"made-{number}", options.people) for number in range(options.rounds)]
        figures = [
            Figure("settling, CPU", [each.settle_us for each in made], ".2f", "us/sample", Goal(1.5, None)),
            Figure("the loop held meanwhile, at most", [each.held_ms for each in made], ".1f", "ms", Goal(10, None)),
            Figure("putting together, CPU", [each.merge_us for each in made], ".2f", "us/sample", _NO_GOAL),
            Figure("ten-minute chunks", [each.chunk_bytes for each in made], ".1f", "bytes/sample", Goal(15, None)),
            Figure("put together", [each.merged_bytes for each in made], ".1f", "bytes/sample", Goal(15, 12)),
            Figure("rollups beside them", [each.rollup_bytes for each in made], ".1f", "bytes/sample", _NO_GOAL),
        ]
        if servers.has_victoria_metrics():
            peer = await peer_bytes(folder / "peer", options.people)
            figures.append(Figure("VictoriaMetrics", [peer], ".1f", "bytes/sample", _NO_GOAL))
        else:
            print(servers.SKIPPED, file=sys.stderr)
        return figures + await ask(folder, options.samples)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=3, metavar="N", help="of storing and settling (default: 3)")
    add("--people", type=int, default=400, metavar="N", help="whose calls are settled (default: 400)")
    add("--samples", type=int, default=5_000_000, metavar="N", help="in the store that is asked (default: 5000000)")
    options = parser.parse_args()
    print("How small is history on disk, what does it cost to make, and how quickly is it back?")
    print(machine.described(), flush=True)
    print(f"\n{judged(recorded('history', asyncio.run(measure(options))))}", flush=True)


if __name__ == "__main__":
    main()

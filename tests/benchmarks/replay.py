"""How quickly does a past go by again?

`make bench`, or `python -m tests.benchmarks.replay --help`.

A week of calls is put into a file as it stands once it is settled: rooms of four for half an hour, a sample every ten
seconds, Twilio's callbacks of who came and went, and one caller in ten whose connection is bad for minutes.  Then
`roomwatch rules replay` runs the shipped rules over it, on one core, start of the interpreter included.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from collectors.events import Event, ParticipantSeen, ParticipantStatus, RoomSeen, RoomStatus, Source
from monitor.entities import Room
from monitor.export.moments import moment_ms
from monitor.history import chunks
from monitor.history.gathering import Gathering
from monitor.history.samples import Samples
from monitor.packing import pack
from monitor.store.ports import Client
from monitor.store.rows import happenings_of, place_of
from monitor.store.sqlite import SqliteStore
from tests.benchmarks import machine
from tests.benchmarks.figures import Figure, Goal, judged
from tests.benchmarks.history import PEOPLE_PER_ROOM, sid
from tests.benchmarks.records import recorded
from tests.benchmarks.sessions import EVERY_MS, session
from tests.builders import ACCOUNT
from tests.conftest import settings
from tests.daemon_process import environment, write_config

BEGIN, END = "2025-03-03", "2025-03-10"
SHAPED_MS = 1_700_000_000_000
SAMPLES = 180  # half an hour
SHAPES = 20  # different sessions; everybody's is one of them, at a time of their own
BAD_SHAPES = 2
_NO_GOAL = Goal(None, None)


class Ran(NamedTuple):
    """What a replay came to."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


# --- a week ---------------------------------------------------------------------------------------------------


async def _empty(database: Path) -> None:
    await (await SqliteStore.open(database)).close()


def fill(database: Path, people: int) -> int:
    """Put a week of calls into a new file; return how many samples they have."""
    rooms = -(-people // PEOPLE_PER_ROOM)
    begin_ms, end_ms = moment_ms(BEGIN), moment_ms(END)
    began_ms = np.linspace(begin_ms, end_ms - SAMPLES * EVERY_MS, rooms).astype(int).tolist()
    shapes = [_shape(number) for number in range(SHAPES)]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _series(people, began_ms))
        connection.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?)", _chunks(people, began_ms, shapes))
        connection.executemany("INSERT INTO rooms VALUES (?, ?, ?, ?, 'completed', ?, ?, ?, 1)", _rooms(began_ms))
        connection.executemany(
            "INSERT INTO events (at_ms, room, kind, source, participant, body) VALUES (?, ?, ?, ?, ?, ?)",
            _events(people, began_ms),
        )
        connection.execute("UPDATE checkpoint SET last_chunk = ?", (people,))
    return sum(shapes[number % SHAPES].count for number in range(people))


def _shape(number: int) -> Samples:
    gathering = Gathering()
    gathering.add([each for pair in session(number, SHAPED_MS, SAMPLES) for each in pair if each is not None])
    samples = gathering.samples()
    if number < BAD_SHAPES:  # bad for a minute in five
        at_ms = np.sort(np.concatenate([samples.at_ms[6::30], samples.at_ms[12::30]]))
        levels = np.column_stack([np.resize([1.0, 4.0], len(at_ms)), np.full(len(at_ms), np.nan)])
        return replace(samples, level_at_ms=at_ms, levels=levels)
    return samples


def _series(people: int, began_ms: Sequence[int]) -> Iterator[tuple[object, ...]]:
    client = msgspec.json.encode(Client(browser="Chrome 156"))
    for n in range(people):
        room = n // PEOPLE_PER_ROOM
        span = (began_ms[room] - 1_000, began_ms[room] + SAMPLES * EVERY_MS)
        yield (1 + n, sid("RM", room), sid("PA", n), f"acme:{room}", f"person-{n}", ACCOUNT, *span, client)


def _chunks(people: int, began_ms: Sequence[int], shapes: Sequence[Samples]) -> Iterator[tuple[object, ...]]:
    for n in range(people):
        shape, at_ms = shapes[n % SHAPES], began_ms[n // PEOPLE_PER_ROOM]
        later_ms = at_ms - SHAPED_MS
        samples = replace(shape, at_ms=shape.at_ms + later_ms, level_at_ms=shape.level_at_ms + later_ms)
        yield (1 + n, 1 + n, *samples.span_ms, samples.count, chunks.encode(samples))


def _rooms(began_ms: Sequence[int]) -> Iterator[tuple[object, ...]]:
    for number, at_ms in enumerate(began_ms):
        key, name, ended_ms = sid("RM", number), f"acme:{number}", at_ms + SAMPLES * EVERY_MS
        over = Room(
            key=key,
            sid=key,
            name=name,
            status=RoomStatus.COMPLETED,
            created_at_ms=at_ms,
            ended_at_ms=ended_ms,
            empty_since_ms=ended_ms,
            is_live=False,
            is_sealed=True,
        )
        yield (key, key, name, ACCOUNT, at_ms, ended_ms, pack(msgspec.json.encode(over)))


def _events(people: int, began_ms: Sequence[int]) -> Iterator[tuple[object, ...]]:
    for event in _told(people, began_ms):
        place = place_of(event)
        for happening in happenings_of(event, place):
            yield (happening.at_ms, place.room, *happening[1:])


def _told(people: int, began_ms: Sequence[int]) -> Iterator[Event]:
    for number, at_ms in enumerate(began_ms):
        key, name, ended_ms = sid("RM", number), f"acme:{number}", at_ms + SAMPLES * EVERY_MS
        of_room = {"account_sid": ACCOUNT, "room_name": name}
        yield RoomSeen(at_ms, Source.CALLBACK, key, RoomStatus.IN_PROGRESS, created_at_ms=at_ms, **of_room)
        for n in range(number * PEOPLE_PER_ROOM, min(people, (number + 1) * PEOPLE_PER_ROOM)):
            who = (Source.CALLBACK, key, sid("PA", n))
            about = {**of_room, "identity": f"person-{n}"}
            yield ParticipantSeen(at_ms, *who, ParticipantStatus.CONNECTED, joined_at_ms=at_ms, **about)
            yield ParticipantSeen(ended_ms, *who, ParticipantStatus.DISCONNECTED, left_at_ms=ended_ms, **about)
        yield RoomSeen(ended_ms, Source.CALLBACK, key, RoomStatus.COMPLETED, ended_at_ms=ended_ms, **of_room)


# --- again ----------------------------------------------------------------------------------------------------


def replayed(config: Path, core: int) -> Ran:
    """Replay the week on one core."""
    command = [sys.executable, "-m", "monitor", "rules", "replay", "--from", BEGIN, "--to", END]
    output = config.with_suffix(".out")
    before_s = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [*command, "--config", str(config)],
        environment(),
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)],
    )
    os.sched_setaffinity(child, {core})
    _, status, used = os.wait4(child, 0)
    wall_s = time.perf_counter() - before_s
    if status:
        raise SystemExit(f"expected the replay to end with 0, got {os.waitstatus_to_exitcode(status)}")
    return Ran(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, output.read_text(encoding="utf-8"))


def measure(people: int, rounds: int) -> list[Figure]:
    """Fill a file and replay it some times."""
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-") as temporary:
        database = Path(temporary) / "week.db"
        asyncio.run(_empty(database))
        before_s = time.perf_counter()
        samples = fill(database, people)
        print(f"filled a week of {people:,} people, {samples:,} samples, in {time.perf_counter() - before_s:.0f} s")
        config = write_config(Path(temporary) / "week.toml", settings(storage={"path": str(database)}))
        ran = [replayed(config, machine.cores()[0]) for _ in range(rounds)]
    print(ran[0].said[ran[0].said.index("From ") :], flush=True)
    week_s = (moment_ms(END) - moment_ms(BEGIN)) / 1000
    wall_s = [each.wall_s for each in ran]
    return [
        Figure(f"a week of {people:,} people", wall_s, ".1f", "s", Goal(60, None)),
        Figure("its CPU", [each.cpu_s for each in ran], ".1f", "s", _NO_GOAL),
        Figure("as fast as it happened", [week_s / each for each in wall_s], ",.0f", "times", _NO_GOAL),
        Figure("samples gone through", [samples / each / 1000 for each in wall_s], ",.0f", "thousand/s", _NO_GOAL),
        Figure("memory, at most", [each.peak_mb for each in ran], ".0f", "MB", _NO_GOAL),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=3, metavar="N", help="of replaying (default: 3)")
    add("--people", type=int, default=10_000, metavar="N", help="in that week (default: 10000)")
    options = parser.parse_args()
    print("How quickly does a past go by again?")
    print(machine.described(), flush=True)
    print(f"\n{judged(recorded('replay', measure(options.people, options.rounds)))}", flush=True)


if __name__ == "__main__":
    main()

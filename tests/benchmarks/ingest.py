"""What does a telemetry post cost, against a handler that does nothing with it?

Both servers run on core 0, the load on core 1, in turns; the figure is the server's CPU time for a request, and its
ratio to the floor of the same round, of which the median is shown.  The daemon does all it ever does: it authorises,
validates, stores durably (`synchronous = "full"`), keeps the live picture, counts, and evaluates rules.

    python -m tests.benchmarks.ingest [--rounds 6] [--seconds 1.5] [--connections 32]
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple

import uvloop

KEY = "an-ingest-key-of-the-benchmark"
PARTICIPANTS, ROOMS = 200, 50
SIZES = (1, 50)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Run(NamedTuple):
    """One server under one kind of load for a while."""

    requests: int
    wall_s: float
    server_cpu_s: float
    load_cpu_s: float

    @property
    def cpu_us(self) -> float:
        return self.server_cpu_s / self.requests * 1e6


# --- the load ---


def events(size: int) -> list[dict[str, object]]:
    """Return what a browser collects between two posts: mostly media statistics, now and then a level."""
    now_ms = int(time.time() * 1000)
    up = {"loss_ratio": 0.012, "jitter_ms": 4.0, "bitrate_bps": 812000, "fps": 24, "width": 640, "height": 360}
    down = {"loss_ratio": 0.0, "jitter_ms": 8.0, "bitrate_bps": 640000, "fps": 24, "freezes": 0}
    stats = {"type": "media_stats", "interval_ms": 2000, "rtt_ms": 61.0, "up": up, "down": down}
    quality = {"type": "network_quality", "level": 4, "stats": None}
    return [{**(quality if n % 10 == 9 else stats), "at": now_ms + n} for n in range(size)]


def requests(size: int) -> Iterator[bytes]:
    """Return requests without end; each is a post that nobody has sent before."""
    session = "S" * 16
    heads = []
    for n in range(PARTICIPANTS):
        post = {
            "v": 1,
            "session": session,
            "seq": 1,
            "sent_at": int(time.time() * 1000),
            "room_sid": f"RM{n % ROOMS:032x}",
            "room_name": f"acme:class:{n % ROOMS}",
            "participant_sid": f"PA{n:032x}",
            "identity": f"person {n}",
            "events": events(size),
        }
        body = json.dumps(post, separators=(",", ":"))
        head = (
            f"POST /v1/telemetry HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        heads.append(tuple(part.encode() for part in (head + body).split(session)))
    for number, (before, after) in zip(count(time.monotonic_ns() % 10**9 * 10**6), cycle(heads), strict=False):
        yield b"%s%016d%s" % (before, number, after)


class Sender(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, supply: Iterator[bytes], until: float) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._supply = supply
        self._until = until
        self._answered = 0
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(next(self._supply))

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        if not end:
            return
        _, found, length = head.lower().partition(b"content-length:")
        if found and len(body) < int(length.partition(b"\r")[0]):
            return
        if not head.startswith((b"HTTP/1.1 202", b"HTTP/1.1 204")):
            self.done.set_exception(RuntimeError(f"expected 202 or 204, got {self._unread[:200]!r}"))
            return
        self._unread = b""
        self._answered += 1
        if time.perf_counter() < self._until:
            self._transport.write(next(self._supply))
        else:
            self._transport.close()
            self.done.set_result(self._answered)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server hung up: {error}"))


async def load(port: int, pid: int, size: int, seconds: float, connections: int) -> Run:
    """Load one server, and return what it cost."""
    supply, loop = requests(size), asyncio.get_running_loop()
    next(supply)
    before, own, started = cpu_s(pid), time.process_time(), time.perf_counter()
    until = started + seconds
    senders = [
        (await loop.create_connection(lambda: Sender(supply, until), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    answered = sum(await asyncio.gather(*(sender.done for sender in senders)))
    wall_s = time.perf_counter() - started
    return Run(answered, wall_s, cpu_s(pid) - before, time.process_time() - own)


# --- the servers ---


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def server(arguments: list[str], port: int) -> Iterator[int]:
    """Run a server on core 0 and return its pid once it listens."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
    )
    os.sched_setaffinity(process.pid, {0})
    try:
        for _ in range(200):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"expected {arguments[1]} to serve, it ended with {process.returncode}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def configuration(folder: Path, port: int) -> Path:
    file = folder / "config.toml"
    file.write_text(
        f"""
[public]
port = {port}
[private]
port = 0
[storage]
path = "{folder}/roomwatch.db"
[telemetry]
posts_per_s = 1e9
burst_posts = 1000000000
[[telemetry.ingest_keys]]
name = "benchmark"
key = "{KEY}"
[log]
level = "error"
"""
    )
    return file


# --- the report ---


def main() -> None:
    options = arguments()
    cores = sorted(os.sched_getaffinity(0))
    print(f"Python {platform.python_version()}, {len(cores)} cores: the server on the first, the load on the last")
    os.sched_setaffinity(0, {cores[-1]})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roomwatch-bench-")))
        floor_port, port = free_port(), free_port()
        floor = stack.enter_context(server(["-m", "tests.benchmarks.floor", str(floor_port)], floor_port))
        daemon = stack.enter_context(
            server(["-m", "monitor", "run", "--config", str(configuration(folder, port))], port)
        )
        for size in SIZES:
            rounds = []
            for number in range(options.rounds):
                print(f"\r{size}-event posts, round {number + 1} of {options.rounds} ", end="", flush=True)
                pair = [
                    uvloop.run(load(at, pid, size, options.seconds, options.connections))
                    for at, pid in ((floor_port, floor), (port, daemon))
                ]
                rounds.append(pair)
            report(size, rounds)


def report(size: int, rounds: list[list[Run]]) -> None:
    floors, daemons = zip(*rounds, strict=True)
    ratios = [ours.cpu_us / floor.cpu_us for floor, ours in rounds]
    print(f"\r{size}-event posts: CPU against the bare handler {statistics.median(ratios):.2f} x", end="")
    print(f"   (rounds: {min(ratios):.2f} to {max(ratios):.2f})")
    print(f"  {'':<14}{'CPU us/post':>12}{'posts/s/core':>14}{'events/s/core':>15}{'seen posts/s':>14}{'load CPU':>10}")
    for name, runs in (("bare aiohttp", floors), ("roomwatch", daemons)):
        cpu_us = statistics.median(run.cpu_us for run in runs)
        seen = statistics.median(run.requests / run.wall_s for run in runs)
        busy = statistics.median(run.load_cpu_s / run.wall_s for run in runs)
        per_core = 1e6 / cpu_us
        print(f"  {name:<14}{cpu_us:>12.1f}{per_core:>14,.0f}{per_core * size:>15,.0f}{seen:>14,.0f}{busy:>10.0%}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what a telemetry post costs.")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1.5, help="for each server in each round")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Who asks?  Browsers on keep-alive connections, each with one post on its way at a time.

`python -m tests.benchmarks.load JSON` does what the JSON of a `Load` asks for, and prints as JSON what that came to.
It runs in a process of its own, and says how much of a core it needed: were it all of one, it would have measured
itself.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import cast

import msgspec
import uvloop
from msgspec import Struct
from msgspec.structs import replace

from tests.benchmarks.machine import TICK_S, cpu_s, everybody_cpu_s
from tests.benchmarks.posts import Posts, in_turn, once_each
from tests.daemon_process import environment, pinned

CONNECTIONS = 32
WARM_UP_S = 0.3
TAKEN = (202, 204)

_ENDS_WITHIN_S = 180.0


class Load(Struct, frozen=True, kw_only=True):
    """How to load which server; without seconds everybody posts once, and that is that."""

    port: int
    pid: int
    posts: Posts
    seconds: float | None = None
    most_seconds: float = 600.0  # for everybody to have posted once
    begun: Sequence[int] = (0,) * CONNECTIONS  # of the requests of each connection, how many an earlier run has sent


class Run(Struct, frozen=True):
    """What a load came to."""

    posts: int
    failed: int
    wall_s: float
    server_cpu_s: float
    own_cpu_s: float
    foreign_cpu_s: float  # of neither
    begun: Sequence[int] = ()  # for the next load, to go on where this one ended

    @property
    def cpu_us(self) -> float:
        """Return the CPU time of the server for each post; less than a tick of the kernel's counts as one."""
        return max(self.server_cpu_s, TICK_S) / self.posts * 1e6

    @property
    def generator_ratio(self) -> float:
        """Return how much of a core the load needed."""
        return self.own_cpu_s / self.wall_s

    @property
    def foreign_ratio(self) -> float:
        """Return how much of a core others took meanwhile."""
        return self.foreign_cpu_s / self.wall_s


def foreign(runs: Iterable[Run]) -> str:
    """Return how much the neighbours took, in words."""
    ratio = median(run.foreign_ratio for run in runs)
    return f"other processes took {ratio:.0%} of a core meanwhile; beyond a tenth, measure again when it is quiet"


class Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, and sends the next."""

    def __init__(self, requests: Iterator[bytes], answered: Counter[int], begun: int) -> None:
        self._requests = requests
        self.begun = begun
        self._answered = answered
        self._buffer = b""
        self.is_over = False
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        status = status_of(self._buffer)
        if status is None:
            return
        self._buffer = b""
        self._answered[status] += 1
        self._ask()

    def _ask(self) -> None:
        request = None if self.is_over else next(self._requests, None)
        if request is not None:
            self.begun += 1
            self._transport.write(request)
            return
        self.is_over = True
        self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.is_over:
            self._answered[0] += 1
        self.closed.set_result(None)


def status_of(answer: bytes) -> int | None:
    """Return the status of an answer, or None while it is not whole."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator or len(body) < _content_length(head):
        return None
    return int(head[9:12])


def _content_length(head: bytes) -> int:
    _, name, rest = head.partition(b"Content-Length: ")
    return int(rest.partition(b"\r\n")[0]) if name else 0


class Meter:
    """Measures from its making to `read`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = self._now()

    def _now(self) -> tuple[float, float, float, float]:
        return time.perf_counter(), cpu_s(self._pid), time.process_time(), everybody_cpu_s()

    def read(self, answered: Counter[int]) -> Run:
        """Return what it came to."""
        wall_s, server_s, own_s, everybody_s = (now - then for now, then in zip(self._now(), self._began, strict=True))
        taken = sum(answered[status] for status in TAKEN)
        foreign_s = max(0.0, everybody_s - server_s - own_s)
        return Run(taken, answered.total() - taken, wall_s, server_s, own_s, foreign_s)


async def load(task: Load) -> Run:
    """Load the server and return what it came to."""
    everybody, answered = task.posts.browsers(), Counter[int]()
    meter = Meter(task.pid)
    requests = in_turn if task.seconds else once_each
    makers = (
        lambda n=n, begun=begun: Connection(requests(everybody[n::CONNECTIONS], begun), answered, begun)
        for n, begun in enumerate(task.begun)
    )
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(maker, "127.0.0.1", task.port))[1] for maker in makers]
    if task.seconds is not None:
        await asyncio.sleep(WARM_UP_S)
        answered.clear()
        meter = Meter(task.pid)
        await asyncio.sleep(task.seconds)
        run = meter.read(answered)
        for connection in connections:
            connection.is_over = True
    async with asyncio.timeout(task.most_seconds):
        await asyncio.gather(*(connection.closed for connection in connections))
    begun = [connection.begun for connection in connections]
    return replace(meter.read(answered) if task.seconds is None else run, begun=begun)


async def loaded(task: Load, core: int) -> Run:
    """Load a server from a process on another core and return what that came to."""
    at_most_s = _ENDS_WITHIN_S + (task.most_seconds if task.seconds is None else task.seconds)
    output = await told("tests.benchmarks.load", task, core, at_most_s)
    run = msgspec.json.decode(output, type=Run)
    if run.failed or not run.posts:
        raise SystemExit(f"expected every post to be taken, got {run}")
    return run


async def told(module: str, task: Struct, core: int, at_most_s: float) -> bytes:
    """Let a process on one core do a task, and return what it printed."""
    command = pinned((sys.executable, "-m", module, msgspec.json.encode(task).decode()), core)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    try:
        async with asyncio.timeout(at_most_s):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise SystemExit(f"expected the load to end well, got exit code {process.returncode} of {module}")
    return output


def main() -> None:
    """Run, and print the result."""
    task = msgspec.json.decode(sys.argv[1], type=Load)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(msgspec.json.encode(runner.run(load(task))).decode())


if __name__ == "__main__":
    main()

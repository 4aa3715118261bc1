"""How long does each post take, if posts do not wait for one another?

`python -m tests.benchmarks.open_loop JSON` does what the JSON of a `Schedule` asks for, and prints as JSON what that
came to.  Posts arrive at random moments that are fixed beforehand, like those of people who know nothing of each other,
and the clock of each runs from its moment on, whether a connection was free for it or not: a server that stalls is
charged for all who came meanwhile.

It looks at its sockets without ever sleeping, since a timer would add its own milliseconds, and says how late it was
itself.
"""

import gc
import math
import random
import select
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice

import msgspec
from msgspec import Struct

from tests.benchmarks.load import TAKEN, Meter, Run, status_of, told
from tests.benchmarks.posts import Posts, in_turn

CONNECTIONS = 64
WARM_UP_S = 0.3
LAST_ANSWERS_WITHIN_S = 2.0

_ENDS_WITHIN_S = 60.0
_ANSWER_BYTES = 65_536


class Schedule(Struct, frozen=True, kw_only=True):
    """How often to post, and to which server."""

    port: int
    pid: int
    posts: Posts
    posts_per_s: float
    seconds: float


class Latencies(Struct, frozen=True):
    """How long posts took from their scheduled moment; those never answered took as long as one waited for them."""

    run: Run
    p50_ms: float
    p99_ms: float
    unanswered: int
    lag_p99_ms: float  # how late the load itself was, with a connection at hand


class Line:
    """One connection, and the post that is on its way there."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.answer = b""
        self.arrived_at_s = 0.0
        self.free_since_s = 0.0

    def read(self) -> int | None:
        """Return the status of the answer, or None while it is not whole."""
        data = self.socket.recv(_ANSWER_BYTES)
        if not data:
            raise SystemExit("expected an answer, got the end of the connection")
        self.answer += data
        status = status_of(self.answer)
        if status is not None:
            self.answer = b""
        return status


class Loop:
    """Sends each post at its moment, and notes when it is answered."""

    def __init__(self, port: int) -> None:
        self._lines = {line.socket.fileno(): line for line in (Line(port) for _ in range(CONNECTIONS))}
        self._free = deque(self._lines.values())
        self._epoll = select.epoll()
        for number in self._lines:
            self._epoll.register(number, select.EPOLLIN)
        self.answered: Counter[int] = Counter()
        self.latencies_s: list[float] = []
        self.lags_s: list[float] = []

    def run(self, arrivals_s: Sequence[float], requests: Sequence[bytes]) -> None:
        """Go through the whole schedule."""
        began_s, coming, total = time.perf_counter(), 0, len(arrivals_s)
        give_up_s = arrivals_s[-1] + LAST_ANSWERS_WITHIN_S
        while self.answered.total() < total and (now_s := time.perf_counter() - began_s) < give_up_s:
            while coming < total and arrivals_s[coming] <= now_s and self._free:
                self._send(requests[coming], arrivals_s[coming], time.perf_counter() - began_s)
                coming += 1
            for number, _ in self._epoll.poll(0):
                self._read(self._lines[number], time.perf_counter() - began_s)
        self._give_up([*(line.arrived_at_s for line in self._busy()), *arrivals_s[coming:]], give_up_s)

    def _send(self, request: bytes, arrived_at_s: float, now_s: float) -> None:
        line = self._free.popleft()
        line.arrived_at_s = arrived_at_s
        self.lags_s.append(now_s - max(arrived_at_s, line.free_since_s))
        if line.socket.send(request) < len(request):
            raise SystemExit("expected room for a whole request on an idle connection, got too little")

    def _read(self, line: Line, now_s: float) -> None:
        status = line.read()
        if status is None:
            return
        self.answered[status] += 1
        self._note(line.arrived_at_s, now_s)
        line.free_since_s = now_s
        self._free.append(line)

    def _note(self, arrived_at_s: float, now_s: float) -> None:
        if arrived_at_s >= WARM_UP_S:
            self.latencies_s.append(now_s - arrived_at_s)

    def _busy(self) -> Iterator[Line]:
        free = set(self._free)
        return (line for line in self._lines.values() if line not in free)

    def _give_up(self, waiting_since_s: Sequence[float], now_s: float) -> None:
        self.unanswered = len(waiting_since_s)
        for arrived_at_s in waiting_since_s:
            self._note(arrived_at_s, now_s)


def follow(schedule: Schedule) -> Latencies:
    """Post as scheduled, and return how long it took."""
    chance = random.Random()
    seconds = WARM_UP_S + schedule.seconds
    gaps_s = (chance.expovariate(schedule.posts_per_s) for _ in range(round(schedule.posts_per_s * seconds)))
    arrivals_s = list(accumulate(gaps_s))
    requests = list(islice(in_turn(schedule.posts.browsers()), len(arrivals_s)))
    loop = Loop(schedule.port)
    gc.collect()
    gc.disable()  # it would be a delay of our own
    meter = Meter(schedule.pid)
    loop.run(arrivals_s, requests)
    run = meter.read(loop.answered)
    p50_s, p99_s = percentile(loop.latencies_s, 0.5), percentile(loop.latencies_s, 0.99)
    return Latencies(run, p50_s * 1000, p99_s * 1000, loop.unanswered, percentile(loop.lags_s, 0.99) * 1000)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which this part of the values lies."""
    return sorted(values)[math.ceil(part * len(values)) - 1]


async def followed(schedule: Schedule, core: int) -> Latencies:
    """Follow a schedule in a process on another core, and return what it came to."""
    output = await told("tests.benchmarks.open_loop", schedule, core, schedule.seconds + _ENDS_WITHIN_S)
    latencies = msgspec.json.decode(output, type=Latencies)
    if latencies.run.failed or not latencies.run.posts:
        raise SystemExit(f"expected every answer to be one of {TAKEN}, got {latencies}")
    return latencies


def main() -> None:
    """Follow the schedule, and print the result."""
    print(msgspec.json.encode(follow(msgspec.json.decode(sys.argv[1], type=Schedule))).decode())


if __name__ == "__main__":
    main()

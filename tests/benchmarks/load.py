"""Who asks?  Browsers on keep-alive connections, each with one post on its way at a time.

`python -m tests.benchmarks.load PORT PID EVENTS SECONDS` loads the server PID that listens on PORT, and prints as JSON
what that came to.  It runs in a process of its own, and says how much of a core it needed: were it all of one, it
would have measured itself.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

from tests.benchmarks.bodies import Browser, browsers
from tests.builders import INGEST_KEY

CONNECTIONS = 32
WARM_UP_S = 0.3

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_HEAD = (
    "POST /v1/telemetry HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://app.example.com\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36\r\nAccept: */*\r\n"
    f"Authorization: Bearer {INGEST_KEY}\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
).encode()


class Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, and sends the next."""

    def __init__(self, requests: Iterator[bytes], answered: Counter[int]) -> None:
        self._requests = requests
        self._answered = answered
        self._buffer = b""
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        self._buffer = b""
        self._answered[int(head[9:12])] += 1
        if self.is_over:
            self._transport.close()
        else:
            self._transport.write(next(self._requests))

    def connection_lost(self, _: Exception | None) -> None:
        if not self.is_over:
            self._answered[0] += 1


def _content_length(head: bytes) -> int:
    _, name, rest = head.partition(b"Content-Length: ")
    return int(rest.partition(b"\r\n")[0]) if name else 0


def requests(group: list[Browser]) -> Iterator[bytes]:
    """Return the requests of several browsers in turn."""
    for posts in cycle([browser.posts() for browser in group]):
        body = next(posts)
        yield _HEAD % len(body) + body


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, all its threads together, in itself and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


async def load(port: int, pid: int, events: int, seconds: float) -> dict[str, float]:
    """Load the server and return what it came to."""
    everybody, answered = browsers(events), Counter[int]()
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(_maker(everybody[n::CONNECTIONS], answered), "127.0.0.1", port))[1]
        for n in range(CONNECTIONS)
    ]
    await asyncio.sleep(WARM_UP_S)
    answered.clear()
    began, server_s, own_s = time.perf_counter(), cpu_s(pid), time.process_time()
    await asyncio.sleep(seconds)
    taken = answered[202] + answered[204]
    result = {
        "requests": taken,
        "failed": answered.total() - taken,
        "wall_s": time.perf_counter() - began,
        "server_cpu_s": cpu_s(pid) - server_s,
        "own_cpu_s": time.process_time() - own_s,
    }
    for connection in connections:
        connection.is_over = True
    await asyncio.sleep(0.1)  # the last answers
    return result


def _maker(group: list[Browser], answered: Counter[int]):
    return lambda: Connection(requests(group), answered)


def main() -> None:
    """Run, and print the result."""
    port, pid, events, seconds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(load(port, pid, events, seconds))))


if __name__ == "__main__":
    main()

"""The demo at work, and everything that it prints."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tests.daemon_process import free_port
from tests.e2e.installation import expositions
from tests.e2e.replicated_demo import BEGINS
from tests.e2e.servers import ON_CLUSTER, SERVERS
from tests.e2e.tools import HANGS_AFTER_S, running


class Line(NamedTuple):
    """A line that a program printed, and how long after its start."""

    text: str
    after_s: float


class Demo:
    """`python -m monitor demo` at work, and everything that it prints."""

    def __init__(self, process: subprocess.Popen[str], private_port: int, *, is_cluster: bool = False) -> None:
        self.private = f"http://127.0.0.1:{private_port}"
        self.is_cluster = is_cluster
        self.lines: list[Line] = []
        self._started = time.monotonic()
        self._process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._started

    def find(self, pattern: str) -> Line | None:
        """Return the first line that the pattern is found in, if there is one by now."""
        assert self._process.poll() is None, f"the demo ended: {self.said()}"
        return next((line for line in list(self.lines) if re.search(pattern, line.text)), None)

    def wait_for(self, pattern: str, within_s: float = HANGS_AFTER_S) -> Line:
        """Return the first line that the pattern is found in, waiting until the demo is `within_s` old."""
        while (line := self.find(pattern)) is None:
            assert self.age_s < within_s, f"expected {pattern!r} within {within_s} s, got: {self.said()}"
            time.sleep(0.1)
        return line

    def one_time_address(self) -> str:
        line = self.wait_for("works once").text
        return re.search(r"http://\S+", line)[0]

    @property
    def processes(self) -> list[str]:
        """Where each process of it is asked that is a daemon, and no balancer before it."""
        found = [re.fullmatch(r"Replica: +(\S+)", line.text) for line in list(self.lines)]
        return [each[1] for each in found if each] or [self.private]

    @property
    def expositions(self) -> Sequence[str]:
        """The pages of metrics that together say everything."""
        return expositions(self.processes, is_cluster=self.is_cluster)

    def said(self) -> str:
        return "\n" + "\n".join(f"{line.after_s:6.1f} s  {line.text}" for line in self.lines)

    def _read(self) -> None:
        for line in self._process.stdout:
            if line.rstrip() == BEGINS:  # on one machine it is nearly at once
                self._started = time.monotonic()
            self.lines.append(Line(line.rstrip(), self.age_s))


@contextmanager
def demo() -> Iterator[Demo]:
    """Run the demo as a person would, on free ports; where there is to be a cluster, on one."""
    private, public = free_port(), free_port()
    ports = ["--port", str(private), "--public-port", str(public)]
    command = [sys.executable, "-m", "monitor", "demo", *ports]
    if ON_CLUSTER:
        databases = json.dumps(SERVERS.databases())
        command = [sys.executable, "-m", "tests.e2e.replicated_demo", *ports, "--databases", databases]
    with running(command) as process:
        it = Demo(process, private, is_cluster=ON_CLUSTER)
        it.wait_for("is running")
        yield it

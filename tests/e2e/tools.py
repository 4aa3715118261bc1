"""Programs that are not ours: found, started on ports of their own, and ended by whoever started them."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

ROOT = Path(__file__).parents[2]
#: Nothing is measured by how long is waited: this only ends what hangs, and a busy machine takes its time.
HANGS_AFTER_S = 120.0

PACKAGES = "prometheus prometheus-alertmanager chromium nginx-light caddy systemd"


def tool(name: str, packages: str = PACKAGES) -> str:
    """Return the path of a program; where it is missing, skip the test, but fail it where a change is decided upon."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")  # where not everybody looks
    return path or missing(name, packages)


def missing(name: str, packages: str = PACKAGES) -> NoReturn:
    """Skip the test for want of a program or a library; where a change is decided upon, fail it."""
    wanted = f"expected {name}, found none; on Debian: apt-get install {packages}"
    pytest.fail(wanted) if os.environ.get("CI") else pytest.skip(wanted)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program, and end it, kindly at first."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


class Line(NamedTuple):
    """A line that a program printed, and how long after its start."""

    text: str
    after_s: float


class Demo:
    """`python -m monitor demo` at work, and everything that it prints."""

    def __init__(self, process: subprocess.Popen[str], private_port: int) -> None:
        self.private = f"http://127.0.0.1:{private_port}"
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

    def said(self) -> str:
        return "\n" + "\n".join(f"{line.after_s:6.1f} s  {line.text}" for line in self.lines)

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(Line(line.rstrip(), self.age_s))


@contextmanager
def demo() -> Iterator[Demo]:
    """Run the demo as a person would, on free ports."""
    private, public = free_port(), free_port()
    command = [sys.executable, "-m", "monitor", "demo", "--port", str(private), "--public-port", str(public)]
    with running(command) as process:
        it = Demo(process, private)
        it.wait_for("is running")
        yield it

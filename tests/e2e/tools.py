"""Programs that are not ours: found, started on ports of their own, and ended by whoever started them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

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

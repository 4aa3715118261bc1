"""What systemd itself thinks of our units, and whether the daemon can live as they have it live."""

import asyncio
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.daemon_process import environment
from tests.e2e.installation import installed
from tests.e2e.tools import HANGS_AFTER_S, ROOT, running, tool

pytestmark = pytest.mark.e2e

UNITS = ROOT / "deploy" / "systemd"
EXPOSURE = 15  # of 100: what a service can do to its machine if it is taken over

# MemoryDenyWriteExecute= by the kernel's own means, where it is new enough, and NoNewPrivileges=.
CONFINED = """
import ctypes, os, sys
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0
if prctl(65, 1, 0, 0, 0) != 0:
    sys.exit(f"expected PR_SET_MDWE, got: {os.strerror(ctypes.get_errno())}")
os.umask(0o077)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_service_is_in_a_sandbox_that_hardly_anything_gets_out_of() -> None:
    command = [tool("systemd-analyze"), "security", "--offline=true", f"--threshold={EXPOSURE}"]
    done = subprocess.run([*command, UNITS / "roomwatch.service"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_knows_every_word_of_the_units(tmp_path: Path) -> None:
    """It also looks whether the program is there, so that one that surely is stands in."""
    for file in UNITS.glob("roomwatch*.s*"):
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", file.read_text(), flags=re.MULTILINE)
        (tmp_path / file.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    done = subprocess.run([tool("systemd-analyze"), "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "roomwatch" in line]
    assert (done.returncode, ours) == (0, [])


async def test_the_daemon_needs_no_memory_that_is_written_and_run(tmp_path: Path) -> None:
    with installed(tmp_path, {}) as installation, ExitStack() as life:
        for each in installation.processes:
            daemon = [sys.executable, "-m", "monitor", "run", "--config", str(each.config)]
            process = life.enter_context(running([sys.executable, "-c", CONFINED, *daemon], env=environment()))
            async with asyncio.timeout(HANGS_AFTER_S):
                while not await answers(f"{each.public}/-/healthy"):
                    if process.poll() is not None:
                        not_started(process.stdout.read())


def not_started(said: str) -> None:
    """Skip the test where the kernel is too old for it, and fail it otherwise."""
    pytest.skip(said) if "expected PR_SET_MDWE" in said else pytest.fail(said)


async def answers(url: str) -> bool:
    """Whether somebody answers there; asks once a fifth of a second."""
    try:
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectorError:
        await asyncio.sleep(0.2)
        return False

"""Is memory given back, where the C library is glibc?  In processes of their own: it is set once, for good."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

#: Threads allocate at once; then it is asked how many arenas there are, and what was freed.
SCRIPT = """
import ctypes, json, os, sys, tempfile, threading
from monitor.allocator import keep_little

if sys.argv[1] == "told" and not keep_little():
    print("null")
    sys.exit()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)

def work():
    together.wait()
    blocks = [bytearray(60_000) for _ in range(200)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
[each.start() for each in threads]
[each.join() for each in threads]
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(json.dumps(open(file.name).read().count("<heap nr")))
"""


def arenas(*how: str, **environment: str) -> int:
    command = [sys.executable, "-c", SCRIPT, *how]
    given = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **environment}
    said = subprocess.run(command, capture_output=True, text=True, env=given, check=True, timeout=60).stdout
    found = json.loads(said)
    if found is None:
        pytest.skip("another C library than that of GNU")
    return int(found)


def test_threads_share_two_arenas() -> None:
    assert arenas("told") <= 2 < arenas("not told")


def test_whoever_says_how_many_arenas_there_may_be_is_left_alone() -> None:
    assert arenas("told", MALLOC_ARENA_MAX="5") > 2

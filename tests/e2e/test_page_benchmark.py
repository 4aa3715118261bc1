"""Does the benchmark of the call page run?  How fast anything is, no test says."""

import subprocess
import sys

import pytest

from tests.daemon_process import environment
from tests.e2e.tools import ROOT, tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.one_machine("the benchmark writes its calls into the file that it measures"),
]


def test_the_call_page_benchmark_opens_pages_and_works_with_them() -> None:
    tool("chromium")
    small = ("--people", "2", "--minutes", "5", "--many", "5", "--hours", "0.2", "--rounds", "1", "--patience", "0")
    command = (sys.executable, "-m", "tests.benchmarks.call_page", *small)
    said = subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True, text=True).stdout
    assert "2 people, 5 minutes: interactive" in said, said
    assert "a frame of it, p95" in said, said

"""Do the benchmarks run?  How fast anything is, no test says."""

import asyncio
import sys

from tests.daemon_process import environment


async def test_the_ingest_benchmark_measures_both_servers_with_both_sizes() -> None:
    command = (sys.executable, "-m", "tests.benchmarks.ingest", "--rounds", "1", "--seconds", "0.2")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    output, _ = await process.communicate()
    assert process.returncode == 0
    rows = [line.split()[:2] for line in output.decode().splitlines()]
    assert [row for row in rows if row[1] in ("bare", "daemon")] == [
        ["1", "bare"],
        ["1", "daemon"],
        ["50", "bare"],
        ["50", "daemon"],
    ]

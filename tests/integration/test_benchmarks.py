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


async def test_the_polling_benchmark_counts_requests_and_watches_both_ways() -> None:
    small = ["--rooms", "3", "--participants", "2", "--room-lasts", "4", "8", "--post-every", "1"]
    short = ["--warm-up", "3", "--seconds", "6", "--settles", "2", "--naive-seconds", "2"]
    command = (sys.executable, "-m", "tests.benchmarks.polling", *small, *short)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    output, _ = await process.communicate()
    assert process.returncode == 0
    said = output.decode()
    assert [line.split("  ")[0] for line in said.splitlines() if "requests/s" in line] == [
        "with callbacks",
        "without callbacks",
        "naive poller",
    ]
    assert said.count("all of it") == 2, said

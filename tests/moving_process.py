"""Somebody who moves a file into a cluster, or back, as a process of its own, and stops where it can be killed.

python -m tests.moving_process ADDRESS CLICKHOUSE_PORT FILE copy|backfill|back WHERE

It says `there` when it has come to WHERE, and goes no further: `rows`, `samples` or `rollups` after some of them,
`unsaid` where chunks are put down and that is not written down yet, `half` where rollups are in one table and not in
the next.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from monitor.store import cluster_returning, moving_source
from monitor.store.clickhouse import rollup_writing
from monitor.store.cluster_moving import opened
from monitor.store.postgres import moving
from monitor.store.scopes import SCOPES
from tests import clusters
from tests.history_elsewhere import UNSYNCED
from tests.stored import as_told

SAMPLES_A_PART = 700


def killed(address: str, port: int, file: Path, step: str, where: str) -> None:
    """Move until it has come somewhere, and kill it there."""
    command = [sys.executable, "-m", "tests.moving_process", address, str(port), str(file), step, where]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.kill()


def wait_to_be_killed() -> NoReturn:
    print("there", flush=True)  # noqa: T201  # that is its output
    while True:
        sys.stdin.read(1)


def in_small_parts() -> None:
    """Carry a little at a time."""
    moving_source.SAMPLES_A_PART = SAMPLES_A_PART
    moving_source.ROLLUPS_A_PART = 5
    moving.ROWS_A_TIME = 3


async def main(address: str, port: int, file: Path, step: str, where: str) -> None:
    in_small_parts()
    told: dict[str, int] = {}

    def tell(of: str, more: int, expected: int) -> None:
        told[of] = told.get(of, 0) + more
        if of == where and told[of] * 3 > expected:
            wait_to_be_killed()

    async def unsaid(*_: Any) -> None:
        wait_to_be_killed()

    if where == "unsaid":
        moving.carried = unsaid
    if where == "half":
        *first, (last, _) = rollup_writing.MARKED
        rollup_writing.MARKED = (*first, (last, wait_to_be_killed_instead))
    if step == "back":
        async with cluster_returning.opened(address, clusters.address(port), UNSYNCED, SCOPES) as returning:
            await returning.copy(file, as_told, tell)
        return
    async with opened(address, clusters.address(port), UNSYNCED) as opened_both:
        await (opened_both.copy if step == "copy" else opened_both.backfill)(file, tell)
    print("done", flush=True)  # noqa: T201  # that is its output


def wait_to_be_killed_instead(*_: Any) -> NoReturn:
    wait_to_be_killed()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5]))

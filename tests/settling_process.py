"""A replica that settles and does nothing else, as a process of its own, which can be killed.

python -m tests.settling_process ADDRESS CLICKHOUSE_PORT NAME
"""

import asyncio
import sys

from monitor.store.cluster import ClusterStore
from monitor.store.ports import StoreFailed
from monitor.store.postgres.segments import PostgresSegments
from tests import clusters
from tests.builders import NOW_MS
from tests.stored import as_told

SEGMENT_BYTES = 2_000  # some posts


def in_small_segments(store: ClusterStore, name: str) -> ClusterStore:
    """Return a store that moves a little at a time, and claims it for a moment."""
    segments = PostgresSegments(store._database, name, segment_bytes=SEGMENT_BYTES, kept_s=0.5, claim_s=0.5)
    return ClusterStore(store._database, name, segments, store._history.over(segments))


async def main(address: str, port: int, name: str) -> None:
    store = in_small_segments(await clusters.connect(address, port, replica=name), name)
    print("began", flush=True)  # noqa: T201  # that is its output
    while True:
        try:
            await store.samples.settle(NOW_MS, 0, as_told)
        except StoreFailed as error:
            print(error, file=sys.stderr, flush=True)  # noqa: T201
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))

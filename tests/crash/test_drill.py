"""Does a cluster keep what it promises while its replicas, its databases and their standbys die?

`python -m tests.benchmarks.drill` is this for longer.
"""

from pathlib import Path

import pytest

from tests import clickhouse_engine

pytestmark = [pytest.mark.clickhouse, pytest.mark.cluster, pytest.mark.crash]

clickhouse_engine.need()  # before what imports the driver

from tests.benchmarks.drill import drill, table

SECONDS, DEATHS, FAIL_OVERS = 20.0, 6, 1


async def test_a_cluster_of_which_anything_dies_at_any_moment_keeps_what_it_promises(tmp_path: Path) -> None:
    outcome = await drill(SECONDS, DEATHS, FAIL_OVERS, count=3, seed=5, folder=tmp_path)
    assert sum(outcome.struck.values()) == DEATHS
    assert [each.words for each in outcome.broken if not each.is_by_clock] == [], table(outcome)

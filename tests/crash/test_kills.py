"""Does a daemon keep its word through kills, reloads, other routes and receivers that fail, all at once?

`python -m tests.benchmarks.kills --kills 1000` is this for longer, beside a real Alertmanager.
"""

from pathlib import Path

import pytest

from tests.benchmarks.kills import ours

pytestmark = [pytest.mark.crash, pytest.mark.promise("P1", "P2", "P3", "P4", "P5", "P6", "P14", "P25")]

KILLS = 4


async def test_every_episode_is_one_incident_whatever_is_done_to_the_daemon_and_its_receivers(tmp_path: Path) -> None:
    outcome = await ours(seed=13, kills=KILLS, folder=tmp_path)
    assert outcome.broken == {}
    assert outcome.incidents > KILLS
    assert outcome.reloads > outcome.changes > 0

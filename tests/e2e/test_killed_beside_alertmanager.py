"""Are the daemon and a real Alertmanager put through the same, and told apart by what came of it?"""

import pytest

from tests.benchmarks.kills import measure, table
from tests.crash.killed_alertmanager import PROGRAM
from tests.e2e.tools import tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.one_machine(
        "its daemon keeps book in a file; what replicas keep while they are killed is drilled (tests.benchmarks.drill)"
    ),
]

KILLS = 4


@pytest.mark.promise("P2", "P3", "P4")
async def test_beside_an_alertmanager_that_is_killed_as_often_everything_is_opened_once_and_closed() -> None:
    tool(PROGRAM)
    ours, theirs = columns = await measure(KILLS, at_once=1, first_seed=5)
    assert (ours.kills, theirs.kills) == (KILLS, KILLS)
    assert (ours.reloads, ours.changes) == (theirs.reloads, theirs.changes)
    assert ours.broken == {}
    assert theirs.incidents > 0
    assert "Alertmanager" in table(columns)

"""What if the whole process stands still for a while, as under a debugger, a full machine, or one that is asleep?"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import quality
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.fault_table import Observe

pytestmark = pytest.mark.crash

FROZEN_S = float(os.environ.get("ROOMWATCH_FROZEN_S", "8"))
BLIND_AFTER_S = FROZEN_S / 4
RULE = {
    "name": "Bad",
    "over": "participant",
    "raise": "level <= 1",
    "for": f"{FROZEN_S / 2:.0f}s",
    "clear": "level >= 3",
    "summary": "{identity} has a bad connection.",
}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path) as here:
        yield here


@pytest.mark.fault(
    "SIGSTOP, and SIGCONT later",
    expected="nobody is called bad or silent for what was not looked at, and what was acknowledged is stored once",
)
async def test_who_was_frozen_calls_nobody_silent_and_counts_no_second_of_it(
    here: Surroundings, observed: Observe
) -> None:
    daemon = await here.start(here.config(rules=[RULE], alerts={"blind_after_s": BLIND_AFTER_S}))
    await until(lambda: here.witness.statuses[202] > 50)
    await asyncio.sleep(2 * BLIND_AFTER_S)
    assert await here.post(quality(0)) == 202
    await asyncio.sleep(0.5)
    daemon.signal(signal.SIGSTOP)
    well_again = asyncio.create_task(here.post(quality(4)))
    await asyncio.sleep(FROZEN_S)
    asked, answered = here.twilio.site.tally.requests, here.witness.statuses[202]
    daemon.signal(signal.SIGCONT)
    assert await well_again == 202
    await until(lambda: here.witness.statuses[202] > answered + 50)
    await until(lambda: here.twilio.site.tally.requests > asked)
    transitions = here.rows("SELECT CAST(body AS TEXT) FROM transitions WHERE body LIKE '%firing%'")
    assert here.told == [], transitions
    assert await here.firing() == set()
    observed(f"frozen for {FROZEN_S:.0f} s, no alert; posts and polls went on")
    observed(await here.kept())

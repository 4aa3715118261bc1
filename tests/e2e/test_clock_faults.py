"""Does a step of the wall clock of the machine change what people are told, or what is done when?"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import quality
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.e2e.servers import ON_CLUSTER
from tests.e2e.surrounded_replicas import SurroundedReplicas
from tests.e2e.tools import HANGS_AFTER_S, missing
from tests.fault_table import Observe

pytestmark = pytest.mark.e2e

HOUR_S = 3600
BETWEEN_S = 5.0  # longer than anything that is done every few seconds
LIBRARY = "libfaketimeMT.so.1"
RULE = {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3", "summary": "{identity}"}


class FakedClock:
    """The wall clock of a process that has `libfaketime`, which can be set from outside.  Monotonic clocks go on."""

    def __init__(self, file: Path, library: Path) -> None:
        self._file = file
        self._library = library
        self.set(0)

    def set(self, offset_s: int) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+d}\n", encoding="ascii")
        new.replace(self._file)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # or threads that wait for each other do so for seconds
            "NO_FAKE_STAT": "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> FakedClock:
    library = next(Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"), None)
    return FakedClock(tmp_path / "clock", library or missing(LIBRARY, "faketime"))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path, kind=SurroundedReplicas if ON_CLUSTER else Surroundings) as here:
        yield here


@pytest.mark.fault(
    "wall clock set an hour forward, then two back",
    expected="nothing fires or ends by it, polls and chores neither rest nor storm, a page goes out once and closes",
)
async def test_a_clock_that_is_set_by_an_hour_fires_nothing_and_stops_nothing(
    here: Surroundings, clock: FakedClock, observed: Observe
) -> None:
    await here.start(here.config(rules=[RULE]), **clock.environment())
    await until(lambda: here.witness.statuses[202] > 20, HANGS_AFTER_S)
    twilio = here.twilio.site.tally
    for offset_s in (HOUR_S, -HOUR_S):
        clock.set(offset_s)
        answered, asked = here.witness.statuses[202], twilio.requests
        await asyncio.sleep(BETWEEN_S)
        assert twilio.requests - asked < 20, f"polls at {offset_s:+d} s"
        await until(lambda: twilio.requests > asked and here.witness.statuses[202] > answered, HANGS_AFTER_S)  # noqa: B023 (now)
        assert here.told == []
        observed(f"at {offset_s:+,d} s {twilio.requests - asked} polls in {BETWEEN_S:.0f} s and no alert")
    assert await here.post(quality(0)) == 202
    await until(lambda: [each.status for each in here.told] == ["firing"], HANGS_AFTER_S)
    clock.set(HOUR_S)
    await asyncio.sleep(1)
    assert await here.post(quality(4)) == 202
    await until(lambda: len(here.told) > 1, HANGS_AFTER_S)
    assert [(each.rule, each.status) for each in here.told] == [("Bad", "firing"), ("Bad", "resolved")]
    observed("one page, closed an hour later by the clock")
    observed(await here.kept())

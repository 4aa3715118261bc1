"""What if names cannot be resolved any more, neither Twilio's nor those of receivers?

The daemon runs in a mount namespace of its own, in which /etc/hosts and /etc/resolv.conf are files of the test's: as
long as the hosts are in the one they are found, and otherwise the resolver asks a name server that is not there.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from monitor.simulator.scenarios import Scenario
from monitor.simulator.simulator import Simulator
from tests.builders import quality
from tests.crash.middleman import Middleman
from tests.crash.surroundings import Surroundings, surrounded, until
from tests.fault_table import Observe

pytestmark = pytest.mark.crash

WITHIN_S = 60.0
REQUESTS_PER_S, BURST_REQUESTS = 4.0, 10
CALM = Scenario(
    "calm", "one room, in which two people stay", rooms=1, participants_per_room=2, stays_s=(3600.0, 3600.0)
)
RULES = [
    {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3", "summary": "{identity}"},
    {"name": "InUse", "over": "room", "raise": "participants >= 1", "clear": "participants < 1"},
    {"name": "MonitorBlind", "over": "daemon", "raise": "blind >= 1", "clear": "blind < 1"},
]


class Names:
    """The names that there are for one process."""

    def __init__(self, folder: Path) -> None:
        self._hosts, self._resolver = folder / "hosts", folder / "resolv.conf"
        self._resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", encoding="ascii")
        self.be_there()

    def be_there(self) -> None:
        self._hosts.write_text("127.0.0.1 localhost twilio.test hook.test\n", encoding="ascii")

    def be_gone(self) -> None:
        self._hosts.write_text("127.0.0.1 localhost\n", encoding="ascii")

    def within(self) -> Sequence[str]:
        """Return the command that starts another among these names."""
        mounts = f"mount --bind {self._hosts} /etc/hosts && mount --bind {self._resolver} /etc/resolv.conf"
        return ("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh")


@pytest.fixture
def names(tmp_path: Path) -> Names:
    if os.geteuid() != 0:
        pytest.skip("only root may give a process names of its own")
    names = Names(tmp_path)
    tried = subprocess.run((*names.within(), "true"), capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"a process cannot be given names of its own here: {tried.stderr.strip()}")
    return names


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Surroundings]:
    async with surrounded(tmp_path) as here:
        yield here


def told(here: Surroundings, rule: str) -> list[str]:
    return [each.status for each in here.told if each.rule == rule]


@pytest.mark.fault(
    "names that cannot be resolved, of Twilio and of receivers",
    expected="one MonitorBlind says so, no other alert moves, the budget is kept, pages go out in order afterwards",
)
async def test_without_names_one_alert_says_so_and_pages_wait_until_they_are_back(
    here: Surroundings, names: Names, observed: Observe
) -> None:
    async with AsyncExitStack() as stack:
        twilio = Simulator(CALM, seed=100)
        between = Middleman(await twilio.start())
        stack.push_async_callback(twilio.stop)
        await stack.enter_async_context(between.listening())
        account = twilio.account
        config = here.config(
            rules=RULES,
            alerts={"blind_after_s": 1},
            polling={"rooms_every_s": 0.5, "timeout_s": 2},
            receivers={"hook": {"kind": "webhook", "url": here.receiver.replace("127.0.0.1", "hook.test")}},
            accounts=[
                {
                    "account_sid": account.account_sid,
                    "api_key": account.api_key,
                    "api_secret": account.api_secret,
                    "base_url": between.address.replace("localhost", "twilio.test"),
                    "requests_per_s": REQUESTS_PER_S,
                    "burst_requests": BURST_REQUESTS,
                }
            ],
        )
        await here.start(config, within=names.within())
        await until(lambda: "InUse" in {each.rule for each in here.told}, WITHIN_S)
        in_use = told(here, "InUse")
        names.be_gone()
        gone_s, asked = time.monotonic(), await requests(here)
        async with asyncio.timeout(WITHIN_S):
            while "MonitorBlind" not in await here.firing():
                await asyncio.sleep(0.2)
        observed(f"MonitorBlind fires after {time.monotonic() - gone_s:.0f} s")
        for level in (0, 4):
            assert await here.post(quality(level), participant_sid="PA" + "b" * 32) == 202
            await asyncio.sleep(1)
        assert await here.post(quality(0), participant_sid="PA" + "c" * 32) == 202
        assert await requests(here) - asked <= BURST_REQUESTS + REQUESTS_PER_S * (time.monotonic() - gone_s)
        assert told(here, "Bad") == told(here, "MonitorBlind") == []
        names.be_there()
        back_s = time.monotonic()
        await until(lambda: "Bad" in {each.rule for each in here.told}, WITHIN_S)
        await until(lambda: told(here, "MonitorBlind") in ([], ["firing", "resolved"]), WITHIN_S)
        await until(lambda: between.asked_at_s[-1] > back_s, WITHIN_S)
        assert told(here, "Bad") == ["firing"], "who was well again before anybody could hear of it is not mentioned"
        assert told(here, "InUse")[: len(in_use)] == in_use
        assert "resolved" not in {each.status for each in here.told if each.entity in twilio.world.rooms}
        observed(f"paged {time.monotonic() - back_s:.0f} s after they are back, and Twilio is asked again")
    observed(await here.kept())


async def requests(here: Surroundings) -> float:
    """Return how many requests to Twilio were made or tried."""
    _, page = await here.get("/metrics")
    lines = [line for line in page.splitlines() if line.startswith("roomwatch_twilio_requests_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)

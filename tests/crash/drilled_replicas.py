"""Replicas that are killed and stopped again and again, and started anew as a supervisor does it; and whom they poll.

Each asks Twilio at a door of its own, which leads to the same simulator: so it is known who asked.
"""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

from monitor.http.server import Listener
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator
from tests.conftest import settings
from tests.daemon_process import DaemonProcess, free_port, write_config
from tests.replicated import TOKEN, Replica

STARTED_AGAIN_AFTER_S = 1.0
_LAST_WORDS = 600
REQUESTS_PER_S, BURST_REQUESTS = 5.0, 10
AT_ONCE = 5  # are taken from the budget by whoever polls
ACCOUNTS = 2
_HURRIED = (sys.executable, "-m", "tests.hurried_replica")
_NOT_POLLED = ["compositions", "ended_rooms", "reconciliation", "summaries", "composition_hooks", "usage", "stays"]


class Asked(NamedTuple):
    """One request to Twilio."""

    at_s: float
    replica: str
    account: str


class Twilio:
    """Some accounts, and who asked about which when, in the order in which it came."""

    def __init__(self) -> None:
        self.simulators: dict[str, Simulator] = {}
        self.asked: list[Asked] = []

    def door(self, replica: str, account: str, base_url: str, http: aiohttp.ClientSession) -> Any:
        """Return what takes the requests of a replica about an account, and passes them on."""

        async def take(request: web.Request) -> web.Response:
            self.asked.append(Asked(monotonic(), replica, account))
            headers = {"Authorization": request.headers.get("Authorization", ""), "Host": request.headers["Host"]}
            async with http.get(f"{base_url}{request.path_qs}", headers=headers) as answer:
                body = await answer.read()
                return web.Response(status=answer.status, body=body, content_type=answer.content_type)

        return take


class KeptReplica:
    """A replica with a supervisor."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.is_up = False
        self.is_frozen = False
        self.ended_alone: list[str] = []  # its last words, where nobody killed it
        self._is_killed = False

    @property
    def name(self) -> str:
        return self.replica.name

    @property
    def is_able(self) -> bool:
        """Whether it can do anything."""
        return self.is_up and not self.is_frozen

    def kill(self) -> None:
        """Kill it; it is started again."""
        self._is_killed, self.is_up = True, False
        self.replica.running.signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it do nothing."""
        self.is_frozen = True
        self.replica.running.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        with suppress(ProcessLookupError):
            self.replica.running.signal(signal.SIGCONT)
        self.is_frozen = False

    async def be_kept(self) -> None:
        """Start it, and again whenever it has ended."""
        while True:
            try:
                self.replica.process = await DaemonProcess.start(self.replica._config, within=_HURRIED)
            except AssertionError as ended:
                self.ended_alone.append(str(ended)[-_LAST_WORDS:])
            else:
                self._is_killed, self.is_up = False, True
                code = await self.replica.running._process.wait()
                self.is_up = False
                if not self._is_killed:
                    self.ended_alone.append(f"exit code {code}: {self.replica.running.said[-_LAST_WORDS:]}")
            await asyncio.sleep(STARTED_AGAIN_AFTER_S)


@asynccontextmanager
async def kept_replicas(
    folder: Path, count: int, cluster: Mapping[str, Any], seed: int, given: Mapping[str, Any]
) -> AsyncIterator[tuple[Sequence[KeptReplica], Twilio]]:
    """Run so many of them, with some accounts to poll."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), auto_decompress=True)
        )
        twilio = Twilio()
        for number in range(ACCOUNTS):
            simulator = Simulator(SCENARIOS["demo"], seed=seed + number, rooms=3, participants_per_room=3)
            await simulator.start()
            stack.push_async_callback(simulator.stop)
            twilio.simulators[f"account-{number}"] = simulator
        kept = []
        for number in range(count):
            name, public, private = f"replica-{number}", free_port(), free_port()
            accounts = [await _account(stack, twilio, name, account, http) for account in twilio.simulators]
            usual = settings()
            del usual["storage"]
            told = {
                **usual,
                "public": {**usual["public"], "port": public},
                "private": {"port": private, "access_token": TOKEN},
                "storage": {"settle_after_s": 2.0, "checkpoint_every_s": 1.0},
                "accounts": accounts,
                "polling": {"rooms_every_s": 0.2, "skip": _NOT_POLLED},
                "cluster": {**cluster, "replica": name},
                **given,
            }
            config = write_config(folder / f"{name}.toml", told)
            kept.append(KeptReplica(Replica(name, config, public, private, http)))
        keeping = [asyncio.create_task(each.be_kept()) for each in kept]
        try:
            yield kept, twilio
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            for each in kept:
                if each.replica.process is not None:
                    each.thaw()
                    await each.replica.process.kill()


async def _account(
    stack: AsyncExitStack, twilio: Twilio, replica: str, name: str, http: aiohttp.ClientSession
) -> dict[str, Any]:
    simulator = twilio.simulators[name]
    take = twilio.door(replica, name, simulator.base_url, http)
    door = await Listener.open("127.0.0.1", 0, [web.get("/{tail:.*}", take)])
    stack.push_async_callback(door.close)
    account = simulator.account
    return {
        "name": name,
        "account_sid": account.account_sid,
        "api_key": account.api_key,
        "api_secret": account.api_secret,
        "auth_token": account.auth_token,
        "base_url": f"http://127.0.0.1:{door.port}",
        "requests_per_s": REQUESTS_PER_S,
        "burst_requests": BURST_REQUESTS,
    }


# --- what can be told of who asked ---------------------------------------------------------------------------


def hands(asked: Sequence[Asked], account: str) -> list[Asked]:
    """Return the first request of each who began to ask about an account, each as often as they began to."""
    of_it = [each for each in asked if each.account == account]
    return [each for index, each in enumerate(of_it) if index == 0 or of_it[index - 1].replica != each.replica]


def worst_second(asked: Sequence[Asked]) -> int:
    """Return how many requests about one account came within one second, at most."""
    return max((_most_within(asked, account, 1.0) for account in {each.account for each in asked}), default=0)


def _most_within(asked: Sequence[Asked], account: str, seconds: float) -> int:
    moments = [each.at_s for each in asked if each.account == account]
    most, first = 0, 0
    for index, at_s in enumerate(moments):
        while moments[first] <= at_s - seconds:
            first += 1
        most = max(most, index - first + 1)
    return most


def beyond_rate(asked: Sequence[Asked]) -> float:
    """Return by how many requests any stretch of time exceeded its rate, of the account that did most."""
    worst, lowest = 0.0, dict[str, float]()
    counts: Counter[str] = Counter()
    for each in asked:
        earned = counts[each.account] - REQUESTS_PER_S * each.at_s
        lowest[each.account] = min(lowest.get(each.account, earned), earned)
        counts[each.account] += 1
        worst = max(worst, counts[each.account] - REQUESTS_PER_S * each.at_s - lowest[each.account])
    return worst

"""What goes on around a daemon all day?

Three rooms and more with people in them who come and go, as the demo has them, with callbacks and polls; beside them
somebody whose connection goes bad every few seconds and well again, so that incidents open and close; people who read
pages, a Prometheus that scrapes, an operator who reloads; a receiver that takes every page, and one that fails now and
then.
"""

import asyncio
import itertools
import signal
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.simulator.scenarios import SCENARIOS, Scenario, TelemetryPolicy, at_speed
from tests.benchmarks.vitals import Vitals, vitals
from tests.builders import quality
from tests.crash.surroundings import Surroundings, surrounded

POSTS_EVERY_S, READS_EVERY_S, SCRAPES_EVERY_S, RELOADS_EVERY_S = 0.1, 1.0, 2.0, 60.0
BAD_FOR_S, WELL_FOR_S = 4.0, 6.0
FORGET_AFTER_S = 300.0  # within the warm-up: with an hour, as it is by default, an hour is all growth and no plateau
FAILS_EVERY = 5  # of the second receiver's posts one is answered 500
PAGES = (
    "/api/v1/live",
    "/api/v1/rooms",
    "/api/v1/incidents",
    "/api/v1/percentiles",
    "/api/v1/sources",
    "/",
    "/-/ready",
)
RULE = {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3", "summary": "{identity}"}
UNBROKEN = {**RULE, "name": "Unbroken", "raise": "level <= -9", "clear": "level >= -8"}


def busy(rooms: int, churn: float) -> Scenario:
    """Return the demo's world with as many rooms, in which calls are short enough to come and go all the time.

    With more churn all of it goes by as many times as fast, but for how often somebody posts.
    """
    scenario = replace(
        SCENARIOS["demo"],
        rooms=rooms,
        extra_rooms=(),
        room_lasts_s=(60.0, 240.0),
        stays_s=(20.0, 200.0),
        is_staggered=True,
    )
    return replace(at_speed(scenario, churn), telemetry=TelemetryPolicy(post_every_s=2.0))


class Life:
    """Everything that goes on, and how long the daemon took over it since the last look."""

    def __init__(self, here: Surroundings, flaky: str, churn: float) -> None:
        self._here = here
        self._flaky = flaky
        self._bad_for_s, self._well_for_s = BAD_FOR_S / churn, WELL_FOR_S / churn
        self._acks_ms: deque[float] = deque()
        self._scrapes_ms: deque[float] = deque()
        self._page = ""
        self.done: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()

    async def go_on(self) -> None:
        """Do it all, until cancelled."""
        await self._here.start(self._config(RULE))
        async with asyncio.TaskGroup() as everybody:
            for each in (self._post, self._be_in_trouble, self._read, self._scrape, self._reload):
                everybody.create_task(each())

    def look(self) -> tuple[Vitals, float, float]:
        """Return how the daemon is, and of the time since the last look how long posts (p99) and scrapes took."""
        assert self._here.daemon is not None
        acks_ms, scrapes_ms = sorted(self._acks_ms), sorted(self._scrapes_ms)
        self._acks_ms.clear()
        self._scrapes_ms.clear()
        found = vitals(self._here.daemon.pid, self._here.database, self._page)
        return found, _at(acks_ms, 0.99), _at(scrapes_ms, 0.5)

    @property
    def is_under_way(self) -> bool:
        """Whether there is anything to look at yet."""
        return bool(self._acks_ms and self._page)

    def _config(self, *rules: dict[str, Any]) -> Path:
        here = self._here
        hook = {"kind": "webhook", "url": here.receiver}
        return here.config(
            rules=list(rules),
            receivers={"hook": hook, "flaky": {"kind": "webhook", "url": self._flaky}},
            routes=[{"receiver": "hook", "continue": True}, {"receiver": "flaky"}],
            storage={"path": str(here.database), "settle_after_s": 60, "checkpoint_every_s": 10},
            live={"forget_after_s": FORGET_AFTER_S},
        )

    # --- who does what ------------------------------------------------------------------------------------

    async def _post(self) -> None:
        """Post as one who is well, and time the answer."""
        for number in itertools.count():
            began_s = time.monotonic()
            await self._posted(quality(4), session=f"steady-{number // 1000}", seq=number % 1000)
            self._acks_ms.append((time.monotonic() - began_s) * 1000)
            await asyncio.sleep(max(0.0, POSTS_EVERY_S - (time.monotonic() - began_s)))

    async def _be_in_trouble(self) -> None:
        """Have a bad connection, a good one, and leave, each time as somebody else."""
        for number in itertools.count():
            who = {"room_sid": f"RM{number // 30:032x}", "participant_sid": f"PA{number:032x}"}
            await self._posted(quality(0), **who)
            await asyncio.sleep(self._bad_for_s)
            await self._posted(quality(4), **who)
            await asyncio.sleep(self._well_for_s)
            await self._posted({"type": "connection", "state": "disconnected"}, **who)

    async def _posted(self, event: dict[str, Any], **given: Any) -> None:
        self._note("post", await self._here.post(event, **given), 202)

    async def _read(self) -> None:
        for path in itertools.cycle(PAGES):
            self._note(f"GET {path}", (await self._here.get(path))[0], 200)
            await asyncio.sleep(READS_EVERY_S)

    async def _scrape(self) -> None:
        while True:
            began_s = time.monotonic()
            status, self._page = await self._here.get("/metrics")
            self._scrapes_ms.append((time.monotonic() - began_s) * 1000)
            self._note("scrape", status, 200)
            await asyncio.sleep(SCRAPES_EVERY_S)

    async def _reload(self) -> None:
        for rules in itertools.cycle([(RULE, UNBROKEN), (RULE,)]):
            await asyncio.sleep(RELOADS_EVERY_S)
            self._config(*rules)
            assert self._here.daemon is not None
            self._here.daemon.signal(signal.SIGHUP)
            self.done["reload"] += 1

    def _note(self, what: str, status: int, expected: int) -> None:
        self.done[what.partition(" ")[0]] += 1
        if status != expected:
            self.unexpected[f"{what}: {status}"] += 1


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _flaky() -> web.Application:
    numbers = itertools.count(1)

    async def hear(_: web.Request) -> web.Response:
        return web.Response(status=200 if next(numbers) % FAILS_EVERY else 500)

    app = web.Application()
    app.router.add_post("/", hear)
    return app


@asynccontextmanager
async def going_on(folder: Path, rooms: int, churn: float) -> AsyncIterator[Life]:
    """Have all of it go on for the length of a block, people coming and going so many times as fast."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(surrounded(folder, scenario=busy(rooms, churn)))
        flaky = TestServer(_flaky())
        await flaky.start_server()
        stack.push_async_callback(flaky.close)
        life = Life(here, str(flaky.make_url("/")), churn)
        going = asyncio.create_task(life.go_on())
        stack.push_async_callback(_stopped, going)
        await _under_way(life, going)
        yield life


async def _under_way(life: Life, going: "asyncio.Task[None]") -> None:
    while not life.is_under_way:
        if going.done():
            going.result()
        await asyncio.sleep(0.1)


async def _stopped(going: "asyncio.Task[None]") -> None:
    going.cancel()
    with suppress(asyncio.CancelledError, aiohttp.ClientError):
        await going

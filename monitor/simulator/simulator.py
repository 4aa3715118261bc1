"""How do the parts make a Twilio?  The composition root: one world, one web server, and whoever posts to the daemon.

`Simulator` lives inside any event loop: `start` returns the base URL once the server listens, `stop` ends everything
it began.  Without a daemon there are neither callbacks nor telemetry, and the REST API alone answers.

Speed: at speed 10 everything in the world takes a tenth of its time, the rooms' lives, the troubles, the beat of the
telemetry.  The stamps are the wall clock's at every speed, so nothing the world says lies in the future.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
from aiohttp import web

from monitor.simulator.account import SimulatedAccount
from monitor.simulator.backstage import Backstage
from monitor.simulator.delivery import CallbackDelivery
from monitor.simulator.entities import Happening
from monitor.simulator.insights_api import InsightsApi
from monitor.simulator.people import People
from monitor.simulator.scenarios import Scenario, at_speed
from monitor.simulator.site import Site
from monitor.simulator.streams import StreamDelivery
from monitor.simulator.usage_api import UsageApi
from monitor.simulator.video_api import VideoApi
from monitor.simulator.world import World

TICK_S = 0.1
RETRY_ALL = "#rc=5&rp=all"  # asks for Twilio's five retries after any failure; by default it retries next to nothing
CONNECTIONS = 64


class Simulator:
    """A Twilio that lives through a scenario.

    Args:
        scenario: what goes wrong.
        seed: decides everything that chance decides.
        speed: how many times as fast as real life.
        rooms: how many rooms are kept open; None leaves it to the scenario.
        participants_per_room: how many people are kept in each; None leaves it to the scenario.
        account: whose Twilio this is; None makes one from the seed.
        daemon_url: the public listener that gets telemetry and callbacks; None: nobody does.
        callback_url: where callbacks go instead of the daemon's own address.
        signing_url: the URL that callbacks are signed for, where a proxy makes it differ from where they go.
        room_lasts_s: how long usual rooms last, from and to, at speed 1; None leaves it to the scenario.
        post_every_s: how often browsers post, at speed 1; None leaves it to the scenario.
        is_staggered: whether the first rooms end at any time, as if they had been there before.
        ingest_key: authorizes the telemetry instead of the participants' own access tokens.
        started_at: when the world began, in seconds since the epoch; None: now.  A world that began earlier has a
            history when it opens, of which neither callbacks nor telemetry tell.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int = 1,
        speed: float = 1.0,
        rooms: int | None = None,
        participants_per_room: int | None = None,
        account: SimulatedAccount | None = None,
        daemon_url: str | None = None,
        callback_url: str | None = None,
        signing_url: str | None = None,
        room_lasts_s: tuple[float, float] | None = None,
        post_every_s: float | None = None,
        is_staggered: bool = False,
        ingest_key: str | None = None,
        started_at: float | None = None,
    ) -> None:
        self.account = account or SimulatedAccount.for_seed(seed)
        self._wall_offset_s = time.time() - time.monotonic()  # steps of the wall clock must not shake the world
        self.world = World(
            at_speed(_adjusted(scenario, room_lasts_s, post_every_s, is_staggered=is_staggered), speed),
            seed=seed,
            started_at=self.clock() if started_at is None else started_at,
            rooms=rooms,
            participants_per_room=participants_per_room,
        )
        self._seed = seed
        self._has_history = started_at is not None
        self._daemon_url = daemon_url.rstrip("/") if daemon_url else None
        self._callback_url = callback_url or (
            f"{self._daemon_url}/callbacks/twilio{RETRY_ALL}" if self._daemon_url else None
        )
        self._signing_url = signing_url
        self._ingest_key = ingest_key
        self._open = AsyncExitStack()
        self._life: asyncio.Task[None] | None = None
        self.people: People | None = None
        self.callbacks: CallbackDelivery | None = None
        self.streams: StreamDelivery | None = None
        self.site = Site(self.world, self.account, self.clock, self._callback_url)
        self._backstage = Backstage(self.world, self.clock, self.site.tally)
        self.base_url = ""

    def clock(self) -> float:
        """Return the time in the world, in seconds since the epoch."""
        return self._wall_offset_s + time.monotonic()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Begin to live and to listen; return the base URL."""
        session = await self._open.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS))
        )
        self._hire(session)
        if self._has_history:
            self._live_through_history()
        self.base_url = await self._listen(host, port)
        self._life = asyncio.create_task(self._live(), name="simulator")
        return self.base_url

    async def stop(self) -> None:
        """End everything that `start` began."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
            self._life = None
        await self._open.aclose()

    async def serve_forever(self) -> None:
        """Wait until the simulator is stopped, or dies of an error."""
        if self._life is None:
            raise RuntimeError("serve_forever() expected a simulator that was started, got one that was not")
        life = self._life
        await asyncio.wait([life])
        if not life.cancelled():
            life.result()

    # --- how it is made ------------------------------------------------------------------------------

    def _hire(self, session: aiohttp.ClientSession) -> None:
        scenario = self.world.scenario
        if self._daemon_url is not None:
            self.people = People(
                session,
                scenario.telemetry,
                self.clock,
                telemetry_url=f"{self._daemon_url}/v1/telemetry",
                account=self.account,
                ingest_key=self._ingest_key,
                started_at=self.world.started_at,
                seed=self._seed,
            )
        if self._callback_url is not None:
            self.callbacks = CallbackDelivery(
                session,
                scenario.callbacks,
                account_sid=self.account.account_sid,
                auth_token=self.account.auth_token,
                callback_url=self._callback_url,
                signing_url=self._signing_url,
                seed=self._seed,
            )
        if self._callback_url is not None and scenario.summaries_pushed_after_s is not None:
            self.streams = StreamDelivery(
                session,
                pushed_after_s=scenario.summaries_pushed_after_s,
                account_sid=self.account.account_sid,
                auth_token=self.account.auth_token,
                sink_url=self._callback_url,
                signing_url=self._signing_url,
            )

    def _live_through_history(self) -> None:
        self.world.advance(self.clock())
        if self.people is not None:
            for room in self.world.live_rooms:
                self.people.join_in(room)

    async def _listen(self, host: str, port: int) -> str:
        site = self.site
        app = web.Application(middlewares=[site.door])
        for api in (VideoApi(site), InsightsApi(site), UsageApi(site), self._backstage):
            app.add_routes(api.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, port).start()
        bound_host, bound_port = runner.addresses[0][:2]
        return f"http://{bound_host}:{bound_port}"

    # --- how it lives --------------------------------------------------------------------------------

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._turn())
            for part in (self.people, self.callbacks, self.streams):
                if part is not None:
                    tasks.create_task(part.run())

    async def _turn(self) -> None:
        """Turn the world, and tell everybody what happened."""
        while True:
            for happening in self.world.advance(self.clock()):
                self._tell(happening)
            await asyncio.sleep(TICK_S)

    def _tell(self, happening: Happening) -> None:
        for listener in (self._backstage, self.callbacks, self.streams, self.people):
            if listener is not None:
                listener.hear(happening)


def _adjusted(
    scenario: Scenario, room_lasts_s: tuple[float, float] | None, post_every_s: float | None, *, is_staggered: bool
) -> Scenario:
    """Return `scenario` with what the caller wants otherwise."""
    scenario = replace(scenario, is_staggered=scenario.is_staggered or is_staggered)
    if room_lasts_s is not None:
        scenario = replace(scenario, room_lasts_s=room_lasts_s)
    if post_every_s is not None:
        scenario = replace(scenario, telemetry=replace(scenario.telemetry, post_every_s=post_every_s))
    return scenario

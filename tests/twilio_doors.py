"""A simulated Twilio's REST API on a clock of the test's, and our sources connected to it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiohttp import web

from collectors.base import Collector
from collectors.registry import SOURCES
from collectors.rest.budget import Budget, Limits
from collectors.rest.twilio import Credentials, Observer, connect
from monitor.simulator.account import SimulatedAccount


class Api(Protocol):
    """One product of Twilio's."""

    def routes(self) -> list[web.RouteDef]: ...


@asynccontextmanager
async def served(apis: Sequence[Api], door: Any) -> AsyncIterator[str]:
    """Serve the products behind a door, and yield their base URL."""
    app = web.Application(middlewares=[door])
    for api in apis:
        app.add_routes(api.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connected(base_url: str, account: SimulatedAccount) -> AsyncIterator[Mapping[str, Collector]]:
    """Yield every source of the account, with a budget that no test exhausts."""
    credentials = Credentials(account.account_sid, account.api_key, account.api_secret)
    budget = Budget(Limits(requests_per_s=1000, burst_requests=1000))
    twilio = connect(credentials, budget, Observer(), timeout_s=5, base_url=base_url)
    try:
        yield {resource: source.build(twilio.at(source.priority)) for resource, source in SOURCES.items()}
    finally:
        await twilio.close()

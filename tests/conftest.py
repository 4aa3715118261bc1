"""Fixtures that several kinds of test share: a whole daemon, in this process, on free ports."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from monitor.app import Daemon
from monitor.company import company_of
from monitor.config import Config, build
from monitor.log import Lines
from monitor.opening import open_store
from tests import clickhouse_engine, fault_table, starting_order
from tests.builders import ACCOUNT, API_KEY, API_SECRET, AUTH_TOKEN, INGEST_KEY

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

# A busy machine is not a fault of what is tested.
hypothesis_settings.register_profile(
    "roomwatch",
    hypothesis_settings.default,
    max_examples=int(os.environ.get("ROOMWATCH_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("roomwatch")


def pytest_configure(config: pytest.Config) -> None:
    """Let tests bear the marker of a fault and tell what they saw, and begin with the longest."""
    config.pluginmanager.register(fault_table, "fault_table")
    config.pluginmanager.register(starting_order, "starting_order")
    # Reading twelve thousand tests makes objects that stay: to look again and again which of them nobody wants takes a
    # third of the time, and the whole run would go on looking at them.
    gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but not among what was read."""
    gc.freeze()
    gc.enable()


def pytest_runtest_teardown() -> None:
    """Let no log go on to the standard error of a test that is over: a daemon in this process has one set up."""
    for handler in logging.getLogger().handlers[:]:
        if isinstance(handler, Lines):
            logging.getLogger().removeHandler(handler)


def settings(**given: Any) -> dict[str, Any]:
    """Return a configuration for tests: free ports, Twilio out of reach, nothing on disk, and no word waits."""
    alerts = {"group_wait": "0s", "resolve_wait": "0s", **given.pop("alerts", {})}
    return {
        "alerts": alerts,
        "public": {"port": 0, "url": "http://watch.example.com"},
        "private": {"port": 0},
        "storage": {"path": ":memory:"},
        "telemetry": {
            "ingest_keys": [{"name": "tests", "key": INGEST_KEY}],
            "posts_per_s": 10_000,
            "burst_posts": 10_000,
        },
        "accounts": [
            {
                "account_sid": ACCOUNT,
                "api_key": API_KEY,
                "api_secret": API_SECRET,
                "auth_token": AUTH_TOKEN,
                "base_url": "http://127.0.0.1:9",  # the discard port: nobody answers, and nothing leaves this machine
            }
        ],
        **given,
    }


class Running:
    """A daemon at work, and a client to talk to it."""

    def __init__(self, daemon: Daemon, http: aiohttp.ClientSession, stop: Callable[[], Awaitable[None]]) -> None:
        self.daemon = daemon
        self.daemons = [daemon]  # and others that share its store
        self.http = http
        self.stop = stop
        assert daemon.doors.public is not None
        assert daemon.doors.private is not None
        self.public = f"http://127.0.0.1:{daemon.doors.public.port}"
        self.private = f"http://127.0.0.1:{daemon.doors.private.port}"


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a daemon by settings; every daemon started is stopped in order at the end of the test."""
    async with AsyncExitStack() as running:

        async def start_one(**given: Any) -> Running:
            reread = given.pop("reread", None)
            return await started(build(settings(**given)), running, reread)

        yield start_one


async def started(config: Config, running: AsyncExitStack, reread: Callable[[], Config] | None = None) -> Running:
    """Start a daemon, which is stopped in order when the stack is left."""
    store = await open_store(config)
    daemon = Daemon(config, store, company=company_of(config, store), reread=reread)
    stop, is_up = asyncio.Event(), asyncio.Event()
    life = asyncio.create_task(daemon.run(stop, is_up.set))

    async def end() -> None:
        stop.set()
        await life

    waiting = asyncio.create_task(is_up.wait())
    await asyncio.wait([life, waiting], return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        waiting.cancel()
        life.result()
    running.push_async_callback(end)
    http = await running.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
    return Running(daemon, http, end)


@pytest.fixture
async def running(start: Start) -> Running:
    """A daemon that keeps everything in memory."""
    return await start()


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresServer]":
    """A PostgreSQL of this process alone, started when the first test wants it."""
    from tests.postgres_server import running_server  # noqa: PLC0415  # with a driver that not everybody has

    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clickhouse_engine.Engine]:
    """A ClickHouse of this process alone, started when the first test wants it; who kills it starts it again."""
    with clickhouse_engine.running(tmp_path_factory.mktemp("clickhouse") / "data") as engine:
        yield engine


@pytest.fixture
async def address(postgres_server: "PostgresServer", engine: clickhouse_engine.Engine) -> AsyncIterator[str]:
    """A PostgreSQL with our schema and nothing in it, beside a ClickHouse with nothing in it, either."""
    from tests import clusters  # noqa: PLC0415  # with drivers that not everybody has

    async with clusters.emptied(postgres_server, engine.port) as postgres:
        yield postgres

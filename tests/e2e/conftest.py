"""What the expensive tests share, so that it is started once."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright
from playwright.async_api import expect as async_expect
from playwright.sync_api import Browser, expect, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from tests.conftest import Start
from tests.e2e import tools
from tests.e2e.browser_calls import CHROMIUM, Stage, staged
from tests.e2e.demos import Demo
from tests.e2e.demos import demo as running_demo
from tests.e2e.in_process import replicas_in_place_of_one
from tests.e2e.prometheus_server import Prometheus, scraping
from tests.e2e.servers import ON_CLUSTER, SERVERS
from tests.e2e.visitors import QUIET

#: Files whose tests share a demo and what scrapes it, and those that take longest: they begin first.  Others begin as
#: their names go, when somebody is free.
SHARES_A_DEMO = ("test_pages", "test_dashboards", "test_prometheus", "test_promtool")
BEGINS_FIRST = (
    *("test_every_page", "test_call_page", "test_alerting_pages", "test_api", "test_browser_sdk_outages"),
    *("test_disk_faults", "test_killed_beside_alertmanager", "test_distributions"),
)

expect.set_options(timeout=tools.HANGS_AFTER_S * 1000)
async_expect.set_options(timeout=tools.HANGS_AFTER_S * 1000)


class ProgramByProgram(LoadScopeScheduling):
    """Keeps the tests of a file together, and files that share a program."""

    def _split_scope(self, nodeid: str) -> str:
        name = Path(nodeid.partition("::")[0]).stem
        return "demo" if name in SHARES_A_DEMO else name


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Say who runs what, where files are asked to stay whole."""
    return ProgramByProgram(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest begin first, and leave out what has no meaning on a cluster."""
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    items[:] = [item for item in items if item not in ours] + sorted(ours, key=_begins)

    for item in ours:
        if ON_CLUSTER and (marker := item.get_closest_marker("one_machine")):
            item.add_marker(pytest.mark.skip(reason=f"about one machine: {marker.args[0]}"))


def pytest_sessionfinish() -> None:
    """End the servers of clusters."""
    SERVERS.close()


def _begins(item: pytest.Item) -> tuple[int, str]:
    name, first = item.path.stem, (*SHARES_A_DEMO, *BEGINS_FIRST)
    return first.index(name) if name in first else len(first), name


@pytest.fixture
async def start(start: Start, tmp_path: Path) -> AsyncIterator[Start]:
    """Start a daemon by settings, or replicas in its place."""
    if not ON_CLUSTER:
        yield start
        return
    async with replicas_in_place_of_one(tmp_path) as start_replicas:
        yield start_replicas


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The demo, as a person starts it."""
    with running_demo() as running:
        yield running


@pytest.fixture(scope="session")
def prometheus(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the demo."""
    with scraping(demo, tmp_path_factory.mktemp("prometheus")) as it:
        yield it


@pytest.fixture(scope="module")
def own_demo() -> Iterator[Demo]:
    """A demo for one module: the address that it prints logs somebody in once, and what is silenced there stays so."""
    with running_demo() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; not for longer than a module, since asynchronous tests cannot run beside it."""
    path = tools.tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
async def async_browser() -> AsyncIterator[AsyncBrowser]:
    """A browser for asynchronous tests."""
    path = tools.tool("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


@pytest.fixture
def promtool() -> str:
    return tools.tool("promtool")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser with a camera; not for longer than a module, since asynchronous tests cannot run beside it."""
    path = tools.tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture
def stage(tmp_path: Path, chromium: Browser) -> Iterator[Stage]:
    """A daemon with its defaults, and a site whose pages are watched."""
    with staged(tmp_path, chromium) as stage:
        yield stage

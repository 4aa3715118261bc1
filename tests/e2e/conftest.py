"""What the expensive tests share, so that it is started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e import tools
from tests.e2e.browser_calls import CHROMIUM, Stage, staged


@pytest.fixture(scope="session")
def demo() -> Iterator[tools.Demo]:
    """The demo, as a person starts it."""
    with tools.demo() as running:
        yield running


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

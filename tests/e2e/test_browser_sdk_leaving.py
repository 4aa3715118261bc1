"""Does a browser's last word arrive, however its page goes away?

ROOMWATCH_TABS says how many pages are left, in all ways together; each takes a second or so.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.browser_calls import Stage, staged, until

pytestmark = pytest.mark.e2e

TABS = int(os.environ.get("ROOMWATCH_TABS", "15"))
PAUSES_MS = (0, 90, 195, 30, 150, 205)  # at 200 the SDK sends by itself: the word waits, or is just under way

WAYS: dict[str, Callable[[Page], object]] = {
    "the tab is closed": lambda page: page.close(run_before_unload=True),
    "the tab is closed and not asked": lambda page: page.close(),
    "another page comes": lambda page: page.goto("about:blank"),
    "the page is loaded again": lambda page: page.reload(),
    "the window is closed": lambda page: page.context.close(),
}


@pytest.fixture(scope="module")
def stage(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("leaving"), chromium) as stage:
        yield stage


@pytest.mark.parametrize("way", WAYS)
def test_what_was_said_last_arrives_once_where(stage: Stage, way: str) -> None:
    said = [f"{way}: {number}" for number in range(max(1, TABS // len(WAYS)))]
    context = stage.context()
    for number, text in enumerate(said):
        context = context if context.pages or number == 0 else stage.context()
        page = entered(stage, context)
        page.evaluate("text => say(text)", text)
        page.wait_for_timeout(PAUSES_MS[number % len(PAUSES_MS)])
        WAYS[way](page)
    arrived = heard(stage, said)
    assert len(arrived) == len(set(arrived))
    lost = set(said) - set(arrived)
    assert len(lost) <= len(said) / 100, f"{len(lost)} of {len(said)} lost where {way}"
    names = [(post["session"], post["seq"]) for post in stage.watch.posts()]
    assert len(names) == len(set(names))


def entered(stage: Stage, context: BrowserContext) -> Page:
    """Return a page whose first post, which brings the token, has arrived."""
    known = len(stage.watch.told("connection"))
    page = stage.enter(context)
    until(lambda: len(stage.watch.told("connection")) > known, "the first post", every_s=0.01)
    return page


def heard(stage: Stage, said: list[str]) -> list[str]:
    """Return which of these arrived, each as often as it did; what is late gets a few seconds."""

    def mine() -> list[str]:
        return [text for text in stage.watch.texts() if text in said]

    with suppress(AssertionError):
        until(lambda: len(mine()) >= len(said), "every last word", within_s=5)
    return mine()


def test_a_tab_that_is_closed_before_it_ever_sent_tells_of_its_call_all_the_same(stage: Stage) -> None:
    page = stage.enter(flushMs=60_000)
    page.evaluate("say('hardly there')")
    page.close()
    assert heard(stage, ["hardly there"]) == ["hardly there"]
